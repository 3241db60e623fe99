"""Rate-based networks in integers: the compiled engine and Lava's processes against NumPy, bit for bit."""

from __future__ import annotations

import importlib.util
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Session
from eqspike.core.messages import VALUES
from eqspike.core.neurons import BinaryNeuron
from eqspike.core.trace import Trace
from eqspike.engines.fast.graded import open_graded
from eqspike.engines.integers.graded_session import GradedSession
from eqspike.engines.lava.rates.session import FloatRateSession
from eqspike.experiment import open_session
from eqspike.experiment.parity import Parity, compare
from eqspike.memory import Binary, Fixed, Scale
from eqspike.rules import ContinualEquilibrium, ContinualVectorField
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights, kept_beside
from eqspike.testing import PlainGraded, PlainRates, flattened, rate_samples, small_rate_system

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
    return GradedSession(system, 3, "fast-int", bits, PlainGraded)


def assert_same(found: Trace, wanted: Trace) -> None:
    for kind in ("states", "events"):
        for name, array in getattr(wanted, kind).items():
            np.testing.assert_array_equal(getattr(found, kind)[name], array, err_msg=name)


def compared(system: RateSystem, engines: tuple[str, str]) -> Parity:
    images, labels, keys = (array[:3] for array in BATCH)
    return compare(system, initial_rate_weights(system, 3), (images, labels, keys), engines)


@pytest.mark.parametrize("bits", [12, 8])
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_compiled_engine_computes_the_definition(system: RateSystem, bits: int) -> None:
    images, _, keys = BATCH
    with open_session(system, 3, f"fast-int:{bits}") as session, plain(system, bits) as reference:
        trace = session.trace(*BATCH)  # type: ignore[attr-defined]
        assert_same(trace, reference.trace(*BATCH))
        assert all(array.any() for array in trace.events.values())
        np.testing.assert_array_equal(session.scores(images, keys), reference.scores(images, keys))
        assert session.take_counts() == reference.take_counts()


@in_lava
@pytest.mark.parametrize(
    ("system", "engine"),
    [
        (SYSTEMS[1], "lava"),
        pytest.param(SYSTEMS[2], "lava:sparse:8", marks=pytest.mark.slow),
    ],
)
def test_lava_computes_the_same(system: RateSystem, engine: str) -> None:
    twin = "fast-int:8" if engine.endswith("8") else "fast-int"
    parity = compared(system, (twin, engine))
    assert parity.arithmetic == ("integers", "integers")
    assert parity.differing_states == 0
    assert parity.differing_events == 0
    assert parity.counts_equal
    assert parity.events > 0
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
    assert parity.differing_states
    assert parity.first_difference is not None
    assert not parity.holds


def test_engines_of_floats_agree() -> None:
    parity = compared(SYSTEMS[1], ("torch", "fast"))
    assert parity.holds
    assert parity.max_state_difference is not None
    assert parity.max_weight_error is not None
    assert compared(SYSTEMS[1], ("torch", "fast-int")).max_state_difference is None


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


SIGNS = Binary((0.3,) * 3, (0.002,) * 3, Scale("unit", (0.0,) * 3))
LEARNING = [
    small_rate_system(threshold=0.0, neuron=BITS, replicas=2, sign="random", memory=SIGNS),
    small_rate_system(threshold=0.02, activation="hard-sigmoid", sign="both", memory=SIGNS),
]


def learnt_by(session: GradedSession | Session) -> tuple[np.ndarray, Arrays, EventCounts]:
    with session as opened:
        right = np.concatenate([opened.fit(*BATCH, 0.5, key) for key in range(2)])
        return right, opened.weights(), opened.take_counts()


def assert_learnt_alike(system: RateSystem, engine: str, reference: GradedSession) -> Arrays:
    found, wanted = learnt_by(open_session(system, 3, engine)), learnt_by(reference)
    np.testing.assert_array_equal(found[0], wanted[0])
    for name, array in wanted[1].items():
        np.testing.assert_array_equal(found[1][name], array, err_msg=name)
    assert found[2] == wanted[2]
    return found[1]


@pytest.mark.parametrize("system", LEARNING)
def test_weights_flip_as_the_definition_says(system: RateSystem) -> None:
    """As often as those of the memory in float64, or nearly."""
    weights = assert_learnt_alike(system, "fast-int", plain(system, 12))
    start = initial_rate_weights(system, 3)
    real = PlainRates(system, {**start, **kept_beside(system, start)})
    for index, coupling in enumerate(system.network.couplings):
        real.weights[coupling.name] = system.memory.store(start[coupling.name], index)
    for key in range(2):
        for sample in range(len(BATCH[0])):
            real.fit(*(array[sample : sample + 1] for array in BATCH), 0.5, key)
    flips, wanted = (
        sum(of[f"{coupling.name}.writes"].sum() for coupling in system.network.couplings)
        for of in (weights, real.weights)
    )
    assert flips > 2
    assert abs(flips - wanted) <= 0.2 * wanted


def test_bits_described_by_values_are_sent_as_changes() -> None:
    """The same integers, flips and events: what engines run that send every value runs on a chip as it is."""
    changes = LEARNING[0]
    values = replace(changes, messages=VALUES)
    sessions = [open_session(system, 3, "fast-int") for system in (changes, values)]
    for key in range(2):
        np.testing.assert_array_equal(*(each.fit(*BATCH, 0.5, key) for each in sessions))
    assert sessions[0].take_counts() == sessions[1].take_counts()
    for name, array in sessions[0].weights().items():
        np.testing.assert_array_equal(array, sessions[1].weights()[name], err_msg=name)
    assert sessions[0].weights()["input-hidden1.writes"].any()


@in_lava
@pytest.mark.slow
def test_lava_computes_bits_described_by_values() -> None:
    parity = compared(replace(LEARNING[0], messages=VALUES), ("fast-int", "lava"))
    assert parity.differing_states == 0
    assert parity.holds


@in_lava
def test_lava_flips_the_same_weights() -> None:
    system = LEARNING[1]
    reference = open_graded(system, 3, threads=1)
    weights = assert_learnt_alike(system, "lava", reference)
    assert weights["input-hidden1.writes"].any()


@pytest.mark.parametrize(
    ("system", "reason"),
    [
        (SYSTEMS[0], "for memory.kind it has binary"),
        (replace(LEARNING[0], learning_rates=(0.1, 0.0, 0.1)), "above 0"),
        (replace(LEARNING[0], memory=replace(SIGNS, scale=Scale("unit", (0.1,) * 3))), "scale.rates"),
    ],
)  # fmt: skip
def test_what_integers_do_not_learn_is_refused(system: RateSystem, reason: str) -> None:
    with (
        open_session(system, 0, "fast-int") as session,
        pytest.raises(UnsupportedError, match=reason),
    ):
        session.fit(*BATCH, 1.0, 0)


CONTINUAL = small_rate_system(ContinualEquilibrium, threshold=0.02, initial=0.2, sign="random")


@in_lava
def test_lava_in_float64_learns_continually_as_the_messages_say() -> None:
    """C-EP, a sample at a time: trajectories, weights after two batches, every event."""
    system = replace(CONTINUAL, bias_rates=(0.1, 0.2, 0.3))
    images, labels, keys = (array[:2] for array in BATCH)
    real = PlainRates(system, initial_rate_weights(system, 3))
    with open_session(system, 3, "lava:floating_pt") as session:
        found = session.trace(images, labels, keys)  # type: ignore[attr-defined]
        wanted = real.trace(images, labels, keys)
        for name, array in wanted.states.items():
            np.testing.assert_allclose(found.states[name], array, rtol=0, atol=1e-12)
        real.counts.clear()
        for key in range(2):
            session.fit(images, labels, keys, 0.5, key)
            for sample in range(2):
                real.fit(*(a[sample : sample + 1] for a in (images, labels, keys)), 0.5, key)
        learnt = session.weights()
        for name, array in real.weights.items():
            np.testing.assert_allclose(learnt[name], array, rtol=0, atol=1e-12, err_msg=name)
        assert flattened(session.take_counts()) == real.counts


@pytest.mark.slow
@in_lava
def test_bits_in_float64_toggle_as_torch_has_them() -> None:
    system = small_rate_system(
        ContinualEquilibrium, threshold=0.0, neuron=BinaryNeuron(0.4, 0.8), replicas=2
    )
    parity = compared(system, ("torch", "lava:floating_pt"))
    assert parity.arithmetic == ("float64", "float64")
    assert parity.differing_events == 0
    assert parity.events > 0
    assert parity.max_state_difference == 0
    assert parity.max_weight_error is not None
    assert parity.holds


def test_lava_in_float64_refuses_other_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "eqspike.engines.lava.rates.session.Child", lambda patience_s: nullcontext()
    )
    session = FloatRateSession(SYSTEMS[0])
    with pytest.raises(UnsupportedError, match="c-ep"):
        session.fit(*BATCH, 1.0, 0)
