"""Results of the fast engine do not depend on the number of threads or on the blocks of a batch."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays
from eqspike.engines.fast import FastSession
from eqspike.engines.fast.spikes.learner import BLOCK_SAMPLES
from eqspike.memory import Fixed, Ideal
from eqspike.systems import System
from eqspike.testing import SIZES, fixed_memory, samples, small_system

BATCHES = (1, 7, BLOCK_SAMPLES + 9, 2 * BLOCK_SAMPLES)
SYSTEM_SIZES = SIZES[1]


def train(system: System, threads: int) -> tuple[Arrays, EventCounts, np.ndarray]:
    """Weights, counts and read-outs after one batch of each size."""
    images, labels, keys = samples(system, sum(BATCHES))
    right, first = [], 0
    with FastSession(system, seed=2, threads=threads) as session:
        for size in BATCHES:
            part = slice(first, first + size)
            right.append(session.fit(images[part], labels[part], keys[part], 0.5, size))
            first += size
        return session.weights(), session.take_counts(), np.concatenate(right)


@pytest.mark.parametrize(
    "memory", [Ideal(), fixed_memory(4, "stochastic", 3)], ids=lambda m: m.kind
)
@pytest.mark.parametrize("encoder", ["integrate-and-fire", "poisson"])
def test_threads_do_not_matter(memory: Ideal | Fixed, encoder: str) -> None:
    """Bit for bit, whatever the size of the batch, weights and counts alike."""
    system = small_system(SYSTEM_SIZES, encoder=encoder, memory=memory)
    weights, counts, right = train(system, 1)
    for threads in (2, 3, 5):
        other_weights, other_counts, other_right = train(system, threads)
        assert other_counts == counts
        np.testing.assert_array_equal(other_right, right)
        for name in weights:
            assert other_weights[name].tobytes() == weights[name].tobytes()


@pytest.mark.parametrize("size", BATCHES)
def test_a_batch_learns_the_mean_of_its_changes(size: int) -> None:
    """Also when it is summed block by block."""
    system = small_system(SYSTEM_SIZES)
    images, labels, keys = samples(system, size)
    with FastSession(system, seed=2, threads=3) as session:
        changes = session.changes(images, labels, keys)
        start = session.weights()
        session.fit(images, labels, keys, 0.5, 1)
        learnt = session.weights()
    for index, coupling in enumerate(system.network.couplings):
        rate = system.learning_rates[index] * 0.5
        for name in (coupling.name, f"{coupling.post.name}.bias"):
            largest = abs(changes[name]).max()
            assert largest > 0
            np.testing.assert_allclose(
                learnt[name] - start[name], rate * changes[name], rtol=0, atol=1e-12 * largest
            )


def test_changes_of_a_batch_are_the_mean_of_single_ones() -> None:
    """Samples of a batch do not influence each other."""
    system = small_system(encoder="poisson")
    images, labels, keys = samples(system, 9)
    with FastSession(system, seed=2, threads=2) as session:
        together = session.changes(images, labels, keys)
        single = [
            session.changes(images[n : n + 1], labels[n : n + 1], keys[n : n + 1]) for n in range(9)
        ]
    for name, change in together.items():
        np.testing.assert_allclose(
            change, np.mean([one[name] for one in single], axis=0), atol=1e-12 * abs(change).max()
        )
