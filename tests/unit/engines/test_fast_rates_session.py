"""Rate-based networks in the fast engine: threads, weights in and out, rest, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.messages import VALUES
from eqspike.core.neurons import BinaryNeuron
from eqspike.engines.fast.rates import FastRateSession
from eqspike.memory import Binary, Fixed, Scale
from eqspike.rules import ContinualEquilibrium, ContinualVectorField
from eqspike.systems import RateSystem
from eqspike.testing import flattened, rate_samples, small_rate_system

IMAGES, LABELS, KEYS = rate_samples(7)
SYSTEMS = {
    "ep": small_rate_system(threshold=0.01, sign="both"),
    "c-ep": small_rate_system(ContinualEquilibrium, threshold=0.01),
    "c-vf": small_rate_system(ContinualVectorField, threshold=0.01),
    "binary": small_rate_system(
        threshold=0.0,
        neuron=BinaryNeuron(),
        replicas=2,
        memory=Binary((0.3,) * 3, (0.002,) * 3, Scale("coupling", (0.0,) * 3)),
    ),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_results_do_not_depend_on_threads(name: str) -> None:
    found = []
    for threads in (1, 3):
        with FastRateSession(SYSTEMS[name], 1, threads) as session:
            for key in range(2):
                session.fit(IMAGES, LABELS, KEYS, 0.5, key)
            found.append((session.weights(), flattened(session.take_counts())))
    assert found[0][1] == found[1][1]
    for key, array in found[0][0].items():
        np.testing.assert_array_equal(array, found[1][0][key], err_msg=key)


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_session_continues_from_the_weights_of_another(name: str) -> None:
    with FastRateSession(SYSTEMS[name], 1) as first, FastRateSession(SYSTEMS[name], 2) as second:
        first.fit(IMAGES, LABELS, KEYS, 0.5, 0)
        second.load(first.weights())
        for session in (first, second):
            session.fit(IMAGES[:4], LABELS[:4], KEYS[:4], 0.5, 1)
        assert all((array == first.weights()[n]).all() for n, array in second.weights().items())


def test_float32_is_near_float64() -> None:
    single = replace(SYSTEMS["ep"], precision="float32")
    with FastRateSession(SYSTEMS["ep"], 1) as exact, FastRateSession(single, 1) as near:
        np.testing.assert_allclose(near.scores(IMAGES, KEYS), exact.scores(IMAGES, KEYS), atol=0.02)
        assert near.weights()["input-hidden1"].dtype == np.float64


def test_rates_are_the_end_of_the_free_phase_and_not_counted() -> None:
    with FastRateSession(SYSTEMS["ep"], 1) as session:
        rates = session.rates(IMAGES)
        trace = session.trace(IMAGES, LABELS, KEYS)
        assert session.take_counts().samples == 0
        np.testing.assert_array_equal(session.scores(IMAGES, KEYS), rates["output"])
    steps = SYSTEMS["ep"].rule.nudging.free_steps
    np.testing.assert_array_equal(trace.states["hidden1"][:, steps - 1], rates["hidden1"])


def test_a_network_at_rest_sends_nothing() -> None:
    long = _with_free_steps(SYSTEMS["ep"], 300)
    with FastRateSession(long, 1) as session:
        trace = session.trace(IMAGES, LABELS, KEYS)
    sent = sum(trace.events[name][:, :300].sum((0, 2)) for name in trace.events)
    assert sent[:10].sum() > 0
    assert sent[-100:].sum() == 0


@pytest.mark.parametrize(
    ("system", "said"),
    [
        (
            replace(SYSTEMS["ep"], messages=VALUES),
            "messages.kind values: set messages.kind to changes; engine torch can",
        ),
        (
            replace(SYSTEMS["c-ep"], memory=Fixed(8, (1.0,) * 3, "nearest")),
            "memory.kind fixed here, for a continual rule writes at every step",
        ),
    ],
)
def test_what_is_refused(system: RateSystem, said: str) -> None:
    with pytest.raises(UnsupportedError, match=said):
        FastRateSession(system)


def test_images_and_labels_that_do_not_fit() -> None:
    with FastRateSession(SYSTEMS["ep"]) as session:
        with pytest.raises(ConfigError, match="images must be uint8"):
            session.scores(IMAGES[:, :8], KEYS)
        with pytest.raises(ConfigError, match="labels must be from 0 to 3"):
            session.fit(IMAGES, LABELS + 4, KEYS, 1.0, 0)
        session.scores(IMAGES, KEYS)
        with pytest.raises(UnsupportedError, match=r"call take_counts\(\)"):
            session.fit(IMAGES, LABELS, KEYS, 1.0, 0)


def _with_free_steps(system: RateSystem, steps: int) -> RateSystem:
    nudging = replace(system.rule.nudging, free_steps=steps)
    return replace(system, rule=replace(system.rule, nudging=nudging))
