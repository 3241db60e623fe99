"""What Equilibrium Propagation asks of the weights, from what neurons had sent at the ends of two phases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays
from eqspike.core.random_stream import stream_key
from eqspike.memory import Binary, Metaplastic, Writes
from eqspike.systems import RateSystem

Vector = NDArray[np.float64]


def write_contrast(
    system: RateSystem, stored: Arrays, ends: tuple[Arrays, Arrays], signs: Vector, scale: float, key: int
) -> dict[str, Writes]:  # fmt: skip
    """Change weights and biases by the rule `ep`, in place.

    Args:
        stored: weights, biases and what the memory keeps beside them, by name.
        ends: q of all layers, the input's too, (samples, neurons), nudged and free (or nudged the other way).
        signs: of beta, (samples,).
        scale: factor of the learning rates: 1 / (beta samples), half of it where two nudged phases are compared.
        key: random stream of the writes.

    Returns:
        The writes that the memory has counted itself, by coupling; of an ideal one, none.
    """
    after, before = ends
    weight = signs[:, None]
    biases = system.learning_rates if system.bias_rates is None else system.bias_rates
    done: dict[str, Writes] = {}
    for index, coupling in enumerate(system.network.couplings):
        pre, post = coupling.pre.name, coupling.post.name
        product = after[pre].T @ (weight * after[post]) - before[pre].T @ (weight * before[post])
        change = system.learning_rates[index] * scale * product
        writes = _program(system, stored, coupling.name, index, change, stream_key(key, index))
        if writes is not None:
            done[coupling.name] = writes
        moved = (weight * (after[post] - before[post])).sum(0)
        stored[f"{post}.bias"] = stored[f"{post}.bias"] + biases[index] * scale * moved
    return done


def _program(
    system: RateSystem, stored: Arrays, name: str, index: int, change: Vector, key: int
) -> Writes | None:
    memory = system.memory
    if isinstance(memory, (Binary, Metaplastic)):
        kept = {beside: stored[f"{name}.{beside}"] for beside in memory.kept}
        written = memory.write(stored[name], kept, change, index)
        stored[name] = written.stored
        stored |= {f"{name}.{beside}": array for beside, array in written.kept.items()}
        return written.writes
    stored[name], writes = memory.program(stored[name], change, index, key)
    return None if memory.kind == "ideal" else writes
