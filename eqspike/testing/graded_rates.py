"""Rate-based networks in integers, step by step in NumPy: what integer engines must reproduce, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eqspike.chips.graded import GradedNetwork
from eqspike.chips.graded.arithmetic import GradedState, onset, step
from eqspike.chips.graded.learning import contrast, flips, next_counter
from eqspike.chips.graded.network import Integers
from eqspike.engines.integers.graded import Batch, Presented
from eqspike.engines.integers.graded_learning import Lesson, Taught


class PlainGraded:
    """See `engines.integers.graded_learning.Teacher`; the arithmetic is that of `chips.graded.arithmetic`."""

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
        for sign in (1, -1)[: batch.passes]:
            state = free
            for _ in range(batch.nudged_steps):
                nudged = replace(batch, signs=sign * batch.signs)
                state = self._stepped(1, state, nudged)
        states, sent = (
            np.stack([np.concatenate(getattr(seen, kind), 1) for seen in self._seen], 1)
            for kind in ("states", "sent")
        )
        return Presented(free.states[-1].astype(np.int32), self._counts, states, sent)

    def learn(self, lesson: Lesson) -> Taught:
        """Present samples one after the other, and flip weights after each."""
        counters = [of.copy() for of in lesson.counters]
        turned = [np.zeros_like(of) for of in counters]
        candidates, loaded, batch = [0] * len(counters), self._network, lesson.batch
        ends, counts = [], np.zeros(0, np.int64)
        for sample in range(len(batch.images)):
            part = slice(sample, sample + 1)
            one = replace(
                batch,
                images=batch.images[part],
                targets=batch.targets[part],
                signs=batch.signs[part],
            )
            presented = self.present(one)
            ends.append(presented.ends)
            counts = presented.counts + (counts if len(counts) else 0)
            first, second = self._compared(one)
            couplings = []
            for index, coupling in enumerate(self._network.couplings):
                change = contrast(
                    first[index : index + 2], second[index : index + 2], int(one.signs[0])
                )
                rule = lesson.rules[index]
                counters[index] = next_counter(counters[index], change, rule)
                turns = flips(coupling.mantissas, counters[index], rule)
                candidates[index] += int(np.count_nonzero(counters[index]))
                turned[index] += turns
                signs = np.where(turns, -1, 1).astype(np.int32)
                couplings.append(replace(coupling, mantissas=coupling.mantissas * signs))
            self._network = replace(self._network, couplings=tuple(couplings))
        self._network = loaded
        nothing = np.zeros((0, 0, 0), np.int32)
        presented = Presented(np.concatenate(ends), counts, nothing, nothing)
        return Taught(presented, counters, turned, candidates)

    def _compared(self, one: Batch) -> tuple[list[Integers], list[Integers]]:
        """Last values sent, by layer from the input, at the end and at the start of what a rule compares."""
        places = [one.free_steps + turn * one.nudged_steps - 1 for turn in range(one.passes + 1)]
        end, start = places[1], places[2 if one.passes == 2 else 0]
        values = [
            [one.images[0], *(of_layer[0] for of_layer in self._seen[place].sent)]
            for place in (end, start)
        ]
        return values[0], values[1]

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
