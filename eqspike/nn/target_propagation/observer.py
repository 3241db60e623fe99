"""What solved feedback sees of a batch: noise through one block, and the sums that follow from it.

    d1 = h(F(x + xi)) - h(F(x)),      B += d1 xi^T / sigma1^2
    d2 = h(y + eta) - h(y),           A += d2 d2^T / sigma2^2

The noise is balanced (`noise.py`), which takes most of the sampling error out of B.
"""

from __future__ import annotations

import math

from torch import Tensor

from eqspike.nn import shares

from .module import TargetPropagation
from .noise import BalancedSigns
from .sums import Sums

Place = tuple[int, int]
"""Number of a block; 0 for the noise of its inputs, 1 for that of its outputs."""


class Observer:
    """Draws noise through the blocks of a model.

    Args:
        noise: deviation as a fraction of the root mean square of the values it is added to.
        seed: of the noise.
    """

    def __init__(self, model: TargetPropagation, noise: float, seed: int) -> None:
        self._model, self._noise, self._seed = model, noise, seed
        self._signs: dict[Place, BalancedSigns] = {}
        self._drawn: dict[Place, int] = {}

    @property
    def drawn(self) -> dict[Place, int]:
        """Rows of noise so far, by place: the noise's state."""
        return {**self._drawn, **{place: signs.drawn for place, signs in self._signs.items()}}

    @drawn.setter
    def drawn(self, rows: dict[Place, int]) -> None:
        self._drawn, self._signs = dict(rows), {}

    def observe(self, number: int) -> Sums:
        """The sums of the model's latest batch, by block `number`."""
        block, mirror = self._model.blocks[number], self._model.mirror(number)
        passage = self._model.passages[number]
        rest = mirror.lift(passage.outputs, passage)
        before, after = self._deviation(passage.inputs), self._deviation(passage.outputs)
        xi = self._draw((number, 0), passage.inputs, before)
        there = mirror.lift(block(passage.inputs + xi).outputs, passage) - rest
        eta = self._draw((number, 1), passage.outputs, after)
        back = (mirror.lift(passage.outputs + eta, passage) - rest) / after
        products = mirror.correlate(there, xi) / before**2
        places = math.prod(passage.outputs.shape[2:])
        return Sums(
            shares.summed(mirror.reach(back * back, passage)),
            shares.summed(products),
            float(shares.total(len(xi)) * places),
        )

    def _draw(self, place: Place, values: Tensor, deviation: float) -> Tensor:
        """Balanced noise of the shape of these values."""
        if place not in self._signs:
            self._signs[place] = BalancedSigns(values[0].numel(), (self._seed, *place), values)
            self._signs[place].drawn = self._drawn.get(place, 0)
        signs, (before, after) = self._signs[place], shares.around(len(values))
        signs.drawn += before
        rows = signs.draw(len(values)).view_as(values)
        signs.drawn += after
        return rows * deviation

    def _deviation(self, values: Tensor) -> float:
        """Of the noise added to these values."""
        size = float(shares.mean(values.square().mean()).sqrt())
        return self._noise * (size if size > 0 else 1.0)
