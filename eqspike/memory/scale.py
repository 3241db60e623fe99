"""The magnitude of weights that have one bit each: fixed from their start, or learnt.

    weight = alpha sign,    alpha = mean |W| of the weights given first       (XNOR-Net, arXiv:1603.05279)
    learnt: alpha <- alpha + rate sum of (sign x change)                      ascent of what the rule ascends

Legend: alpha scale, W weights of full precision.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eqspike.core.config import Section
from eqspike.memory.protocol import Weights

SHARED = ("coupling", "unit")

SMALLEST = 1e-6
"""A learnt scale stays above 0: beyond it all signs would turn at once."""


@dataclass(frozen=True)
class Scale:
    """What a sign is multiplied with.

    Attributes:
        shared: by all weights of a `coupling`, or by those that end in one `unit`: a postsynaptic neuron, or a
            channel of a layer of maps.
        rates: learning rate of the scale of each coupling, times the sum over weights; all 0: it stays.
    """

    shared: str
    rates: tuple[float, ...]

    @staticmethod
    def read(section: Section, couplings: int) -> Scale:
        """Read the `scale` section of a memory."""
        scale = Scale(
            section.choice("shared", SHARED, "coupling"),
            section.numbers("rates", (0.0,) * couplings, length=couplings, low=0, high=1e6),
        )
        section.close()
        return scale

    def of(self, weights: Weights) -> Weights:
        """Magnitude that stands for given weights, in a shape that broadcasts to theirs: (1, ..., 1 or units)."""
        magnitude = np.abs(weights)
        axes = tuple(range(weights.ndim - (self.shared == "unit")))
        mean, largest = (f(magnitude, axis=axes, keepdims=True) for f in (np.mean, np.max))
        # The mean of equal numbers may differ from them in the last bit: what was stored must stay.
        equal = largest == np.min(magnitude, axis=axes, keepdims=True)
        return np.asarray(np.maximum(np.where(equal, largest, mean), SMALLEST))

    def learnt(self, magnitude: Weights, signs: Weights, change: Weights, coupling: int) -> Weights:
        """The magnitude after one write, same shape."""
        rate = self.rates[coupling]
        if rate == 0:
            return magnitude
        axes = tuple(range(signs.ndim - (self.shared == "unit")))
        wanted = (signs * change).sum(axis=axes, keepdims=True)
        return np.asarray(np.maximum(magnitude + rate * wanted, SMALLEST))


def signs_of(weights: Weights) -> Weights:
    """+1 where a weight is 0 or above, else -1."""
    return np.where(weights >= 0, 1.0, -1.0)
