"""What Equilibrium Propagation asks of the weights, from what neurons had sent at the ends of two phases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays
from eqspike.core.random_stream import stream_key
from eqspike.memory import Ideal, Writes
from eqspike.systems import RateSystem
from eqspike.systems.writing import write_named

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
    done: dict[str, Writes] = {}
    for index, coupling in enumerate(system.network.couplings):
        pre, post = coupling.pre.name, coupling.post.name
        product = after[pre].T @ (weight * after[post]) - before[pre].T @ (weight * before[post])
        change = system.learning_rates[index] * scale * product
        own = stream_key(key, index)
        writes = write_named(system.memory, stored, coupling.name, change, index, own)
        if type(system.memory) is not Ideal:
            done[coupling.name] = writes
        moved = (weight * (after[post] - before[post])).sum(0)
        stored[f"{post}.bias"] = (
            stored[f"{post}.bias"] + system.rates_of_biases[index] * scale * moved
        )
    return done
