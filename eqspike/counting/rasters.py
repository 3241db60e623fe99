"""Spike arrays of any simulator in one form: (samples, steps, neurons...), whole numbers of spikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.amounts import check_whole
from eqspike.core.errors import ConfigError, DataError
from eqspike.counting.tensors import plain

Raster = NDArray[Any]

AXES = ("samples", "steps", "neurons")
"""Axes of a spike array, in the order that is taken if none is given."""

MOST = 2**31 - 1
"""More spikes of a neuron in one step than this are none."""


def rasters_of(
    spikes: Mapping[str, Any], axes: Sequence[str] = AXES, steps: int | None = None
) -> dict[str, Raster]:
    """Arrays (samples, steps, neurons...) by layer, of equal samples and steps.

    Args:
        spikes: by layer, arrays or tensors of whole numbers of spikes.
        axes: order of their axes. `neurons` stands for one axis or several; without `samples` there is one sample.
        steps: time steps of a sample, to be checked; None if they are not known beforehand.

    Raises:
        DataError: for arrays that are no spikes, or do not fit each other or `steps`.
        ConfigError: for axes that do not exist, or spikes that are not given by layer.
    """
    _check_axes(axes)
    if steps is not None:
        check_whole("steps", steps)
    if not isinstance(spikes, Mapping):
        raise ConfigError(
            f"spikes must be given by layer, such as {{'input': array}}, got {type(spikes).__name__}"
        )
    rasters = {str(name): _raster(str(name), values, axes) for name, values in spikes.items()}
    shapes = {raster.shape[:2] for raster in rasters.values()}
    if len(shapes) != 1:
        found = ", ".join(f"'{name}' {raster.shape[:2]}" for name, raster in rasters.items())
        raise DataError(f"all layers must have equal samples and steps, got {found or 'no layer'}")
    ((samples, found_steps),) = shapes
    if steps is not None and steps != found_steps:
        order = "('steps', 'samples', 'neurons')" if steps == samples else "..."
        raise DataError(
            f"spikes must have {steps} steps, got {found_steps} steps of {samples} samples, as their axes are "
            f"({', '.join(axes)}); if that is another order, give it by axes={order}"
        )
    return rasters


def _check_axes(axes: Sequence[str]) -> None:
    given = tuple(axes) if isinstance(axes, (list, tuple)) else ()
    if len(set(given)) != len(given) or not {"steps", "neurons"} <= set(given) <= set(AXES):
        raise ConfigError(
            f"axes must be {', '.join(AXES)} in the order of the arrays, samples only if there are several, "
            f"got {axes!r}"
        )


def _raster(name: str, values: Any, axes: Sequence[str]) -> Raster:
    array = plain(values, f"spikes of '{name}'")
    if array.ndim < len(axes):
        raise DataError(
            f"spikes of '{name}' must have the shape ({', '.join(axes)}), got {array.shape}"
        )
    refuse_no_spikes(name, array, MOST)
    place, behind = {}, array.ndim - len(axes)
    for position, axis in enumerate(axes):
        place[axis] = position + behind if position > axes.index("neurons") else position
    if "samples" not in place:
        array, place = array[None], {axis: at + 1 for axis, at in place.items()} | {"samples": 0}
    return np.moveaxis(array, (place["samples"], place["steps"]), (0, 1))


def refuse_no_spikes(name: str, array: Raster, most: int) -> None:
    """Refuse values that are no whole numbers of spikes from 0 to `most`.

    Raises:
        DataError: naming the layer and the values.
    """
    # NaN fails every comparison.
    if not ((array >= 0) & (array <= most) & (array == np.floor(array))).all():
        rule = "0 or 1" if most == 1 else "whole numbers of spikes, 0, 1 or more"
        raise DataError(
            f"spikes of '{name}' must be {rule}, got values from {array.min()} to {array.max()}; "
            "what sends numbers multiplies them, and is not counted as spikes"
        )
