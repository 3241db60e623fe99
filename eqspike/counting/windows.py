"""Windows of convolutions and poolings along one axis, as numbers in a NIR graph say them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqspike.core.errors import DataError
from eqspike.counting.connections import Ints
from eqspike.counting.tensors import plain


@dataclass(frozen=True)
class Windows:
    """All windows along one axis; window p has its k-th place at p stride + k dilation - before.

    Attributes:
        size: places of the axis.
        kernel: places of a window.
        stride, dilation: from window to window, and from place to place of a window.
        before, after: places of padding at the two ends.
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int

    @property
    def number(self) -> int:
        """Number of windows."""
        length = self.size + self.before + self.after - self.dilation * (self.kernel - 1) - 1
        return length // self.stride + 1

    def met(self, k: int) -> tuple[Ints, Ints]:
        """Windows whose k-th place is no padding, and that place of each."""
        places = np.arange(self.number) * self.stride + k * self.dilation - self.before
        (windows,) = np.nonzero((places >= 0) & (places < self.size))
        return windows, places[windows]


def windows_of(node: Any, name: str, sizes: Sequence[int], kernel: Sequence[int]) -> list[Windows]:
    """Windows of a node along each axis of places.

    Args:
        node: `Conv1d`, `Conv2d`, `SumPool2d` or `AvgPool2d`; name: its name, for messages.
        sizes: places of its input; kernel: places of a window, both by axis.

    Raises:
        DataError: for numbers that are no whole numbers in range, or a window larger than its padded input.
    """
    axes = len(sizes)
    stride = whole_numbers(node.stride, axes, 1, f"stride of node '{name}'")
    given = getattr(node, "dilation", 1)
    dilation = whole_numbers(given, axes, 1, f"dilation of node '{name}'")
    before, after = _padding(node, name, kernel, stride, dilation)
    found = [
        Windows(*numbers)
        for numbers in zip(sizes, kernel, stride, dilation, before, after, strict=True)
    ]
    for axis in found:
        if axis.number < 1:
            raise DataError(
                f"windows of node '{name}' must fit its padded input, got {axis.kernel} places "
                f"{axis.dilation} apart for {axis.size + axis.before + axis.after}"
            )
    return found


def whole_numbers(value: Any, axes: int, low: int, what: str) -> list[int]:
    """One whole number of at least `low` for each axis; one alone is that of all.

    Raises:
        DataError: for anything else.
    """
    given = np.atleast_1d(plain(value, what)).ravel()
    whole = given.size in (1, axes) and given.dtype.kind in "iuf"
    if not whole or not ((given >= low) & (given == np.floor(given))).all():
        raise DataError(
            f"{what} must be {axes} whole numbers at least {low}, or one for all axes, got {value!r}"
        )
    return [int(number) for number in np.broadcast_to(given, axes)]


def _padding(
    node: Any, name: str, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Places added before and after, by axis. A node that was read from a file holds an array or a text."""
    text = node.padding
    if not isinstance(text, (str, bytes)):
        both = whole_numbers(node.padding, len(kernel), 0, f"padding of node '{name}'")
        return both, both
    text = text.decode() if isinstance(text, bytes) else text
    if text == "valid":
        return [0] * len(kernel), [0] * len(kernel)
    if text != "same" or any(number != 1 for number in stride):
        raise DataError(
            f"padding of node '{name}' must be whole numbers, 'valid', or 'same' with stride 1, got {text!r} with "
            f"stride {list(stride)}"
        )
    total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    return [n // 2 for n in total], [n - n // 2 for n in total]
