"""What a spike passes at the nodes of a NIR graph that have no neurons.

Nodes with weights (`Linear`, `Affine`, `Conv1d`, `Conv2d`) have stored synapses; the others hand spikes on:
`Flatten` and `Delay` as they are, a pooling to each window that a place lies in. Both are linear, so the synapses
that a spike reaches are found backwards: where r(y) is what one arrives at from place y behind a node,

    r(x) = sum over y of   m(y, x) r(y)

with m the number of ways from x to y: of a stored (or non-zero) weight, of a window, or of the place itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import DataError, UnsupportedError
from eqspike.counting.connections import Ints
from eqspike.counting.tensors import plain
from eqspike.counting.windows import Windows, whole_numbers, windows_of

MATRICES = ("Linear", "Affine")
CONVOLUTIONS = ("Conv1d", "Conv2d")
WEIGHTED = (*MATRICES, *CONVOLUTIONS)
POOLINGS = ("SumPool2d", "AvgPool2d")
PASSING = ("Flatten", "Delay", *POOLINGS)
"""Nodes that hand each spike on."""

Shape = tuple[int, ...]
Reached = NDArray[np.float64]
"""Whole numbers; in this form a product of matrices is fast, and exact below 2^53."""


def shape_behind(node: Any, name: str, shape: Shape) -> Shape:
    """Shape of what leaves a node for an input of a shape.

    Raises:
        DataError: if such an input does not fit the node.
        UnsupportedError: if neither the node nor its input says where places lie.
    """
    kind = type(node).__name__
    entry = shape_before(node, name, shape)
    if kind == "Flatten":
        return _flattened(node, name, entry)
    if kind == "Delay":
        return entry
    if kind in MATRICES:
        return (*node.weight.shape[:-2], int(node.weight.shape[-2]))
    number = tuple(axis.number for axis in _windows(node, name, entry))
    channels = int(node.weight.shape[0]) if kind in CONVOLUTIONS else entry[0]
    return (channels, *number)


def shape_before(node: Any, name: str, shape: Shape) -> Shape:
    """The input's shape with the axes the node needs, which neurons in one row do not have.

    Raises:
        DataError, UnsupportedError: as `shape_behind`.
    """
    needed = _needed(node, name, shape)
    reshaped = len(shape) > 1 and len(needed) > 1 and _slim(shape) != _slim(needed)
    if math.prod(needed) != math.prod(shape) or reshaped:
        raise DataError(
            f"node '{name}' of the graph must have an input of the shape {needed}, got {shape}"
        )
    return needed


def _needed(node: Any, name: str, shape: Shape) -> Shape:
    kind = type(node).__name__
    if kind in MATRICES:
        return (*node.weight.shape[:-2], int(node.weight.shape[-1]))
    if kind in CONVOLUTIONS:
        return _convolved(node, name, shape)
    if kind == "Delay":
        size = math.prod(plain(node.delay, f"delay of node '{name}'").shape)
        return shape if size in (1, math.prod(shape)) else (size,)
    needed = _declared(node)
    if needed is None or _inferred(needed, shape):
        needed = shape if kind == "Flatten" or len(shape) == 3 else None
    if needed is None:
        raise UnsupportedError(
            f"node '{name}' of the graph pools neurons of the shape {shape}: where they lie is not known; "
            "give them channels, rows and columns"
        )
    return needed


def _inferred(declared: Shape, shape: Shape) -> bool:
    """Whether the shape of a node's input is one that nir found wrongly, and what comes in has the axes.

    nir 1.0.8 takes all kernels as square where it finds the shapes of poolings and of what is flattened.
    """
    return len(declared) == len(shape) > 1 and math.prod(declared) != math.prod(shape)


def reached_before(node: Any, name: str, shape: Shape, behind: Reached, effective: bool) -> Reached:
    """What is reached from each place of a node's input, given what is reached from behind it.

    Args:
        shape: of the input; behind: (places behind the node...).
        effective: whether only weights that are not zero count.
    """
    kind = type(node).__name__
    entry = shape_before(node, name, shape)
    if kind in ("Flatten", "Delay"):
        return behind.reshape(shape)
    if kind in POOLINGS:
        weight = np.ones((entry[0], 1, *(axis.kernel for axis in _windows(node, name, entry))))
        groups = entry[0]
    else:
        stored = plain(node.weight, f"weights of node '{name}'")
        if np.isnan(stored).any():
            raise DataError(f"weights of node '{name}' must be numbers, got NaN")
        weight = (stored != 0).astype(float) if effective else np.ones(stored.shape)
        if kind in MATRICES:
            return np.asarray(np.einsum("...oi,...o->...i", weight, behind)).reshape(shape)
        groups = int(plain(node.groups, f"groups of node '{name}'"))
    return _through(weight, groups, _windows(node, name, entry), behind).reshape(shape)


def _through(
    weight: NDArray[np.float64], groups: int, windows: Sequence[Windows], behind: Reached
) -> Reached:
    """(input channels, places...) from weights (output channels, channels of a group, kernel...)."""
    outputs, of_group = weight.shape[:2]
    reached = np.zeros((groups, of_group, *(axis.size for axis in windows)))
    each = behind.reshape(groups, outputs // groups, *behind.shape[1:])
    kernel = weight.reshape(groups, outputs // groups, of_group, *weight.shape[2:])
    for place in product(*(range(axis.kernel) for axis in windows)):
        met = [axis.met(k) for axis, k in zip(windows, place, strict=True)]
        seen, lain = (_grid([pair[side] for pair in met]) for side in (0, 1))
        at: Any = (..., *place)
        weights, here = kernel[at], each[seen]
        # (group, output, channel) and (group, output, places...): one product of matrices for each group.
        found = weights.swapaxes(1, 2) @ here.reshape(*here.shape[:2], -1)
        reached[lain] += found.reshape(groups, of_group, *here.shape[2:])
    return reached


def _grid(places: Sequence[Ints]) -> tuple[Any, ...]:
    """Index of all groups and channels at the places of each axis."""
    return (slice(None), slice(None), *np.ix_(*places))


def _windows(node: Any, name: str, entry: Shape) -> list[Windows]:
    if type(node).__name__ in POOLINGS:
        kernel = whole_numbers(node.kernel_size, 2, 1, f"kernel_size of node '{name}'")
    else:
        kernel = [int(n) for n in node.weight.shape[2:]]
    return windows_of(node, name, entry[1:], kernel)


def _convolved(node: Any, name: str, shape: Shape) -> Shape:
    """Channels and places of a convolution's input, from the node or from what comes in."""
    (groups,) = whole_numbers(node.groups, 1, 1, f"groups of node '{name}'")
    outputs, of_group = (int(n) for n in node.weight.shape[:2])
    axes = len(node.weight.shape) - 2
    if outputs % groups:
        raise DataError(
            f"groups of node '{name}' must divide its {outputs} output channels, got {groups}"
        )
    if node.input_shape is not None:
        what = f"input_shape of node '{name}'"
        return (of_group * groups, *whole_numbers(node.input_shape, axes, 1, what))
    if len(shape) != axes + 1:
        raise UnsupportedError(
            f"the convolution '{name}' of the graph must have an input_shape, got none, and neurons of the shape "
            f"{shape} come in"
        )
    return (of_group * groups, *shape[1:])


def _declared(node: Any) -> Shape | None:
    given = (node.input_type or {}).get("input")
    return None if given is None else tuple(int(n) for n in np.atleast_1d(given))


def _flattened(node: Any, name: str, entry: Shape) -> Shape:
    ends = [
        int(plain(end, f"node '{name}'")) % max(len(entry), 1)
        for end in (node.start_dim, node.end_dim)
    ]
    first, last = ends
    return (*entry[:first], math.prod(entry[first : last + 1]), *entry[last + 1 :])


def _slim(shape: Shape) -> Shape:
    return tuple(n for n in shape if n != 1)
