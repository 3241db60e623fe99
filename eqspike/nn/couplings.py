"""What carries rates between two layers and learns from them.

The relaxation and the rules see a coupling through `Coupling` alone: rates upwards, rates downwards, and the sum
of products of both sides' rates that its weights learn from. `nn.convolution` has another kind.
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

    def up(self, pre: Tensor, base: Tensor, gain: float, out: Tensor | None) -> Tensor:
        """base + gain x (drive of `post`), in `out` where it is given; `out` may be `base`."""
        ...

    def observe(self, pre: Tensor) -> None:
        """Note what `down` must know of the rates `pre`; `up` does so too."""
        ...

    def down(self, post: Tensor, base: Tensor, gain: float, out: Tensor | None) -> Tensor:
        """base + gain x (drive of `pre`, whose rates were last given to `up` or `observe`)."""
        ...

    def held(self, copies: int) -> Coupling:
        """The transposed of both ways as last observed, for differences of rates: up by `back`, down by `weight`.

        Args:
            copies: how often the samples that were observed stand in a batch, one after the other.
        """
        ...

    def of(self, samples: Tensor) -> Coupling:
        """The same for some of the samples that `held` holds, by their places in the batch."""
        ...

    def spread(self, post: Tensor) -> Tensor:
        """Rates of `post` as `accumulate` takes them, by what was last observed of `pre`."""
        ...

    def routed(self, pre: Tensor, post: Tensor) -> Tensor:
        """The same by `pre`, which is not noted."""
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

    def up(self, pre: Tensor, base: Tensor, gain: float, out: Tensor | None) -> Tensor:
        """See `Coupling`."""
        return torch.addmm(base, pre.flatten(1), self._upwards, alpha=gain, out=out)

    def observe(self, pre: Tensor) -> None:
        """Nothing: the way down is the same whatever the rates."""

    def down(self, post: Tensor, base: Tensor, gain: float, out: Tensor | None) -> Tensor:
        """See `Coupling`; `out` may be `base`."""
        if base.dim() == 2:
            return torch.addmm(base, post, self.back, alpha=gain, out=out)
        drive = torch.mm(post, self.back).view(-1, *base.shape[1:])
        return torch.add(base, drive, alpha=gain, out=out)

    def held(self, copies: int) -> Dense:
        """See `Coupling`."""
        del copies
        return self if self.back is self.weight else Dense(self.back, self.weight)

    def of(self, samples: Tensor) -> Dense:
        """Itself: it holds nothing of samples."""
        del samples
        return self

    def spread(self, post: Tensor) -> Tensor:
        """The rates themselves."""
        return post

    def routed(self, pre: Tensor, post: Tensor) -> Tensor:
        """The rates themselves."""
        del pre
        return post

    def accumulate(self, pre: Tensor, routed: Tensor, into: Tensor, scale: float) -> None:
        """See `Coupling`."""
        into.addmm_(routed.t(), pre.flatten(1), alpha=scale)


class Identity:
    """Each neuron with the one at its place: a skip connection, or an input that is a drive. It learns nothing."""

    def __init__(self, like: Tensor) -> None:
        self.weight = self.back = like.new_empty(0)

    def up(self, pre: Tensor, base: Tensor, gain: float, out: Tensor | None) -> Tensor:
        """See `Coupling`."""
        return torch.add(base, pre, alpha=gain, out=out)

    def observe(self, pre: Tensor) -> None:
        """Nothing."""

    def down(self, post: Tensor, base: Tensor, gain: float, out: Tensor | None) -> Tensor:
        """See `Coupling`."""
        return torch.add(base, post, alpha=gain, out=out)

    def held(self, copies: int) -> Identity:
        """See `Coupling`."""
        del copies
        return self

    def of(self, samples: Tensor) -> Identity:
        """Itself: it holds nothing of samples."""
        del samples
        return self

    def spread(self, post: Tensor) -> Tensor:
        """The rates themselves."""
        return post

    def routed(self, pre: Tensor, post: Tensor) -> Tensor:
        """The rates themselves."""
        del pre
        return post

    def accumulate(self, pre: Tensor, routed: Tensor, into: Tensor, scale: float) -> None:
        """Nothing."""
