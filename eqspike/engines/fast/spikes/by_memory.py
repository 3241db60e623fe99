"""Writing a batch to a memory without a compiled twin: by its own definition in NumPy, from the summed changes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays, Images
from eqspike.core.random_stream import stream_key
from eqspike.engines.fast.spikes.changes import summed_changes
from eqspike.engines.fast.spikes.simulator import Simulator
from eqspike.engines.fast.spikes.state import Record


class ByMemory:
    """The changes of a batch, summed block by block, and what the memory keeps beside the weights.

    Attributes:
        kept: of each coupling, by name, each (pre, post).
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._sums: list[NDArray[np.float64]] = []
        self.kept: list[Arrays] = []

    def add(self, images: Images, record: Record, fresh: bool) -> None:
        """Add the changes that a block asked for; `fresh` if it is the first of its batch."""
        changes = summed_changes(self._simulator, images, record)
        names = [coupling.name for coupling in self._simulator.system.network.couplings]
        if fresh:
            self._sums = [np.zeros_like(changes[name]) for name in names]
        for total, name in zip(self._sums, names, strict=True):
            total += changes[name]

    def write(self, stored: list[NDArray[np.float64]], scale: float, write_key: int) -> None:
        """Write the batch: new `stored` weights and their working copies; the writes are counted."""
        simulator = self._simulator
        for index, change in enumerate(self._sums):
            rate = simulator.system.learning_rates[index] * scale
            written = simulator.system.memory.write(
                stored[index], self.kept[index], rate * change, index, stream_key(write_key, index)
            )
            stored[index] = np.ascontiguousarray(written.stored, np.float64)
            self.kept[index] = dict(written.kept)
            counts = simulator.tallies[0].writes[index]
            counts[0] += written.writes.candidate
            counts[1] += written.writes.applied
            simulator.read_coupling(index, stored[index])
