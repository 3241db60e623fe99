"""Engine `reference` gives what the compiled engine gives, and runs what only brings its definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np
import pytest

from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Session
from eqspike.core.neurons import BinaryNeuron, CurrentBased, Neuron
from eqspike.engines.brian2 import Brian2Session
from eqspike.engines.fast import FastSession
from eqspike.engines.reference import ReferenceSession
from eqspike.experiment.sessions import open_session
from eqspike.memory import Binary, Scale
from eqspike.rules import ContinualEquilibrium, ContinualVectorField
from eqspike.systems import System
from eqspike.tasks.encoders import ENCODERS
from eqspike.testing import (
    NEURONS,
    SIZES,
    fixed_memory,
    rate_samples,
    samples,
    small_rate_system,
    small_system,
)

COUNT = 4


def learnt(session: Session, system: System) -> Arrays:
    """Weights after one batch."""
    session.fit(*samples(system, COUNT), 0.5, 7)
    return session.weights()


def same(first: Arrays, second: Arrays, tolerance: float = 1e-12) -> None:
    assert set(first) == set(second)
    for name, array in first.items():
        np.testing.assert_allclose(array, second[name], rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("neuron", NEURONS, ids=lambda neuron: type(neuron).__name__)
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("kind", ["ideal", "nearest", "binary"])
def test_batches_as_in_the_fast_engine(neuron: Neuron, encoder: str, kind: str) -> None:
    """Spikes, potentials, scores and counts are equal, weights within rounding."""
    memory = {
        "ideal": None,
        "nearest": fixed_memory(8, "nearest", 2),
        "binary": Binary((0.5,) * 2, (1e-4,) * 2, Scale("unit", (0.0,) * 2)),
    }[kind]
    system = small_system(SIZES[0], neuron, encoder, memory)
    images, labels, keys = samples(system, COUNT)
    with FastSession(system, 4) as fast, ReferenceSession(system, 4) as plain:
        same(plain.weights(), fast.weights(), 0.0)
        for one, other in zip(
            plain.trace(images, labels, keys), fast.trace(images, labels, keys), strict=True
        ):
            same(one, other, 0.0)
        same(plain.changes(images, labels, keys), fast.changes(images, labels, keys))
        fast.take_counts()
        same(learnt(plain, system), learnt(fast, system))
        assert plain.take_counts() == fast.take_counts()
        fast.load(plain.weights())
        np.testing.assert_array_equal(plain.scores(images, keys), fast.scores(images, keys))
        assert plain.take_counts() == fast.take_counts()


def test_online_as_in_the_fast_engine() -> None:
    system = small_system(memory=fixed_memory(8, "stochastic", 2), online=True)
    with FastSession(system, 4) as fast, ReferenceSession(system, 4) as plain:
        same(learnt(plain, system), learnt(fast, system))
        assert plain.take_counts() == fast.take_counts()


RATES = {
    "ep": small_rate_system(threshold=0.02, memory=fixed_memory(8, "stochastic", 3)),
    "both signs, bits": small_rate_system(
        threshold=0.0, sign="both", neuron=BinaryNeuron(0.4, 0.8), replicas=2
    ),
    "kept": small_rate_system(
        threshold=0.0, memory=Binary((0.5,) * 3, (1e-4,) * 3, Scale("unit", (0.0,) * 3))
    ),
    "c-ep": small_rate_system(ContinualEquilibrium, threshold=0.02, sign="random"),
    "c-vf": small_rate_system(ContinualVectorField, threshold=0.01, activation="tanh"),
}


@pytest.mark.parametrize("name", RATES)
def test_rates_as_in_the_fast_engine(name: str) -> None:
    """Read-outs, weights and counts, over two batches and a read-out."""
    system = RATES[name]
    images, labels, keys = rate_samples()
    with (
        open_session(system, 3, "fast") as fast,
        open_session(system, 3, "reference") as plain,
    ):
        for batch in range(2):
            found = [s.fit(images, labels, keys, 0.5, batch) for s in (plain, fast)]
            np.testing.assert_allclose(*found, atol=1e-12)
            same(plain.weights(), fast.weights())
            fast.load(plain.weights())
        assert plain.take_counts() == fast.take_counts()
        np.testing.assert_allclose(
            plain.scores(images, keys), fast.scores(images, keys), atol=1e-12
        )
        assert plain.take_counts() == fast.take_counts()


def test_an_adaptive_neuron(plugin: Callable[[str], ModuleType]) -> None:
    """The worked example: spike for spike as Brian2, with the same weights and counts; its threshold matters."""
    kind = plugin("adaptive_neuron").NEURONS["adaptive"]
    for sizes in SIZES:
        system = small_system(sizes, kind(leak=0.05, threshold=0.9, jump=0.3))
        images, labels, keys = samples(system, COUNT)
        with ReferenceSession(system, 4) as plain, Brian2Session(system, 4) as brian2:
            ours, theirs = (s.trace(images, labels, keys) for s in (plain, brian2))
            same(ours[0], theirs[0], 0.0)
            same(ours[1], theirs[1])
            same(learnt(plain, system), learnt(brian2, system))
            assert plain.take_counts() == brian2.take_counts()
        assert ours[0]["output"].sum() > 0
        with ReferenceSession(replace(system, neuron=kind(0.05, 0.9, jump=0.0)), 4) as still:
            assert still.trace(images, labels, keys)[0]["output"].sum() > ours[0]["output"].sum()


def test_an_adaptive_neuron_is_refused_by_twins(plugin: Callable[[str], ModuleType]) -> None:
    system = small_system(neuron=plugin("adaptive_neuron").Adaptive())
    for engine in ("fast", "fast-int", "lava:stock"):
        with pytest.raises(UnsupportedError, match="adaptive"):
            open_session(system, 0, engine)
    with pytest.raises(UnsupportedError, match="messages"):
        open_session(small_rate_system(), 0, "reference")


@dataclass(frozen=True)
class Derived(CurrentBased):
    """Inherits a step and a text, and may add anything to either."""


def test_a_derived_neuron_is_not_its_base() -> None:
    """No engine runs a subclass as the class it knows."""
    for engine in ("fast", "fast-int", "brian2", "lava:stock", "reference"):
        with (
            pytest.raises(UnsupportedError),
            open_session(small_system(neuron=Derived()), 0, engine) as session,
        ):
            session.scores(*samples(small_system(), 1)[::2])
