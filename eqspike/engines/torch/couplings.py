"""What carries rates between two layers and learns from them.

The relaxation and the rules see a coupling through `Coupling` alone: rates upwards, rates downwards, and the sum
of products of both sides' rates that its weights learn from. Another kind (a convolution with pooling, say) is
another class here.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Coupling(Protocol):
    """Weights between a layer (`pre`) and the one above it (`post`). Rates are (samples, ...)."""

    weight: Tensor
    """Stored forward weights."""

    back: Tensor
    """Stored backward weights: the same tensor as `weight` where they are tied."""

    def up(self, pre: Tensor, base: Tensor, gain: float, out: Tensor) -> None:
        """out = base + gain x (drive of `post`); `out` may be `base`."""
        ...

    def down(self, post: Tensor, base: Tensor, gain: float, out: Tensor) -> None:
        """out = base + gain x (drive of `pre`); `out` may be `base`."""
        ...

    def accumulate(self, pre: Tensor, post: Tensor, into: Tensor, scale: float) -> None:
        """into += scale x (sum over samples of products of rates), shaped as `weight`."""
        ...


class Dense:
    """Every neuron with every neuron. Weights are kept (post, pre), in both directions."""

    def __init__(self, weight: Tensor, back: Tensor | None = None) -> None:
        self.weight = weight
        self.back = weight if back is None else back
        self._upwards = weight.t()

    def up(self, pre: Tensor, base: Tensor, gain: float, out: Tensor) -> None:
        """See `Coupling`."""
        torch.addmm(base, pre, self._upwards, alpha=gain, out=out)

    def down(self, post: Tensor, base: Tensor, gain: float, out: Tensor) -> None:
        """See `Coupling`."""
        torch.addmm(base, post, self.back, alpha=gain, out=out)

    def accumulate(self, pre: Tensor, post: Tensor, into: Tensor, scale: float) -> None:
        """See `Coupling`."""
        into.addmm_(post.t(), pre, alpha=scale)
