"""Learning of the fast engine: stored weights and biases, and how presentations change them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Images, Keys, Labels
from eqspike.core.random_stream import stream_key
from eqspike.engines.fast.layout import coupling_shape
from eqspike.engines.fast.spikes.by_memory import ByMemory
from eqspike.engines.fast.spikes.online import present_online
from eqspike.engines.fast.spikes.simulator import Simulator
from eqspike.engines.fast.spikes.state import make_record
from eqspike.engines.fast.spikes.writing import make_storage, write_coupling, write_input
from eqspike.systems import System

BLOCK_SAMPLES = 64
"""Samples presented before their changes are summed: bounds the memory of large batches."""


class Learner:
    """What the memory holds, and the two ways of changing it.

    Attributes:
        stored: weights of each coupling, (pre, post); bias: of all neurons, at the places of the layout.
        bias_writes: candidate and applied writes of each layer's biases, (layers, 2).
        by_memory: the writes of a memory that has no compiled twin.
    """

    def __init__(self, system: System, simulator: Simulator) -> None:
        self._system, self._simulator = system, simulator
        self.stored: list[NDArray[np.float64]] = []
        self.bias = np.zeros(int(simulator.layout.starts[-1]))
        self.bias_writes = np.zeros((len(system.network.layers), 2), np.int64)
        self.by_memory = ByMemory(simulator)
        made = (
            make_storage(system.memory, index, system.precision)
            for index in range(len(system.network.couplings))
        )
        self._storages = [storage for storage in made if storage is not None]
        self._record = make_record(simulator.layout, 0, 0, system.precision)
        self._carried = np.zeros((0, 0), system.precision)

    def batch(
        self, images: Images, labels: Labels, keys: Keys, betas: NDArray[Any], rate_factor: float,
        write_key: int,
    ) -> NDArray[Any]:  # fmt: skip
        """Write the mean change once; returns the read-out of the free phase, (samples, outputs)."""
        simulator = self._simulator
        scores = np.zeros((len(images), self._system.network.output.size), self._system.precision)
        block_size = min(len(images), BLOCK_SAMPLES)
        if len(self._record.scores) != block_size:
            self._record = make_record(
                simulator.layout, block_size, simulator.groups, self._system.precision
            )
        if len(images) > BLOCK_SAMPLES and not self._carried.size:
            self._carried = np.zeros_like(simulator.weights.input)
        couplings, below, above = coupling_shape(simulator.layout)
        sums = np.zeros((couplings, above, below), self._system.precision)
        bias_change = np.zeros(len(self.bias))
        for first in range(0, len(images), block_size):
            part = slice(first, first + block_size)
            count = len(images[part])
            simulator.present(
                images[part], labels[part], betas[part], keys[part], True, self._record
            )
            scores[part] = self._record.scores[:count]
            bias_change += self._record.bias_gradients[:count].sum(0, dtype=np.float64)
            final, scale = first + count == len(images), rate_factor / len(images)
            if self._storages:
                self._write(images[part], scale, write_key, sums, first == 0, final)
                continue
            self.by_memory.add(images[part], self._record, first == 0)
            if final:
                self.by_memory.write(self.stored, scale, write_key)
        self._write_bias(bias_change * (rate_factor / len(images)))
        return scores

    def _write(
        self,
        images: Images,
        scale: float,
        write_key: int,
        sums: NDArray[Any],
        fresh: bool,
        final: bool,
    ) -> None:
        """Sum the block's changes and, after the last block, program the memory."""
        simulator, record, layout = self._simulator, self._record, self._simulator.layout
        weights, rates = simulator.weights, self._system.learning_rates
        keys = [np.uint64(stream_key(write_key, index)) for index in range(len(self.stored))]
        stored = self.stored[0]
        rate = rates[0] * scale

        def work(thread: int, first: int, last: int) -> None:
            write_input(
                first, last, images, len(images), simulator.source.poisson, record.input_gradients,
                rate, self._storages[0], keys[0], stored, weights.input, weights.input_fan_out,
                self._carried, fresh, final, simulator.tallies[thread].writes[0],
            )  # fmt: skip

        simulator.workers.share(len(stored), work)
        starts = layout.starts
        for index in range(1, len(self.stored)):
            write_coupling(
                len(images), record.gradients[:, index - 1], sums[index - 1], fresh, final,
                rates[index] * scale, self._storages[index], keys[index], self.stored[index],
                weights.forward[index - 1], weights.backward[index - 1],
                weights.fan_out[starts[index] : starts[index + 1]],
                weights.fan_back[starts[index + 1] : starts[index + 2]],
                simulator.tallies[0].writes[index],
            )  # fmt: skip

    def _write_bias(self, change: NDArray[np.float64]) -> None:
        starts = self._simulator.layout.starts
        for index in range(1, len(self._system.network.layers)):
            part = slice(starts[index], starts[index + 1])
            delta = change[part] * self._system.learning_rates[index - 1]
            old = self.bias[part].copy()
            self.bias[part] += delta
            self.bias_writes[index, 0] += np.count_nonzero(delta)
            self.bias_writes[index, 1] += np.count_nonzero(self.bias[part] != old)
        self._simulator.read_bias(self.bias)

    def online(
        self, images: Images, labels: Labels, keys: Keys, betas: NDArray[Any], rate_factor: float,
        write_key: int,
    ) -> NDArray[Any]:  # fmt: skip
        """Write at every event; returns the read-out of the free phase, (samples, outputs)."""
        simulator = self._simulator
        record = make_record(simulator.layout, len(images), 0, self._system.precision)
        write_keys = np.array(
            [[stream_key(write_key, sample, index) for index in range(len(self.stored))]
             for sample in range(len(images))], np.uint64,
        )  # fmt: skip
        present_online(
            images, labels, betas, keys, write_keys, simulator.schedule,
            np.array(self._system.learning_rates) * rate_factor, simulator.layout,
            simulator.source, simulator.dynamics, simulator.weights, self.stored[0],
            tuple(self.stored[1:]), self.bias, self._storages[0], tuple(self._storages[1:]),
            simulator.states[0], simulator.scratches[0], simulator.tallies[0], record,
            self.bias_writes,
        )  # fmt: skip
        return record.scores
