"""Networks of rates in integers: the compiled engine and Lava's processes against NumPy, bit for bit."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from eqspike.core.errors import UnsupportedError
from eqspike.core.rates import BinaryNeuron
from eqspike.engines.graded_session import GradedSession
from eqspike.engines.protocol import RateSystem, RateTrace
from eqspike.engines.rate_parameters import initial_rate_weights
from eqspike.experiment import open_session
from eqspike.experiment.rate_parity import RateParity, compare_rates
from eqspike.memory import Fixed
from eqspike.rules import ContinualVectorField
from eqspike.testing import PlainGraded, rate_samples, small_rate_system

BITS = BinaryNeuron(0.5, 1.0)
SYSTEMS = [
    small_rate_system(threshold=0.0, activation="hard-sigmoid"),
    small_rate_system(threshold=0.02, activation="hard-sigmoid", initial=0.3, sign="both"),
    small_rate_system(threshold=0.0, neuron=BITS, replicas=2, sign="random"),
    small_rate_system(
        threshold=0.01, activation="hard-sigmoid", hidden=(7,), sign="random",
        memory=Fixed(6, (0.5, 0.8), "nearest"),
    ),
]  # fmt: skip
BATCH = rate_samples()

in_lava = pytest.mark.skipif(
    importlib.util.find_spec("lava") is None, reason="Lava is not installed"
)


def plain(system: RateSystem, bits: int) -> GradedSession:
    return GradedSession(system, 3, "plain", bits, PlainGraded)


def assert_same(found: RateTrace, wanted: RateTrace) -> None:
    for kind in ("values", "sent", "messages"):
        for name, array in getattr(wanted, kind).items():
            np.testing.assert_array_equal(getattr(found, kind)[name], array, err_msg=name)


def compared(system: RateSystem, engines: tuple[str, str]) -> RateParity:
    images, labels, keys = (array[:3] for array in BATCH)
    return compare_rates(system, initial_rate_weights(system, 3), (images, labels, keys), engines)


@pytest.mark.parametrize("bits", [12, 8])
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_compiled_engine_computes_the_definition(system: RateSystem, bits: int) -> None:
    images, _, keys = BATCH
    with open_session(system, 3, f"fast-int:{bits}") as session, plain(system, bits) as reference:
        trace = session.trace(*BATCH)  # type: ignore[attr-defined]
        assert_same(trace, reference.trace(*BATCH))
        assert all(array.any() for array in trace.messages.values())
        np.testing.assert_array_equal(session.scores(images, keys), reference.scores(images, keys))
        assert session.take_counts() == reference.take_counts()


@in_lava
@pytest.mark.parametrize(
    ("system", "engine"), [(SYSTEMS[1], "lava"), (SYSTEMS[2], "lava:sparse:8")]
)
def test_lava_computes_the_same(system: RateSystem, engine: str) -> None:
    twin = "fast-int:8" if engine.endswith("8") else "fast-int"
    parity = compared(system, (twin, engine))
    assert parity.arithmetic == ("integers", "integers")
    assert parity.differing_values == 0
    assert parity.differing_messages == 0
    assert parity.counts_equal
    assert parity.messages > 0
    assert parity.holds


def test_integers_are_close_to_what_was_rounded() -> None:
    """Rates of 12 bits are within a few steps of weights of 8 bits of those of float64."""
    system = SYSTEMS[0]
    weights = initial_rate_weights(system, 3)
    with open_session(system, 0, "fast-int") as rounded, open_session(system, 0, "torch") as real:
        scores = []
        for session in (rounded, real):
            session.load(weights)
            scores.append(session.scores(BATCH[0], BATCH[2]))
    assert abs(scores[0] - scores[1]).max() < 0.02


def test_a_difference_is_found_and_named() -> None:
    parity = compared(SYSTEMS[1], ("fast-int:8", "fast-int:12"))
    assert parity.differing_values
    assert parity.first_difference is not None
    assert not parity.holds


def test_engines_of_floats_agree() -> None:
    parity = compared(SYSTEMS[1], ("torch", "fast"))
    assert parity.holds
    assert parity.max_difference is not None
    assert parity.max_weight_error is not None
    assert compared(SYSTEMS[1], ("torch", "fast-int")).max_difference is None


@pytest.mark.parametrize(
    ("system", "engine", "reason"),
    [
        (small_rate_system(activation="hard-sigmoid"), "fast-int", "messages.kind values"),
        (small_rate_system(threshold=0.0), "fast-int", "hard-sigmoid"),
        (small_rate_system(threshold=0.0, neuron=BinaryNeuron(0.3)), "fast-int", "power of two"),
        (SYSTEMS[0], "fast-int:13", "4 to 12 bits"),
        (SYSTEMS[0], "fast-int:lava", "BITS"),
        (small_rate_system(threshold=0.0, updates="even-odd"), "fast-int", "synchronous"),
        (small_rate_system(threshold=0.0, nudge="outside"), "fast-int", "inside"),
        (small_rate_system(ContinualVectorField, threshold=0.0), "fast-int", "tied"),
    ],
)
def test_what_integers_do_not_hold_is_refused(system: RateSystem, engine: str, reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        open_session(system, 0, engine)


def test_training_is_refused() -> None:
    with (
        open_session(SYSTEMS[0], 0, "fast-int") as session,
        pytest.raises(UnsupportedError, match="torch"),
    ):
        session.fit(*BATCH, 1.0, 0)
