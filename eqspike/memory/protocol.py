"""What every weight memory offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]
Kept = Mapping[str, Weights]
"""What a memory keeps beside each stored weight, by name; every array has the shape of the weights."""


@dataclass(frozen=True)
class Writes:
    """How many changes were asked for (non-zero) and how many altered a stored code."""

    candidate: int
    applied: int


@dataclass(frozen=True)
class Written:
    """What a memory holds after a write, and the writes this took."""

    stored: Weights
    kept: Kept
    writes: Writes


class WeightMemory(Protocol):
    """Storage of the weights of one coupling: what is stored, what is kept beside it, and what a write does.

    `coupling` is the index of the coupling from the input; memories may have a range for each. What is kept is
    part of a session's `weights()` as `COUPLING.NAME`, such as `input-hidden.inertia`, hence of checkpoints. This
    definition in NumPy is what every engine runs that has no twin of its own for exactly this class of memory.
    """

    @property
    def kind(self) -> str:
        """Name in a model's `memory` section."""
        ...

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of what is kept beside each weight; most memories keep nothing."""
        ...

    def store(self, weights: Weights, coupling: int) -> Weights:
        """What the memory holds after being given `weights` (nearest storable values)."""
        ...

    def start(self, weights: Weights) -> dict[str, Weights]:
        """What is kept beside `weights` that have not been written yet: one array for each name in `kept`."""
        ...

    def write(
        self, stored: Weights, kept: Kept, change: Weights, coupling: int, key: int
    ) -> Written:
        """What is held after asking for `change`.

        Args:
            stored: values held before, as returned by `store` or `write`.
            kept: what was kept beside them, as returned by `start` or `write`.
            change: learning rate times the rule's mean change, same shape.
            coupling: index of the coupling.
            key: random stream of this write (see `core.random_stream`).
        """
        ...
