"""A learner whose batches are spread over processes: each learns from its share, gradients are summed in between.

Every process starts from the same weights and ends each batch with the same ones, those of one process up to the
order in which floating-point numbers are added. What a batch is to a module as a whole: `nn.shares`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays, Batch, Learner, Outputs, Pace
from eqspike.learners.gradient import BLOCK
from eqspike.nn.shares import Share, sharing

Spikes = dict[str, NDArray[np.int64]]
UPDATE = "update"
"""Phase in which each weight is written once a batch, by all processes alike."""


class DataParallelLearner:
    """Takes its share of each batch; answers and counts are those of all processes. A context manager.

    A batch with fewer samples than processes is learnt whole by each of them.

    Args:
        learner: keeps `nn.shares`.
        rank: number of this process; size: of all of them.
        gather: given what this process has, gives what each has.
    """

    def __init__(
        self, learner: Learner, rank: int, size: int, gather: Callable[[Any], list[Any]]
    ) -> None:
        self._inner, self._rank, self._size, self._gather = learner, rank, size, gather
        self._counts, self._spikes, self._read = EventCounts(), Spikes(), Spikes()

    def __enter__(self) -> DataParallelLearner:
        self._inner.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._inner.__exit__(*exception)

    def fit(self, batch: Batch, pace: Pace) -> Outputs:
        """Learn from one batch, together with the other processes."""
        if len(batch) < self._size:
            outputs = self._inner.fit(batch, pace)
            self._counts += self._inner.take_counts()
            return outputs
        first, last = (len(batch) * (self._rank + n) // self._size for n in (0, 1))
        share = Share(first, last - first, len(batch))
        with sharing(share):
            own = self._inner.fit(batch.part(share.rows), pace)
        return self._gathered(own)

    def predict(self, batch: Batch) -> Outputs:
        """Outputs of each sample; the processes answer in turn, blocks of samples as one process has them."""
        blocks = -(-len(batch) // BLOCK)
        first, last = (blocks * (self._rank + n) // self._size * BLOCK for n in (0, 1))
        part = batch.part(slice(first, last))
        return self._gathered(self._inner.predict(part) if len(part) else None)

    def weights(self) -> Arrays:
        """Copies of what is learnt, by name: the same in all processes."""
        return self._inner.weights()

    def state(self) -> Arrays:
        """Those, and what going on from here needs."""
        return self._inner.state()

    def load(self, state: Arrays) -> None:
        """Go on from what `state` returned."""
        self._inner.load(state)

    def take_counts(self) -> EventCounts:
        """Events of all processes since the last call."""
        counts, self._counts = self._counts, EventCounts()
        self._read, self._spikes = self._spikes, Spikes()
        return counts

    def neuron_spikes(self) -> Spikes:
        """Of each neuron, in what was predicted before the last `take_counts`."""
        return self._read

    def _gathered(self, outputs: Outputs | None) -> Outputs:
        """Outputs of all processes, in the order of samples; counts and spikes are kept."""
        counts = self._inner.take_counts()
        found = self._gather((outputs, counts, self._inner.neuron_spikes()))
        for number, (_, each, spikes) in enumerate(found):
            self._counts += each if number == 0 else _without_update(each)
            for name, sent in spikes.items():
                self._spikes[name] = self._spikes.get(name, 0) + sent
        return np.concatenate([each for each, _, _ in found if each is not None])


def _without_update(counts: EventCounts) -> EventCounts:
    phases = {name: phase for name, phase in counts.phases.items() if name != UPDATE}
    return EventCounts(counts.samples, phases)
