"""Writing a change to what a memory holds and keeps, by name: the plain definition of a batch's end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays
from eqspike.core.random_stream import stream_key
from eqspike.memory import Ideal, WeightMemory, Writes
from eqspike.systems.system import System


def write_named(
    memory: WeightMemory, held: Arrays, name: str, change: NDArray[np.float64], index: int, key: int
) -> Writes:
    """Ask the memory for a change of one coupling's weights.

    Args:
        held: stored weights and what is kept beside them, by name; changed in place.
        name, index: of the coupling.
        change: same shape as its weights.
        key: random stream of this write.
    """
    kept = {kind: held[f"{name}.{kind}"] for kind in memory.kept}
    written = memory.write(held[name], kept, change, index, key)
    held[name] = written.stored
    held |= {f"{name}.{kind}": array for kind, array in written.kept.items()}
    return written.writes


def write_batch(
    system: System, held: Arrays, sums: Arrays, scale: float, write_key: int
) -> dict[str, Writes]:
    """Write the summed changes of a batch to weights and biases; biases are held in float64.

    Args:
        held: stored weights and biases and what is kept beside them, by name; changed in place.
        sums: changes asked by the rule, summed over the batch, by name.
        scale: factor of the learning rates: 1 / samples, times that of the schedule.
        write_key: random stream of the batch's writes.

    Returns:
        The writes, by name: of all couplings, then of all biases.
    """
    couplings, biases = {}, {}
    for index, coupling in enumerate(system.network.couplings):
        rate, key = system.learning_rates[index] * scale, stream_key(write_key, index)
        name, bias = coupling.name, f"{coupling.post.name}.bias"
        couplings[name] = write_named(system.memory, held, name, rate * sums[name], index, key)
        biases[bias] = write_named(Ideal(), held, bias, rate * sums[bias], index, key)
    return {**couplings, **biases}
