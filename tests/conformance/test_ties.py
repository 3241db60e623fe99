"""Ties between classes, decided by what binary outputs hold: the same in every engine, also in integers."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from eqspike.core.learner import Session
from eqspike.core.neurons import BinaryNeuron
from eqspike.core.rates import Readout
from eqspike.experiment import open_session
from eqspike.memory import Binary, Scale
from eqspike.systems.weights import initial_rate_weights
from eqspike.testing import rate_samples, small_rate_system

REPLICAS = 3
VOTES = small_rate_system(
    threshold=0.0, neuron=BinaryNeuron(0.5, 1.0), replicas=REPLICAS, sign="random",
    memory=Binary((0.3,) * 3, (0.002,) * 3, Scale("coupling", (0.0,) * 3)),
)  # fmt: skip
TIED = replace(VOTES, readout=Readout(REPLICAS, "state"))
IMAGES, LABELS, KEYS = rate_samples(3)

in_lava = pytest.mark.skipif(
    importlib.util.find_spec("lava") is None, reason="Lava is not installed"
)
in_brian2 = pytest.mark.skipif(
    importlib.util.find_spec("brian2") is None, reason="Brian2 is not installed"
)


def by_class(outputs: np.ndarray) -> np.ndarray:
    return outputs.reshape(len(outputs), VOTES.classes, REPLICAS).mean(2)


def scores(session: Session) -> np.ndarray:
    session.load(initial_rate_weights(TIED, 3))
    found = session.scores(IMAGES, KEYS)
    session.take_counts()
    return found


@pytest.mark.parametrize(
    "engine",
    ["fast", "torch", pytest.param("brian2", marks=in_brian2), pytest.param("lava:floating_pt", marks=in_lava)],
)  # fmt: skip
def test_engines_of_floats_add_what_outputs_hold(engine: str) -> None:
    with open_session(TIED, 3, engine) as session, open_session(TIED, 3, "reference") as reference:
        found = scores(session)
        np.testing.assert_allclose(found, scores(reference), rtol=0, atol=1e-12)
        if engine != "lava:floating_pt":  # it learns by C-EP alone
            learnt = [each.fit(IMAGES, LABELS, KEYS, 0.5, 0) for each in (session, reference)]
            np.testing.assert_allclose(*learnt, rtol=0, atol=1e-12)
    with open_session(VOTES, 3, engine) as session:
        held = (found - scores(session)) * REPLICAS
    assert held.min() >= 0
    assert held.max() <= 1
    assert np.ptp(held) > 0.01, "all hold the same, so nothing is decided"


@pytest.mark.parametrize("engine", ["fast-int", "fast-int:6", pytest.param("lava", marks=in_lava)])
def test_engines_of_integers_add_what_outputs_hold(engine: str) -> None:
    """Votes and states of a trace, added up here."""
    bits = 6 if engine.endswith("6") else 12
    with open_session(TIED, 3, engine) as session:
        found = scores(session)
        trace = session.trace(IMAGES, LABELS, KEYS)  # type: ignore[attr-defined]
        learnt = session.fit(IMAGES[:1], LABELS[:1], KEYS[:1], 0.5, 0)
    states = trace.states["output"][:, TIED.rule.phases[0].steps - 1] / 2**bits
    np.testing.assert_array_equal(found, by_class(states >= 0.5) + by_class(states) / REPLICAS)
    np.testing.assert_array_equal(learnt, found[:1])
    assert np.ptp(states) > 0.01, "all hold the same, so nothing is decided"
