"""Convolution with pooling, as one coupling between two layers of maps.

A layer of maps has the shape (channels, rows, columns). One kernel serves all places of a picture:

    Phi = sum of s_post . P(W * s_pre)          * convolution (as PyTorch's conv2d: no flip), P pooling
    drive of post = dPhi/ds_post = P(W * s_pre)
    drive of pre  = dPhi/ds_pre  = W transposed * Q(s_post)
    change of W   ~ dPhi/dW      = sum over samples and places of Q(s_post) x the part of s_pre that W sees there

Average pooling is linear, and Q spreads each rate evenly over its window. Max pooling picks one place of each
window, and Q puts the rate back at that place: it needs the *indices* of the picks, which are those of the current
rates of `pre` under the current weights, the same on the way up, on the way down and in the change. Where they do
not exist, max pooling is refused.

Windows do not overlap; rows and columns that fill no window at the lower and right border are left out.

Source: Ernoult, Grollier, Querlioz, Bengio and Scellier, NeurIPS 2019, appendix on the convolutional architecture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eqspike.core.amounts import check_whole
from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.showing import show

KINDS = ("dense", "convolution")
POOLINGS = ("none", "average", "max")

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Pooling:
    """What of each window of size x size places reaches the layer above.

    Attributes:
        kind: `max`, `average`, or `none`, which has a size of 1.
        size: rows and columns of a window, and the step from one to the next.
    """

    kind: str = "none"
    size: int = 1

    def __post_init__(self) -> None:
        """Refuse another kind, or a size that it cannot have.

        Raises:
            ConfigError: with the value.
        """
        if self.kind not in POOLINGS:
            raise ConfigError(
                f"Pooling: kind must be one of {', '.join(POOLINGS)}, got {show(self.kind)}"
            )
        check_whole("Pooling: size", self.size)
        if self.kind == "none" and self.size != 1:
            raise ConfigError(f"Pooling: size must be 1 where kind is none, got {self.size}")

    @staticmethod
    def read(section: Section) -> Pooling:
        """Read the `pooling` section of a coupling."""
        section.explain(
            kind="`none` has windows of size 1",
        )
        kind = section.choice("kind", POOLINGS)
        pooling = Pooling() if kind == "none" else Pooling(kind, section.integer("size", low=2))
        section.close()
        return pooling


@dataclass(frozen=True)
class Convolution:
    """A square kernel moved in steps of one place, and pooling of what it gives.

    Attributes:
        kernel: rows and columns of the kernel.
        padding: rows and columns of zeros around each map, fewer than the kernel has.
        pooling: of the convolved maps.
    """

    kernel: int
    padding: int = 0
    pooling: Pooling = Pooling()

    def __post_init__(self) -> None:
        """Refuse a kernel or padding that cannot be.

        Raises:
            ConfigError: with the value.
        """
        check_whole("Convolution: kernel", self.kernel)
        check_whole("Convolution: padding", self.padding, 0, self.kernel - 1)
        if not isinstance(self.pooling, Pooling):
            raise ConfigError(f"Convolution: pooling must be a Pooling, got {show(self.pooling)}")

    @staticmethod
    def read(section: Section) -> Convolution:
        """Read the rest of a coupling of kind `convolution`."""
        kernel = section.integer("kernel", low=1)
        return Convolution(
            kernel,
            section.integer("padding", 0, low=0, high=kernel - 1),
            Pooling.read(section.section("pooling", {"kind": "none"})),
        )

    def convolved(self, pre: Shape) -> tuple[int, int]:
        """Rows and columns of the convolved maps, before pooling; below 1 if the kernel is too large."""
        more = 2 * self.padding - self.kernel + 1
        return pre[1] + more, pre[2] + more

    def pooled(self, pre: Shape) -> tuple[int, int]:
        """Rows and columns of the maps above."""
        rows, columns = self.convolved(pre)
        return rows // self.pooling.size, columns // self.pooling.size

    def reach(self, pre: Shape) -> NDArray[np.int64]:
        """Number of places at which each weight of a kernel meets a neuron of `pre`, (kernel, kernel).

        Places that fill no window of the pooling, and neurons that are padding, do not count.
        """
        sides = []
        for side, windows in zip(pre[1:], self.pooled(pre), strict=True):
            places = np.arange(windows * self.pooling.size) - self.padding
            seen = places[None, :] + np.arange(self.kernel)[:, None]
            sides.append(((seen >= 0) & (seen < side)).sum(1))
        return np.asarray(np.outer(*sides))
