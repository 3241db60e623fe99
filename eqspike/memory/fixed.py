"""Fixed-point memory: a few bits per weight, symmetric codes, saturating."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from eqspike.core.config import Section
from eqspike.core.grid import snap
from eqspike.core.random_stream import uniforms
from eqspike.memory.protocol import Kept, Weights, Writes, Written

ROUNDINGS = ("nearest", "stochastic", "floor")


@dataclass(frozen=True)
class Fixed:
    """Weights are whole codes times a step, `code` in [-(2^(bits-1) - 1), 2^(bits-1) - 1].

    A write computes (stored + change) / step, rounds it and saturates it:

    * nearest: to the nearest code, ties to even;
    * stochastic: up with a probability equal to the fraction, independently at each synapse, so that the
      expected stored value equals the wanted one (inside the range);
    * floor: towards minus infinity, as an arithmetic shift does.

    Attributes:
        bits: bits per weight including the sign, 2 to 16.
        ranges: largest magnitude per coupling, above 0; code 2^(bits-1) - 1 stands for it.
        rounding: `nearest`, `stochastic` or `floor`.
    """

    bits: int
    ranges: tuple[float, ...]
    rounding: str
    kind: ClassVar[str] = "fixed"
    kept: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def read(section: Section, couplings: int) -> Fixed:
        """Read a model's `memory` section for a network with that many couplings."""
        memory = Fixed(
            section.integer("bits", low=2, high=16),
            section.numbers("ranges", length=couplings, low=1e-6, high=1e3),
            section.choice("rounding", ROUNDINGS, "stochastic"),
        )
        section.close()
        return memory

    @property
    def largest_code(self) -> int:
        """Code of the largest weight."""
        return int(2 ** (self.bits - 1) - 1)

    def step(self, coupling: int) -> float:
        """Weight of one code, a multiple of the summation grid so that sums of weights stay exact."""
        return float(snap(np.array(self.ranges[coupling] / self.largest_code)))

    def store(self, weights: Weights, coupling: int) -> Weights:
        """Nearest storable values."""
        step = self.step(coupling)
        return self._saturated(np.rint(weights / step)) * step

    def start(self, weights: Weights) -> dict[str, Weights]:
        """Nothing is kept."""
        del weights
        return {}

    def write(
        self, stored: Weights, kept: Kept, change: Weights, coupling: int, key: int
    ) -> Written:
        """Round and saturate `stored + change`; synapses without change keep their code."""
        del kept
        step = self.step(coupling)
        wanted = (stored + change) / step
        codes = np.where(change != 0, self._rounded(wanted, key), np.rint(stored / step))
        result = self._saturated(codes) * step
        applied = int(np.count_nonzero(result != stored))
        return Written(result, {}, Writes(int(np.count_nonzero(change)), applied))

    def _rounded(self, wanted: Weights, key: int) -> Weights:
        if self.rounding == "nearest":
            return np.asarray(np.rint(wanted))
        if self.rounding == "floor":
            return np.asarray(np.floor(wanted))
        positions: NDArray[np.uint64] = np.arange(wanted.size, dtype=np.uint64)
        return np.asarray(np.floor(wanted + uniforms(key, positions).reshape(wanted.shape)))

    def _saturated(self, codes: Weights) -> Weights:
        return np.clip(codes, -self.largest_code, self.largest_code)
