"""What solved feedback keeps of one block, and the feedback weights that follow from it.

Fewer noise draws than an output has inputs see only some directions of W, each too large by their ratio. V is then
scaled down by it, which makes it W's projection on what was seen (for linear layers), never larger than W.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sums:
    """Decaying sums of one block.

    Attributes:
        power: A times the samples; broadcasts against V.
        products: B times the samples.
        draws: noise draws that reach an output: samples, times places in a convolution.
    """

    power: Tensor
    products: Tensor
    draws: float

    def plus(self, other: Sums, decay: float) -> Sums:
        """Another batch, these decayed."""
        return Sums(
            decay * self.power + other.power,
            decay * self.products + other.products,
            decay * self.draws + other.draws,
        )

    def moved(self, change: Tensor) -> Sums:
        """What they would be had V been larger by `change` all along."""
        return Sums(self.power, self.products + self.power * change, self.draws)

    def solution(self, ridge: float) -> Tensor:
        """A^-1 B with the ridge; where nothing moved, 0."""
        damped = self.power + ridge * self.power.mean()
        inputs = self.products[0].numel()
        return torch.where(damped > 0, self.products / damped, 0.0) * min(1.0, self.draws / inputs)
