"""The memories compiled into the fast engine equal those of `eqspike.memory`, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.core.learner import Arrays
from eqspike.core.random_stream import stream_key
from eqspike.engines.fast import FastSession
from eqspike.memory import Fixed, Ideal
from eqspike.memory.fixed import ROUNDINGS
from eqspike.systems import System
from eqspike.testing import SIZES, fixed_memory, samples, small_system

# With a power of two, the mean of the changes and the scaled sum round alike.
SAMPLES, FACTOR = 8, 0.5
COUPLINGS = len(SIZES[1]) - 1
MEMORIES: tuple[Ideal | Fixed, ...] = (
    Ideal(),
    *(fixed_memory(bits, rounding, COUPLINGS) for rounding in ROUNDINGS for bits in (2, 3, 8, 16)),
)


def learn(system: System, write_key: int) -> tuple[Arrays, Arrays, Arrays]:
    """Weights before and after one batch, and the mean change that was asked for."""
    images, labels, keys = samples(system, SAMPLES)
    with FastSession(system, seed=4, threads=2) as session:
        before = session.weights()
        changes = session.changes(images, labels, keys)
        session.fit(images, labels, keys, FACTOR, write_key)
        return before, changes, session.weights()


@pytest.mark.parametrize(
    "memory", MEMORIES, ids=lambda m: f"{m.rounding}-{m.bits}" if isinstance(m, Fixed) else m.kind
)
@pytest.mark.parametrize("write_key", [0, 2**64 - 1])
def test_a_batch_is_programmed_as_the_memory_says(memory: Ideal | Fixed, write_key: int) -> None:
    """Roundings, saturation and random streams."""
    system = small_system(SIZES[1], memory=memory)
    before, changes, after = learn(system, write_key)
    for index, coupling in enumerate(system.network.couplings):
        name = coupling.name
        wanted = system.learning_rates[index] * FACTOR * changes[name]
        key = stream_key(write_key, index)
        expected = memory.write(before[name], {}, wanted, index, key).stored
        np.testing.assert_array_equal(after[name], expected)
        np.testing.assert_array_equal(memory.store(after[name], index), after[name])


def test_weights_saturate() -> None:
    """The case above meets the rails: with few bits some weights are driven to them."""
    memory = fixed_memory(3, "nearest", COUPLINGS)
    before, _, after = learn(small_system(SIZES[1], memory=memory), 1)
    largest = memory.largest_code * memory.step(0)
    assert abs(after["input-hidden1"]).max() == largest
    assert (abs(after["input-hidden1"]) == largest).sum() > (
        abs(before["input-hidden1"]) == largest
    ).sum()


def test_the_write_key_matters_to_stochastic_rounding_alone() -> None:
    """Another stream, other weights; the other roundings draw nothing."""
    for rounding in ROUNDINGS:
        system = small_system(SIZES[1], memory=fixed_memory(4, rounding, COUPLINGS))
        _, _, first = learn(system, 1)
        _, _, second = learn(system, 2)
        same = all(np.array_equal(first[name], second[name]) for name in first)
        assert same == (rounding != "stochastic")
