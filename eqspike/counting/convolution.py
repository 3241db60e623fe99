"""Synapses of a convolution: how many windows each place of its input lies in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import UnsupportedError
from eqspike.counting.connections import Connection, Ints, plain


def convolution(source: str, target: str, node: Any) -> Connection:
    """The connection of a `Conv1d` or `Conv2d` node of NIR.

    A spike of channel c at (y, x) passes the weight (ky, kx) of each output channel if a window has its place
    (ky, kx) there:

        fan_out(c, y, x) = sum over ky, kx of   weights(c, ky, kx) meets(ky, y) meets(kx, x)

    where weights(c, ky, kx) is the number of output channels with a stored (or non-zero) weight.

    Raises:
        UnsupportedError: if the node does not say the size of its input.
    """
    weight = plain(node.weight)
    axes = weight.ndim - 2
    sizes = np.atleast_1d(plain(node.input_shape)) if node.input_shape is not None else None
    if sizes is None or None in sizes.tolist():
        raise UnsupportedError(
            f"the convolution from '{source}' to '{target}' must have an input_shape, got none"
        )
    meets = [
        _meets(int(sizes[axis]), weight.shape[2 + axis], _of(node.stride, axis),
               _padding(node, weight, axis), _of(node.dilation, axis))
        for axis in range(axes)
    ]  # fmt: skip
    groups = int(node.groups)
    return Connection(
        source,
        target,
        _reached(np.ones_like(weight, dtype=bool), groups, meets),
        _reached(weight != 0, groups, meets),
    )


def _reached(present: NDArray[np.bool_], groups: int, meets: list[Ints]) -> Ints:
    """(input channels x places,) from (output channels, channels of a group, kernel...)."""
    grouped = present.reshape(groups, -1, *present.shape[1:]).sum(1, dtype=np.int64)
    reached = grouped.reshape(-1, *present.shape[2:])
    for of_axis in meets:
        # The kernel's axes are used up from the front, the places come in at the end.
        reached = np.tensordot(reached, of_axis, axes=(1, 0))
    return np.asarray(reached, np.int64).ravel()


def _meets(size: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int) -> Ints:
    """(kernel, size): 1 where a window has its k-th place at a place of the input."""
    before, after = padding
    windows = (size + before + after - dilation * (kernel - 1) - 1) // stride + 1
    result = np.zeros((kernel, size), np.int64)
    for k in range(kernel):
        places = np.arange(windows) * stride + k * dilation - before
        result[k, places[(places >= 0) & (places < size)]] = 1
    return result


def _padding(node: Any, weight: NDArray[Any], axis: int) -> tuple[int, int]:
    """Places added before and after."""
    if node.padding == "valid":
        return 0, 0
    if node.padding == "same":
        total = _of(node.dilation, axis) * (weight.shape[2 + axis] - 1)
        return total // 2, total - total // 2
    return _of(node.padding, axis), _of(node.padding, axis)


def _of(value: Any, axis: int) -> int:
    values = np.atleast_1d(value)
    return int(values[axis if len(values) > 1 else 0])
