"""What carries rates between two layers and learns from them.

The relaxation and the rules see a coupling through `Coupling` alone: rates upwards, rates downwards, and the sum
of products of both sides' rates that its weights learn from. `engines.torch.convolution` has another kind.
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

    def observe(self, pre: Tensor) -> None:
        """Note what `down` must know of the rates `pre`; `up` does so too."""
        ...

    def down(self, post: Tensor, base: Tensor, gain: float, out: Tensor) -> None:
        """out = base + gain x (drive of `pre`, whose rates were last given to `up` or `observe`)."""
        ...

    def routed(self, pre: Tensor, post: Tensor) -> Tensor:
        """Rates of `post` as `accumulate` takes them: each at the place that `pre` reaches it from."""
        ...

    def accumulate(self, pre: Tensor, routed: Tensor, into: Tensor, scale: float) -> None:
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

    def observe(self, pre: Tensor) -> None:
        """Nothing: the way down is the same whatever the rates."""

    def down(self, post: Tensor, base: Tensor, gain: float, out: Tensor) -> None:
        """See `Coupling`; `out` may be `base`."""
        torch.addmm(base, post, self.back, alpha=gain, out=out)

    def routed(self, pre: Tensor, post: Tensor) -> Tensor:
        """The rates themselves."""
        del pre
        return post

    def accumulate(self, pre: Tensor, routed: Tensor, into: Tensor, scale: float) -> None:
        """See `Coupling`."""
        into.addmm_(routed.t(), pre, alpha=scale)
