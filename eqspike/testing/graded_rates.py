"""Networks of rates in integers, step by step in NumPy: what integer engines must reproduce, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eqspike.chips.graded import GradedNetwork
from eqspike.chips.graded.arithmetic import GradedState, onset, step, transmitted
from eqspike.engines.graded import Batch, Presented


class PlainGraded:
    """See `engines.graded.Presenter`; the arithmetic is that of `chips.graded.arithmetic`."""

    def load(self, network: GradedNetwork) -> None:
        """Replace the integers."""
        self._network = network

    def present(self, batch: Batch, traced: bool = True) -> Presented:
        """Present samples, each from its onset."""
        del traced
        state = onset(self._network, batch.images)
        self._seen: list[GradedState] = []
        sizes = [self._network.input_size, *(layer.size for layer in self._network.layers)]
        self._counts = np.zeros((2, sum(sizes)), np.int64)
        self._count(0, state)
        for _ in range(batch.free_steps):
            state = self._stepped(0, state, None)
        free = state
        ends = transmitted(free.states[-1], self._network.neuron)
        for sign in (1, -1)[: batch.passes]:
            state = free
            for _ in range(batch.nudged_steps):
                nudged = replace(batch, signs=sign * batch.signs)
                state = self._stepped(1, state, nudged)
        states, sent = (
            np.stack([np.concatenate(getattr(seen, kind), 1) for seen in self._seen], 1)
            for kind in ("states", "sent")
        )
        return Presented(ends.astype(np.int32), self._counts, states, sent)

    def close(self) -> None:
        """Nothing was started."""

    def _stepped(self, phase: int, old: GradedState, nudged: Batch | None) -> GradedState:
        teacher = () if nudged is None else (nudged.targets, nudged.signs[:, None])
        new = step(self._network, old, *teacher)
        self._count(phase, new)
        self._seen.append(new)
        return new

    def _count(self, phase: int, state: GradedState) -> None:
        sent = [np.count_nonzero(of_layer, 0) for of_layer in state.messages]
        self._counts[phase] += np.concatenate(sent)
