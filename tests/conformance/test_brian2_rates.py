"""Rate-based networks in Brian2: the trajectories, messages, learning and counts of the plain simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays
from eqspike.core.messages import VALUES
from eqspike.core.neurons import BinaryNeuron
from eqspike.engines.brian2.rates import Brian2RateSession
from eqspike.engines.brian2.targets import Target
from eqspike.memory import Binary, Scale
from eqspike.rules import ContinualEquilibrium, ContinualVectorField
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights
from eqspike.testing import PlainRates, flattened, rate_samples, small_rate_system

BITS = BinaryNeuron(0.4, 0.8)
SYSTEMS = {
    "ep": small_rate_system(threshold=0.02),
    "ep, both signs": small_rate_system(threshold=0.05, sign="both", initial=0.3),
    "ep, nudge outside": small_rate_system(
        threshold=0.03, nudge="outside", activation="hard-sigmoid", sign="random"
    ),
    "c-ep": small_rate_system(ContinualEquilibrium, threshold=0.02, sign="random"),
    "c-vf": small_rate_system(ContinualVectorField, threshold=0.01, activation="tanh"),
    "binary": small_rate_system(
        threshold=0.0, neuron=BITS, replicas=3, memory=Binary((0.3,) * 3, (0.002,) * 3, Scale("unit", (0.0,) * 3))
    ),
}  # fmt: skip
IMAGES, LABELS, KEYS = rate_samples(4)


def assert_close(found: Arrays, wanted: Arrays) -> None:
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("name", SYSTEMS)
def test_brian2_does_what_the_messages_do(name: str) -> None:
    system = SYSTEMS[name]
    batch = slice(0, 1) if system.rule.continual else slice(0, 4)
    with Brian2RateSession(system, 3) as session:
        plain = PlainRates(system, session.weights())
        found, wanted = session.trace(IMAGES, LABELS, KEYS), plain.trace(IMAGES, LABELS, KEYS)
        for kind in ("states", "events"):
            assert_close(getattr(found, kind), getattr(wanted, kind))
        assert sum(each.sum() for each in wanted.events.values()) > 0
        plain.counts.clear()
        before = session.weights()
        for key in range(2):
            part = slice(batch.start + key, batch.stop + key) if system.rule.continual else batch
            session.fit(IMAGES[part], LABELS[part], KEYS[part], 0.5, key)
            plain.fit(IMAGES[part], LABELS[part], KEYS[part], 0.5, key)
        assert_close(session.weights(), plain.weights)
        assert any((array != before[name]).any() for name, array in session.weights().items())
        assert flattened(session.take_counts()) == +plain.counts
        plain.counts.clear()
        np.testing.assert_allclose(
            session.scores(IMAGES, KEYS), plain.scores(IMAGES), rtol=0, atol=1e-12
        )
        assert flattened(session.take_counts()) == +plain.counts


def test_a_network_at_rest_sends_nothing() -> None:
    system = small_rate_system(threshold=0.0, activation="hard-sigmoid")
    with Brian2RateSession(system) as session:
        silent = {name: np.zeros_like(array) for name, array in session.weights().items()}
        session.load(silent)
        session.scores(np.zeros((1, system.network.input.size), np.uint8), KEYS[:1])
        counts = session.take_counts().phases["free"]
    assert sum(layer.spikes for layer in counts.layers.values()) == 0
    assert sum(way.synaptic_operations for way in counts.couplings.values()) == 0


@pytest.mark.parametrize(
    ("system", "said"),
    [
        (replace(small_rate_system(), messages=VALUES), "set messages.kind to changes"),
        (small_rate_system(threshold=0.1, updates="even-odd"), "dynamics.updates"),
        (
            small_rate_system(
                ContinualEquilibrium, threshold=0.1,
                memory=Binary((0.3,) * 3, (0.002,) * 3, Scale("unit", (0.0,) * 3)),
            ),
            "memory.kind binary",
        ),
    ],
)  # fmt: skip
def test_what_brian2_refuses(system: RateSystem, said: str) -> None:
    with pytest.raises(UnsupportedError, match=said):
        Brian2RateSession(system)


def test_batches_and_targets_it_refuses() -> None:
    system = SYSTEMS["c-ep"]
    with Brian2RateSession(system) as session, pytest.raises(UnsupportedError, match="batch_size"):
        session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
    with pytest.raises(UnsupportedError, match="cpp_standalone"):
        Brian2RateSession(system, 0, Target("cpp_standalone"))
    assert set(initial_rate_weights(system, 0)) == set(session.weights())
