"""A convolution with pooling as a coupling of the relaxation: `core.convolution` on tensors.

    up        P(W * pre), and which place max pooling picked of each window
    down      W transposed * Q(post), Q by the picks of `pre`'s current rates
    weights   sum over samples of Q(post) x pre, places summed; Q by the picks

Of places that are equal in theory, such as those of a constant background, rounding makes one the largest, and
another in another number format, and kernels would learn from noise. The rule is: the first place wins. For exact
ties that is what PyTorch does. With `HANDICAP` the n-th place of a window, counted by rows from 0, must exceed the
first by n handicaps: that is an energy like any other, a constant added to the place's drive. bfloat16 has no room
for a handicap and needs none: places that are equal in theory mostly round to the same number.

PyTorch's convolutions and poolings take no `out`, so each step still allocates their results; an explicit matrix
of patches, whose products do, costs more time on a CPU than it saves. Maps may be views of flat buffers or, faster
by up to three times, of channels-last memory.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d, max_unpool2d, pad
from torch.nn.grad import conv2d_weight

from eqspike.core.network import Coupling as Wiring
from eqspike.nn.kernels import Kernel

HANDICAP = 2.0**-18
"""Above the rounding of a convolution in float32 whose sums are of the order of ten."""


class Convolutional:
    """One kernel for all places of a picture, and pooling. Weights are kept (post, pre, rows, columns).

    Args:
        wiring: a coupling with a convolution.
        forward, backward: kernels of that shape; not given: the same in both directions.
        handicap: of each place of a window of max pooling on the one before it; 0 for exact ties alone.
    """

    def __init__(
        self, wiring: Wiring, forward: Kernel, backward: Kernel | None = None, handicap: float = 0.0
    ) -> None:
        if wiring.convolution is None:
            raise TypeError(f"{wiring.name} has no convolution")
        self._forward, self._backward = forward, backward or forward
        self.weight, self.back = self._forward.weight, self._backward.weight
        self._wiring, self._handicap = wiring, handicap
        self._pooling, self._padding = wiring.convolution.pooling, wiring.convolution.padding
        self._wide = wiring.convolution.convolved(wiring.pre.maps)
        self._picked: Tensor | None = None
        self._places = self._make_places(self.weight) if handicap else None
        self._mask: Tensor | None = None

    def up(self, pre: Tensor, base: Tensor, gain: float, out: Tensor | None) -> Tensor:
        """See `nn.couplings.Coupling`."""
        pooled, self._picked = self._pooled(pre)
        return self._added(base, pooled, gain, out)

    def observe(self, pre: Tensor) -> None:
        """Note the picks of max pooling."""
        if self._pooling.kind == "max" and self._mask is None:
            _, self._picked = self._pooled(pre)

    def down(self, post: Tensor, base: Tensor, gain: float, out: Tensor | None) -> Tensor:
        """See `nn.couplings.Coupling`; `out` may be `base`."""
        return self._added(base, self._backward.down(self.spread(post)), gain, out)

    def held(self, copies: int) -> Convolutional:
        """See `nn.couplings.Coupling`."""
        other = Convolutional(self._wiring, self._backward, self._forward)
        if self._picked is not None:
            other._picked = torch.cat([self._picked] * copies)
            ones = torch.ones_like(other._picked, dtype=self.weight.dtype)
            other._mask = other.spread(ones)
        return other

    def of(self, samples: Tensor) -> Convolutional:
        """See `nn.couplings.Coupling`: with their picks, where picks are held; itself where they are not."""
        if self._mask is None or self._picked is None:
            return self
        other = Convolutional(self._wiring, self._forward, self._backward)
        other._picked, other._mask = (each[samples] for each in (self._picked, self._mask))
        return other

    def spread(self, post: Tensor) -> Tensor:
        """Q(post) by the picks last noted, (samples, channels, rows, columns) before pooling."""
        return self._spread(post, self._picked)

    def routed(self, pre: Tensor, post: Tensor) -> Tensor:
        """Q(post) by the picks of `pre`."""
        return self._spread(post, self._pooled(pre)[1] if self._pooling.kind == "max" else None)

    def accumulate(self, pre: Tensor, routed: Tensor, into: Tensor, scale: float) -> None:
        """See `nn.couplings.Coupling`."""
        shape, maps = list(self.weight.shape), pre.view(-1, *self._wiring.pre.maps)
        change: Tensor = conv2d_weight(maps, shape, routed, padding=self._padding)  # type: ignore[no-untyped-call]
        into.add_(change, alpha=scale)

    def _pooled(self, pre: Tensor) -> tuple[Tensor, Tensor | None]:
        """P(W * pre), and the places that max pooling picked, (samples, channels, rows, columns)."""
        maps = pre.view(-1, *self._wiring.pre.maps)
        convolved, size = self._forward.up(maps), self._pooling.size
        if self._mask is not None:
            picked = avg_pool2d(convolved.mul_(self._mask), size, divisor_override=1)
            return picked, self._picked
        if self._pooling.kind == "max":
            if self._places is not None:
                convolved.sub_(self._places)
            return max_pool2d(convolved, size, return_indices=True)
        if self._pooling.kind == "average":
            return avg_pool2d(convolved, size), None
        return convolved, None

    def _spread(self, post: Tensor, picked: Tensor | None) -> Tensor:
        """Q(post), whose places without a window are zero."""
        size, (rows, columns) = self._pooling.size, self._wide
        maps = post.view(-1, *self._wiring.post.maps)
        if self._pooling.kind == "none":
            return maps
        if picked is not None:
            return max_unpool2d(maps, picked, [size, size], output_size=(rows, columns))
        wide = interpolate(maps, scale_factor=float(size)).mul_(1.0 / size**2)
        more = (0, columns - wide.shape[3], 0, rows - wide.shape[2])
        return pad(wide, more) if any(more) else wide

    def _added(self, base: Tensor, drive: Tensor, gain: float, out: Tensor | None) -> Tensor:
        if out is None:
            return torch.add(base, drive, alpha=gain)
        maps = drive.shape[1:]
        torch.add(_as(base, maps), drive, alpha=gain, out=_as(out, maps))
        return out

    def _make_places(self, like: Tensor) -> Tensor:
        """The handicap of each place of the convolved maps, (rows, columns)."""
        rows, columns = (
            torch.arange(side, device=like.device) % self._pooling.size for side in self._wide
        )
        return ((rows[:, None] * self._pooling.size + columns) * self._handicap).to(like.dtype)


def _as(tensor: Tensor, maps: torch.Size) -> Tensor:
    """A flat buffer as maps; maps as they are."""
    return tensor if tensor.dim() == 4 else tensor.view(-1, *maps)
