"""The rule `ep` and the memory `binary` at work on the weights of a simulator of bits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays, Images
from eqspike.engines.fast.bits.layout import Floats, Sums, Whole, columns
from eqspike.engines.fast.bits.simulator import BitSimulator
from eqspike.engines.fast.bits.words import WORD, Words, words_for
from eqspike.engines.fast.bits.writing import (
    catch_up,
    moves,
    stand_up,
    turn_copies,
    write_between,
    write_from_input,
)
from eqspike.engines.tally import RateTally, asked_writes
from eqspike.memory import Binary, Writes

SLOW = 0.5
"""An inertia rate below which no number that is not 0 shrinks to 0, however often it is multiplied."""


class Inertia(NamedTuple):
    """What is kept beside the weights of a coupling; a row of each postsynaptic neuron.

    Attributes:
        inertia, writes: (post, pre); written: (post,) writes that a row's inertia has seen.
        alive: (post,) inertias of a row that are not 0; turned: (words of pre, post) flips of the last write.
    """

    inertia: Floats
    writes: NDArray[np.uint32]
    written: Whole
    alive: Whole
    turned: Words


@dataclass(frozen=True)
class Contrast:
    """What a batch has taught.

    Attributes:
        images: (samples, pixels).
        ends: bits at the end of both phases that are compared, along the samples: (2, words of samples, places).
        factor: what turns a sum over the batch into a change at a learning rate of 1.
    """

    images: Images
    ends: Words
    factor: float


class BitLearner:
    """Writes to the weights of a simulator.

    Inertias are made with the first write, or when they are given: reading out needs none.
    """

    def __init__(self, simulator: BitSimulator, tally: RateTally) -> None:
        self._simulator, self._system, self._tally = simulator, simulator.system, tally
        self._memory = cast(Binary, self._system.memory)
        self.forget()

    def forget(self) -> None:
        """Begin with no inertia and no writes."""
        self._kept: list[Inertia] = []
        self._clock, self._fresh = 0, True

    def give(self, coupling: int, kept: Arrays) -> None:
        """Go on from an inertia and numbers of writes, (pre, post)."""
        self._make()
        of = self._kept[coupling]
        of.inertia[:] = kept["inertia"].T
        of.writes[:] = kept["writes"].T
        of.alive[:] = np.count_nonzero(of.inertia, axis=1)

    def kept(self, coupling: int) -> Arrays:
        """Copies of what is kept beside the weights of a coupling, (pre, post)."""
        if not self._kept:
            shape = self._system.network.couplings[coupling].shape
            return {name: np.zeros(shape) for name in self._memory.kept}
        of = self._kept[coupling]
        self._share(
            len(of.written),
            lambda thread, first, last: catch_up(
                first, last, of, self._share_kept(coupling), self._clock
            ),
        )
        return {
            name: np.array(array.T, np.float64, order="C")
            for name, array in (("inertia", of.inertia), ("writes", of.writes))
        }

    def learn(
        self, images: Images, ends: tuple[Words, Words], signs: Floats, width: float, rate: float
    ) -> None:
        """One write of all weights and biases.

        Args:
            ends: bits (samples, words) at the end of the first and of the second phase of the contrast.
            signs: of each sample's contrast; width: what it is divided by; rate: factor of all learning rates.
        """
        self._make()
        samples = len(images)
        shape = (2, words_for(samples), ends[0].shape[1] * WORD)
        found = Contrast(images, np.zeros(shape, np.uint32), rate / (abs(width) * samples))
        self._share(
            ends[0].shape[1],
            lambda thread, first, last: stand_up(first, last, *ends, signs, found.ends),
        )
        done = {
            coupling.name: self._write(index, found)
            for index, coupling in enumerate(self._system.network.couplings)
        }
        self._clock, self._fresh = self._clock + 1, False
        moved = self._write_biases(found)
        for name, writes in {**asked_writes(self._system, 0, moved), **done}.items():
            self._tally.add_writes(name, writes)

    def _write(self, index: int, found: Contrast) -> Writes:
        simulator, of, precision = self._simulator, self._kept[index], self._system.precision
        scale = self._system.learning_rates[index] * found.factor / (255 if index == 0 else 1)
        numbers = np.array(
            [1 - self._memory.inertia_rates[index], scale, self._memory.threshold(index)], precision
        )
        up, above = simulator.up(index), self._ends(found, index + 1)
        rooms = np.zeros((simulator.workers.threads, of.inertia.shape[1]), np.int32)
        flips = np.zeros(simulator.workers.threads, np.int64)
        if index == 0:
            every = self._fresh or self._memory.inertia_rates[0] >= SLOW
            write: Any = partial(_from_input, found.images, above, every)
        else:
            write = partial(_between, self._ends(found, index), above)

        def work(thread: int, first: int, last: int) -> None:
            flips[thread] += write(first, last, up, of, numbers, self._clock, rooms[thread])

        self._share(len(of.written), work)
        if index > 0 and flips.any():
            turn_copies(of.turned, simulator.down(index))
        return Writes(int(of.alive.sum()), int(flips.sum()))

    def _write_biases(self, found: Contrast) -> list[Whole]:
        """Returns how many neurons of each free layer were moved by some sample."""
        system, simulator, counts = self._system, self._simulator, []
        starts = simulator.layout.starts
        for layer, rate in enumerate(system.rates_of_biases, start=1):
            ends = self._ends(found, layer)
            total, moved = np.zeros(ends.shape[2], np.int32), np.zeros(ends.shape[2], np.uint8)
            moves(ends, total, moved)
            bias = simulator.weights.bias[starts[layer] : starts[layer + 1]]
            bias += total * bias.dtype.type(rate * found.factor)
            counts.append(moved.sum(keepdims=True, dtype=np.int64))
        return counts

    def _ends(self, found: Contrast, layer: int) -> Words:
        return found.ends[:, :, columns(self._simulator.layout, layer)]

    def _share_kept(self, coupling: int) -> Any:
        return np.dtype(self._system.precision).type(1 - self._memory.inertia_rates[coupling])

    def _share(self, items: int, work: Any) -> None:
        self._simulator.workers.share(items, work)

    def _make(self) -> None:
        if self._kept:
            return
        for coupling in self._system.network.couplings:
            pre, post = coupling.shape
            self._kept.append(
                Inertia(
                    np.zeros((post, pre), self._system.precision),
                    np.zeros((post, pre), np.uint32),
                    np.zeros(post, np.int64),
                    np.zeros(post, np.int64),
                    np.zeros((words_for(pre), post), np.uint32),
                )
            )


def _from_input(
    images: Images, ends: Words, every: bool, first: int, last: int, up: Words, of: Inertia,
    numbers: Floats, clock: int, room: Sums,
) -> int:  # fmt: skip
    return write_from_input(first, last, images, ends, up, of, numbers, clock, every, room)


def _between(
    below: Words, above: Words, first: int, last: int, up: Words, of: Inertia, numbers: Floats,
    clock: int, room: Sums,
) -> int:  # fmt: skip
    return write_between(first, last, below, above, up, of, numbers, clock, room)
