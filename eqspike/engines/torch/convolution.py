"""A convolution with pooling as a coupling of the relaxation: `core.convolution` on tensors, without autograd.

    up        P(W * pre), and which place max pooling picked of each window
    down      W transposed * Q(post), Q by the picks of `pre`'s current rates
    weights   sum over samples of Q(post) x pre, places summed; Q by the picks of the rates given

Pictures are views of the layers' buffers, and Q(post) has a buffer of its own. PyTorch's convolutions and poolings
take no `out`, so each step still allocates their results; an explicit matrix of patches, whose products do, costs
more time on a CPU than it saves.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, conv_transpose2d, max_pool2d
from torch.nn.grad import conv2d_weight

from eqspike.core.network import Coupling as Wiring


class Convolutional:
    """One kernel for all places of a picture, and pooling. Weights are kept (post, pre, rows, columns).

    Args:
        wiring: a coupling with a convolution.
        weight: of that shape.
    """

    def __init__(self, wiring: Wiring, weight: Tensor) -> None:
        if wiring.convolution is None:
            raise TypeError(f"{wiring.name} has no convolution")
        self.weight = self.back = weight
        self._pooling, self._padding = wiring.convolution.pooling, wiring.convolution.padding
        self._pre = wiring.pre.maps
        self._post = wiring.post.maps
        self._wide = (wiring.post.maps[0], *wiring.convolution.convolved(wiring.pre.maps))
        self._spread = weight.new_zeros(0, *self._wide)
        self._picked: Tensor | None = None

    def up(self, pre: Tensor, base: Tensor, gain: float, out: Tensor) -> None:
        """See `engines.torch.couplings.Coupling`."""
        pooled, self._picked = self._pooled(pre)
        torch.add(base, pooled.flatten(1), alpha=gain, out=out)

    def observe(self, pre: Tensor) -> None:
        """Note the picks of max pooling."""
        if self._pooling.kind == "max":
            _, self._picked = self._pooled(pre)

    def down(self, post: Tensor, base: Tensor, gain: float, out: Tensor) -> None:
        """See `engines.torch.couplings.Coupling`; `out` may be `base`."""
        if len(self._spread) != len(post):
            self._spread = post.new_zeros(len(post), *self._wide)
        spread = self._spread_into(self._spread, post, self._picked)
        drive = conv_transpose2d(spread, self.weight, padding=self._padding)
        torch.add(base, drive.flatten(1), alpha=gain, out=out)

    def routed(self, pre: Tensor, post: Tensor) -> Tensor:
        """Q(post) by the picks of `pre`, (samples, channels, rows, columns) before pooling."""
        picked = self._pooled(pre)[1] if self._pooling.kind == "max" else None
        return self._spread_into(post.new_zeros(len(post), *self._wide), post, picked)

    def accumulate(self, pre: Tensor, routed: Tensor, into: Tensor, scale: float) -> None:
        """See `engines.torch.couplings.Coupling`."""
        shape, maps = list(self.weight.shape), pre.view(-1, *self._pre)
        change: Tensor = conv2d_weight(maps, shape, routed, padding=self._padding)  # type: ignore[no-untyped-call]
        into.add_(change, alpha=scale)

    def _pooled(self, pre: Tensor) -> tuple[Tensor, Tensor | None]:
        """P(W * pre), and the places that max pooling picked, (samples, channels, windows)."""
        convolved = conv2d(pre.view(-1, *self._pre), self.weight, padding=self._padding)
        if self._pooling.kind == "max":
            pooled, picked = max_pool2d(convolved, self._pooling.size, return_indices=True)
            return pooled, picked.flatten(2)
        if self._pooling.kind == "average":
            return avg_pool2d(convolved, self._pooling.size), None
        return convolved, None

    def _spread_into(self, wide: Tensor, post: Tensor, picked: Tensor | None) -> Tensor:
        """Q(post) in `wide`, whose places without a window are zero."""
        maps = post.view(-1, *self._post)
        if self._pooling.kind == "none":
            return maps
        if picked is not None:
            wide.flatten(2).zero_().scatter_(2, picked, maps.flatten(2))
            return wide
        size, (_, rows, columns) = self._pooling.size, self._post
        windows = wide[:, :, : rows * size, : columns * size]
        windows = windows.view(*wide.shape[:2], rows, size, columns, size)
        windows.copy_(maps[:, :, :, None, :, None]).mul_(1.0 / size**2)
        return wide
