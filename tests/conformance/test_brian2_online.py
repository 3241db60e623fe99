"""Learning event by event in Brian2 equals the fast engine: every weight, bit for bit, and every count."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.core.errors import UnsupportedError
from eqspike.core.neurons import Neuron
from eqspike.experiment import open_session
from eqspike.experiment.parity import compare
from eqspike.memory import Fixed, Ideal
from eqspike.memory.fixed import ROUNDINGS
from eqspike.testing import NEURONS, SIZES, fixed_memory, samples, small_system

pytest.importorskip("brian2")
MEMORIES: tuple[Ideal | Fixed, ...] = (
    Ideal(),
    *(fixed_memory(5, rounding, len(SIZES[1]) - 1) for rounding in ROUNDINGS),
)
BATCHES = (slice(0, 1), slice(1, 5))


@pytest.mark.parametrize(
    ("neuron", "encoder"),
    [(NEURONS[0], "integrate-and-fire"), (NEURONS[1], "poisson")],
    ids=["sigma-delta", "current-based"],
)
@pytest.mark.parametrize("memory", MEMORIES, ids=lambda m: getattr(m, "rounding", m.kind))
def test_weights_and_counts_are_equal(memory: Ideal | Fixed, neuron: Neuron, encoder: str) -> None:
    """After several samples in a row, each seeing the weights that the one before left."""
    system = small_system(SIZES[1], neuron, encoder, memory, online=True)
    images, labels, keys = samples(system, 5)
    results = []
    for engine in ("fast", "brian2"):
        with open_session(system, 5, engine) as session:
            right = [
                session.fit(images[part], labels[part], keys[part], 2.0, batch)
                for batch, part in enumerate(BATCHES)
            ]
            results.append((right, session.weights(), session.take_counts()))
    (right, weights, counts), (other_right, others, other_counts) = results
    np.testing.assert_array_equal(np.concatenate(right), np.concatenate(other_right))
    assert counts == other_counts
    for name, stored in weights.items():
        np.testing.assert_array_equal(stored, others[name])


def test_parity_of_an_online_model() -> None:
    """Spikes with fixed weights, and the changes of learning: no difference at all."""
    system = small_system(memory=fixed_memory(3, "stochastic", 2), online=True)
    with open_session(system, 2) as session:
        weights = session.weights()
    parity = compare(system, weights, samples(system, 3), ("fast", "brian2"))
    assert parity.holds
    assert parity.max_weight_error == 0


def test_currents_are_refused() -> None:
    """As in the fast engine, before anything is built."""
    with pytest.raises(UnsupportedError, match=r"constant-current here, for rule.update online"):
        open_session(small_system(encoder="constant-current", online=True), engine="brian2")
