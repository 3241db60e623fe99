"""A memory that holds any float64 value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eqspike.core.config import Section
from eqspike.memory.protocol import Kept, Weights, Writes, Written


@dataclass(frozen=True)
class Ideal:
    """Weights of float64, changed by exactly what is asked."""

    kind: ClassVar[str] = "ideal"
    kept: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def read(section: Section, couplings: int) -> Ideal:
        """Read a model's `memory` section; an ideal memory has no parameters."""
        del couplings
        section.close()
        return Ideal()

    def store(self, weights: Weights, coupling: int) -> Weights:
        """The weights themselves."""
        del coupling
        return weights

    def start(self, weights: Weights) -> dict[str, Weights]:
        """Nothing is kept."""
        del weights
        return {}

    def write(
        self, stored: Weights, kept: Kept, change: Weights, coupling: int, key: int
    ) -> Written:
        """`stored + change`; a candidate is applied unless it is lost in float64's own rounding."""
        del kept, coupling, key
        result = stored + change
        applied = int(np.count_nonzero(result != stored))
        return Written(result, {}, Writes(int(np.count_nonzero(change)), applied))
