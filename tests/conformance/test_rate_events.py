"""Rate-based networks that send changes: engines against the simulation message by message."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.core.learner import Arrays
from eqspike.core.messages import VALUES, Messages
from eqspike.core.neurons import BinaryNeuron
from eqspike.engines.fast.rates import FastRateSession
from eqspike.engines.torch import TorchSession
from eqspike.memory import Binary, Fixed, Metaplastic, Scale
from eqspike.rules import (
    AsymmetricEquilibrium,
    ContinualEquilibrium,
    ContinualVectorField,
    Nudging,
)
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights
from eqspike.testing import PlainRates, flattened, rate_samples, small_rate_system

BITS = BinaryNeuron(0.4, 0.8)
SYSTEMS = [
    small_rate_system(threshold=0.02),
    small_rate_system(threshold=0.05, sign="both", initial=0.3),
    small_rate_system(threshold=0.01, sign="random", updates="even-odd", activation="tanh"),
    small_rate_system(threshold=0.03, nudge="outside", activation="hard-sigmoid", hidden=(7, 6, 5)),
    small_rate_system(ContinualEquilibrium, threshold=0.01),
    small_rate_system(ContinualEquilibrium, threshold=0.02, hidden=(7,), sign="random"),
    small_rate_system(ContinualVectorField, threshold=0.01, activation="tanh"),
    replace(
        small_rate_system(ContinualEquilibrium, threshold=0.5, neuron=BITS, replicas=2),
        bias_rates=(0.1, 0.2, 0.0),
    ),
]
DIFFERENCES = [
    small_rate_system(threshold=0.02, form="difference", nudged_threshold=0.002, initial=0.3),
    small_rate_system(
        threshold=0.03, form="difference", nudge="outside", updates="even-odd", sign="both",
        activation="hard-sigmoid", hidden=(7, 6, 5),
    ),
    small_rate_system(
        AsymmetricEquilibrium, threshold=0.02, nudged_threshold=0.001, activation="tanh", sign="random",
    ),
    small_rate_system(
        AsymmetricEquilibrium, threshold=0.0, updates="even-odd", sign="both", angle=135.0
    ),
]  # fmt: skip
SIGNS = Binary((0.3,) * 3, (0.002,) * 3, Scale("unit", (0.02, 0.0, 0.01)))
REMEMBERING = {
    "binary": small_rate_system(
        sign="random", threshold=0.0, memory=SIGNS, neuron=BITS, replicas=3
    ),
    "binary, rates": small_rate_system(threshold=0.02, memory=SIGNS),
    "metaplastic": small_rate_system(
        sign="both",
        threshold=0.0,
        memory=Metaplastic((1.3, 0.0, 0.4), Scale("coupling", (0.0,) * 3)),
        neuron=BITS,
        replicas=2,
    ),
    "fixed": small_rate_system(threshold=0.02, memory=Fixed(6, (0.5, 0.8, 0.9), "stochastic")),
}
BATCH = rate_samples()
Engine = type[TorchSession] | type[FastRateSession]
ENGINES: list[Engine] = [TorchSession, FastRateSession]


def name_of(system: RateSystem) -> str:
    nudging, dynamics = system.rule.nudging, system.dynamics
    return (
        f"{system.rule.kind}-{nudging.sign}-{dynamics.updates}-{dynamics.form}-{system.neuron.kind}"
    )


def assert_close(found: Arrays, wanted: Arrays) -> None:
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("system", SYSTEMS[:4] + DIFFERENCES, ids=name_of)
def test_without_a_threshold_changes_are_values(system: RateSystem) -> None:
    plain = PlainRates(
        replace(system, messages=Messages("changes")),
        initial_rate_weights(system, 3),
    )
    with TorchSession(replace(system, messages=VALUES), 3) as session:
        for key in range(2):
            session.fit(*BATCH, 0.5, key)
            plain.fit(*BATCH, 0.5, key)
        session.take_counts()
        assert_close(session.weights(), plain.weights)
        np.testing.assert_allclose(
            session.scores(BATCH[0], BATCH[2]), plain.scores(BATCH[0]), atol=1e-12
        )


@pytest.mark.parametrize("system", SYSTEMS + DIFFERENCES, ids=name_of)
@pytest.mark.parametrize("engine", ENGINES)
def test_engines_do_what_the_messages_do(system: RateSystem, engine: Engine) -> None:
    plain = PlainRates(system, initial_rate_weights(system, 3))
    with engine(system, 3) as session:
        compare(session, plain)


@pytest.mark.parametrize("name", REMEMBERING)
@pytest.mark.parametrize("engine", ENGINES)
def test_engines_write_what_the_messages_ask(name: str, engine: Engine) -> None:
    system = REMEMBERING[name]
    with engine(system, 3) as session:
        compare(session, PlainRates(system, session.weights()))


def compare(session: TorchSession | FastRateSession, plain: PlainRates) -> None:
    """Trajectories, learning, read-out and counts."""
    found, wanted = session.trace(*BATCH), plain.trace(*BATCH)
    assert_close(found.states, wanted.states)
    assert_close(found.events, wanted.events)
    assert sum(each.sum() for each in wanted.events.values()) > 0
    plain.counts.clear()
    for key in range(3):
        session.fit(*BATCH, 0.5, key)
        plain.fit(*BATCH, 0.5, key)
    assert_close(session.weights(), plain.weights)
    assert flattened(session.take_counts()) == +plain.counts
    plain.counts.clear()
    np.testing.assert_allclose(
        session.scores(BATCH[0], BATCH[2]), plain.scores(BATCH[0]), rtol=0, atol=1e-12
    )
    assert flattened(session.take_counts()) == +plain.counts


def test_in_float32_changes_keep_the_digits_of_small_differences() -> None:
    """A nudge that moves rates by less than they are rounded still teaches."""
    exact = small_rate_system(AsymmetricEquilibrium, threshold=0.0)
    exact = replace(exact, rule=AsymmetricEquilibrium(Nudging(60, 20, 1e-7)))
    weights = initial_rate_weights(exact, 3)

    def moved(system: RateSystem, engine: Engine) -> Arrays:
        with engine(system, 3) as session:
            session.load(weights)
            start = session.weights()
            session.fit(*BATCH, 1.0, 0)
            return {name: a - start[name] for name, a in session.weights().items()}

    plain = PlainRates(exact, weights)
    plain.fit(*BATCH, 1.0, 0)
    for engine in ENGINES:
        for name, change in moved(replace(exact, precision="float32"), engine).items():
            wanted = plain.weights[name] - weights[name]
            assert abs(change - wanted).max() < 1e-3 * abs(wanted).max(), (engine, name)
