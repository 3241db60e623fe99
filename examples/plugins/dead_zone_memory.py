"""A memory with a dead zone: a change smaller than a threshold leaves the weight as it is.

Devices whose conductance moves only above a certain pulse behave so. The definition in NumPy is all there is;
every engine that writes once a batch runs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eqspike.core.config import Section
from eqspike.memory import Kept, Writes, Written
from eqspike.memory.protocol import Weights


@dataclass(frozen=True)
class DeadZone:
    """W <- W + dW where |dW| >= threshold, else W.

    Attributes:
        thresholds: smallest change of each coupling that is written, 0 or more.
    """

    thresholds: tuple[float, ...]
    kind: ClassVar[str] = "dead-zone"
    kept: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def read(section: Section, couplings: int) -> DeadZone:
        """Read a model's `memory` section for a network with that many couplings."""
        memory = DeadZone(section.numbers("thresholds", length=couplings, low=0, high=1e6))
        section.close()
        return memory

    def store(self, weights: Weights, coupling: int) -> Weights:
        """The weights themselves."""
        return weights

    def start(self, weights: Weights) -> dict[str, Weights]:
        """Nothing is kept."""
        return {}

    def write(
        self, stored: Weights, kept: Kept, change: Weights, coupling: int, key: int
    ) -> Written:
        """Drop what is too small; a candidate is a change that is not 0."""
        taken = np.where(np.abs(change) >= self.thresholds[coupling], change, 0.0)
        result = stored + taken
        asked, done = np.count_nonzero(change), np.count_nonzero(result != stored)
        return Written(result, {}, Writes(int(asked), int(done)))


MEMORIES = {"dead-zone": DeadZone}
