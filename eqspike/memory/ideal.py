"""A memory that holds any float64 value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eqspike.core.config import Section
from eqspike.memory.protocol import Weights, Writes


@dataclass(frozen=True)
class Ideal:
    """Weights of float64, changed by exactly what is asked."""

    kind: str = "ideal"

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

    def program(
        self, stored: Weights, change: Weights, coupling: int, key: int
    ) -> tuple[Weights, Writes]:
        """`stored + change`; a candidate is applied unless it is lost in float64's own rounding."""
        del coupling, key
        result = stored + change
        return result, Writes(
            int(np.count_nonzero(change)), int(np.count_nonzero(result != stored))
        )
