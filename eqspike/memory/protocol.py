"""What every weight memory offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Writes:
    """How many changes were asked for (non-zero) and how many altered a stored code."""

    candidate: int
    applied: int


class WeightMemory(Protocol):
    """Storage of the weights of one coupling.

    `coupling` is the index of the coupling from the input; memories may have a range for each.
    """

    @property
    def kind(self) -> str:
        """Name in a model's `memory` section."""
        ...

    def store(self, weights: Weights, coupling: int) -> Weights:
        """What the memory holds after being given `weights` (nearest storable values)."""
        ...

    def program(
        self, stored: Weights, change: Weights, coupling: int, key: int
    ) -> tuple[Weights, Writes]:
        """Values held after asking for `stored + change`, and the writes this took.

        Args:
            stored: values held before, as returned by `store` or `program`.
            change: wanted change, same shape.
            coupling: index of the coupling.
            key: random stream of this programming operation (see `core.random_stream`).
        """
        ...
