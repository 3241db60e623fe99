"""Encoders: from pixel intensity levels (0..255) to input spikes or currents.

Every encoder maps level 255 to `max_rate` spikes per step. The NumPy functions here are the definition; engines
may compute the same spikes by other means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eqspike.core.config import Section
from eqspike.core.random_stream import draws

LEVELS = 256
CURRENT_STEPS = 4096
"""Constant currents are multiples of 1/4096: in float64, products with weights on the summation grid are exact."""

ENCODERS = ("integrate-and-fire", "poisson", "constant-current")
ONSETS = ("together", "spread")

_SPREAD = 157  # odd and far from 0, 128 and 256: neighbouring levels start far apart


@dataclass(frozen=True)
class Encoder:
    """How an intensity level drives its input neuron.

    * integrate-and-fire: a counter gains `level` each step and spikes when it reaches `full_scale`; the
      rate is exact and the pattern depends on the level alone.
    * poisson: an independent spike with probability level / full_scale in each step.
    * constant-current: no spikes; the input contributes level / full_scale times its weight each step.

    Attributes:
        kind: one of `ENCODERS`.
        max_rate: spikes per step at level 255, in (0, 1].
        onset: for integrate-and-fire, `together` starts all counters at half, `spread` at a different value
            for each level, which desynchronises pixels of different levels.
    """

    kind: str
    max_rate: float
    onset: str

    @staticmethod
    def read(section: Section) -> Encoder:
        """Read a model's `encoder` section."""
        section.explain(
            kind="a counter that spikes when it is full, random spikes, or a current without spikes",
        )
        encoder = Encoder(
            section.choice("kind", ENCODERS),
            section.number("max_rate", 1.0, low=0.01, high=1),
            section.choice("onset", ONSETS, "together"),
        )
        section.close()
        return encoder

    @property
    def spikes(self) -> bool:
        """Whether input neurons spike."""
        return self.kind != "constant-current"

    @property
    def full_scale(self) -> int:
        """Level that would fire in every step."""
        return round((LEVELS - 1) / self.max_rate)

    def pattern(self, steps: int) -> NDArray[np.uint8]:
        """Integrate-and-fire spikes of every level: array (256, steps) of 0 and 1."""
        full = self.full_scale
        levels = np.arange(LEVELS, dtype=np.int64)[:, None]
        start = np.full_like(levels, full // 2)
        if self.onset == "spread":
            start = levels * _SPREAD % full
        total = start + levels * np.arange(steps + 1, dtype=np.int64)[None, :]
        return np.diff(total // full, axis=1).astype(np.uint8)

    def thresholds(self) -> NDArray[np.uint64]:
        """Poisson: a level spikes when the upper 32 bits of its draw are below this; array (256,)."""
        levels = np.arange(LEVELS, dtype=np.uint64)
        return (levels << np.uint64(32)) // np.uint64(self.full_scale)

    def currents(self) -> NDArray[np.float64]:
        """Constant current of every level, in [0, 1]: array (256,)."""
        rates = np.arange(LEVELS) / self.full_scale
        return np.asarray(np.rint(rates * CURRENT_STEPS) / CURRENT_STEPS)

    def encode(self, image: NDArray[np.uint8], steps: int, key: int) -> NDArray[np.float64]:
        """What each input neuron sends in each step.

        Args:
            image: levels, shape (pixels,).
            steps: number of time steps.
            key: random stream of this presentation (Poisson only).

        Returns:
            Array (steps, pixels): 0 or 1 for spiking encoders, the current for constant-current.
        """
        if self.kind == "integrate-and-fire":
            return np.asarray(self.pattern(steps)[image].T, dtype=np.float64)
        if self.kind == "poisson":
            positions = np.arange(steps * image.size, dtype=np.uint64).reshape(steps, image.size)
            chance = draws(key, positions) >> np.uint64(32)
            return np.asarray(chance < self.thresholds()[image], dtype=np.float64)
        return np.tile(self.currents()[image], (steps, 1))
