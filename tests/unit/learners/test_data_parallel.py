"""Which samples each process has: all of them once, in order, and tests in whole blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays, Batch, Outputs, Pace
from eqspike.learners.data_parallel import DataParallelLearner
from eqspike.learners.gradient import BLOCK
from eqspike.nn import shares


class Echo:
    """Answers with the inputs, and notes the batches that it was given."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.totals: list[int] = []

    def __enter__(self) -> Echo:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def fit(self, batch: Batch, pace: Pace) -> Outputs:
        self.totals.append(shares.total(len(batch)))
        return self.predict(batch)

    def predict(self, batch: Batch) -> Outputs:
        self.sizes.append(len(batch))
        return batch.inputs

    def weights(self) -> Arrays:
        return {}

    def state(self) -> Arrays:
        return {}

    def load(self, state: Arrays) -> None:
        pass

    def take_counts(self) -> EventCounts:
        counts, self.sizes = EventCounts(sum(self.sizes)), []
        return counts

    def neuron_spikes(self) -> dict[str, np.ndarray]:
        return {}


def batch(samples: int) -> Batch:
    numbers = np.arange(samples)
    return Batch(numbers[:, None], numbers, numbers.astype(np.uint64))


@given(samples=st.integers(1, 60), size=st.integers(2, 7))
def test_each_sample_is_learnt_by_one_process(samples: int, size: int) -> None:
    """Shares differ by at most one sample; a batch that is too small is learnt whole by all."""
    parts = []
    for rank in range(size):
        echo = Echo()
        learner = DataParallelLearner(echo, rank, size, lambda own: [own])
        parts.append(learner.fit(batch(samples), Pace(1.0, 0))[:, 0])
        assert echo.totals == [samples]
        assert learner.take_counts().samples == len(parts[-1])
    if samples < size:
        assert all(np.array_equal(part, np.arange(samples)) for part in parts)
        return
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(samples))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("samples", [1, BLOCK, 2 * BLOCK + 1, 4 * BLOCK])
def test_tests_are_shared_in_whole_blocks(samples: int, size: int) -> None:
    """So that what looks at a block as a whole sees the one that one process has."""
    found: list[tuple[Outputs | None, EventCounts, dict]] = []

    def gather(own: tuple[Outputs | None, EventCounts, dict]) -> list:
        found.append(own)
        return [own, (np.zeros((0, 1)), EventCounts(), {})]

    for rank in range(size):
        DataParallelLearner(Echo(), rank, size, gather).predict(batch(samples))
    parts = [outputs[:, 0] for outputs, _, _ in found if outputs is not None]
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(samples))
    assert all(len(part) % BLOCK == 0 for part in parts[:-1])
    assert sum(counts.samples for _, counts, _ in found) == samples
