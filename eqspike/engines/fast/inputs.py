"""The input layer, simulated by groups of pixels that send the same thing.

With the integrate-and-fire encoder, pixels of equal level spike together, so their weight rows are summed once
per sample and the sum is added when the level spikes. A level above half scale spikes in most steps: its row
is put into a constant base and *subtracted* in the steps in which it stays silent. Both are exact because
weights lie on the summation grid. What is counted is still every spike of every pixel.

A group sends, in step t, `coefficient + sign * toggles[t]`:

    integrate-and-fire, low level     coefficient 0, sign +1, toggles = spikes
    integrate-and-fire, high level    coefficient 1, sign -1, toggles = silences
    poisson (a group is a pixel)      coefficient 0, sign +1, toggles = spikes
    constant current                  coefficient = current, no toggles
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eqspike.core.random_stream import GAMMA, MIX_1, MIX_2
from eqspike.engines.fast.compilation import inlined
from eqspike.engines.fast.layout import Floats, Ints
from eqspike.tasks.encoders import LEVELS, Encoder

_GAMMA = np.uint64(GAMMA)
_MIX_1 = np.uint64(MIX_1)
_MIX_2 = np.uint64(MIX_2)


class Source(NamedTuple):
    """An encoder as tables over the 256 levels.

    Attributes:
        poisson: whether spikes are drawn per pixel.
        toggles: (steps, 256) steps in which a group adds or subtracts its row.
        coefficients, signs: (256,) as in the module's table.
        events: (phases, 256) spikes of one pixel in each phase (zero for poisson: counted as drawn).
        thresholds: (256,) poisson thresholds.
    """

    poisson: bool
    toggles: NDArray[np.uint8]
    coefficients: Floats
    signs: Floats
    events: Ints
    thresholds: NDArray[np.uint64]


def make_source(
    encoder: Encoder, phases: Sequence[int], precision: str, complement: bool = True
) -> Source:
    """Tables of an encoder for phases of so many steps.

    With `complement`, levels that spike in most steps are described by their silences.
    """
    steps, ends = sum(phases), np.cumsum(phases)[:-1]
    toggles = np.zeros((LEVELS, steps), np.uint8)
    coefficients = np.zeros(LEVELS)
    signs = np.ones(LEVELS)
    events = np.zeros((len(phases), LEVELS), np.int64)
    if encoder.kind == "integrate-and-fire":
        spikes = encoder.pattern(steps)
        events = np.stack([part.sum(1, dtype=np.int64) for part in np.split(spikes, ends, axis=1)])
        high = complement & (2 * np.arange(LEVELS) > encoder.full_scale)
        toggles = spikes ^ high[:, None].astype(np.uint8)
        coefficients = high.astype(float)
        signs = 1.0 - 2.0 * coefficients
    elif encoder.kind == "constant-current":
        coefficients = encoder.currents()
    return Source(
        encoder.kind == "poisson",
        np.ascontiguousarray(toggles.T),
        coefficients.astype(precision),
        signs.astype(precision),
        events,
        encoder.thresholds(),
    )


@inlined
def random_bits(key: Any, position: Any) -> Any:
    """The draw at `position` of stream `key`: the compiled twin of `core.random_stream.draws`."""
    value = (key ^ position) + _GAMMA
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@inlined
def group_by_level(
    levels: Any, weights: Any, fan_out: Any, rows: Any, columns: Any, slots: Any, members: Any,
    fan_outs: Any, group_of: Any,
) -> Any:  # fmt: skip
    """Sum the weight rows of the pixels of each level above 0; returns the number of groups.

    Group g gets `rows[g]`, its level in `columns[g]` and `slots[g]`, the number of its pixels in `members[g]`
    and that of their non-zero weights in `fan_outs[g]`; `group_of[level]` is g, or -1.
    """
    width = rows.shape[1]
    for level in range(group_of.shape[0]):
        group_of[level] = -1
    for pixel in range(levels.shape[0]):
        group_of[levels[pixel]] = 0
    group_of[0] = -1
    groups = 0
    for level in range(1, group_of.shape[0]):
        if group_of[level] == 0:
            group_of[level] = groups
            columns[groups] = level
            slots[groups] = level
            members[groups] = 0
            fan_outs[groups] = 0
            row = rows[groups]
            for i in range(width):
                row[i] = 0
            groups += 1
    for pixel in range(levels.shape[0]):
        group = group_of[levels[pixel]]
        if group >= 0:
            row = rows[group]
            of_pixel = weights[pixel]
            for i in range(width):
                row[i] += of_pixel[i]
            members[group] += 1
            fan_outs[group] += fan_out[pixel]
    return groups


@inlined
def apply_coefficients(
    groups: Any, coefficients: Any, signs: Any, rows: Any, base: Any, columns: Any,
    group_coefficients: Any, group_signs: Any,
) -> None:  # fmt: skip
    """Put the constant part of each group into the base and give each row its sign."""
    width = rows.shape[1]
    for i in range(width):
        base[i] = 0
    for group in range(groups):
        level = columns[group]
        coefficient, sign = coefficients[level], signs[level]
        group_coefficients[group] = coefficient
        group_signs[group] = sign
        if coefficient != 0:
            row = rows[group]
            for i in range(width):
                base[i] += coefficient * row[i]
                row[i] = sign * row[i]


@inlined
def draw_spikes(
    levels: Any, key: Any, thresholds: Any, weights: Any, fan_out: Any, drawn: Any, rows: Any, base: Any,
    columns: Any, slots: Any, members: Any, fan_outs: Any, group_coefficients: Any, group_signs: Any,
) -> Any:  # fmt: skip
    """Poisson: one group per pixel above level 0, its spikes drawn into `drawn`; returns the number of groups."""
    groups = 0
    pixels = levels.shape[0]
    width = rows.shape[1]
    for pixel in range(pixels):
        level = levels[pixel]
        if level > 0:
            threshold = thresholds[level]
            for t in range(drawn.shape[0]):
                bits = random_bits(key, np.uint64(t * pixels + pixel)) >> np.uint64(32)
                drawn[t, groups] = bits < threshold
            columns[groups] = groups
            slots[groups] = pixel
            members[groups] = 1
            fan_outs[groups] = fan_out[pixel]
            group_coefficients[groups] = 0
            group_signs[groups] = 1
            row = rows[groups]
            of_pixel = weights[pixel]
            for i in range(width):
                row[i] = of_pixel[i]
            groups += 1
    for i in range(width):
        base[i] = 0
    return groups


@inlined
def choose_toggled(toggles: Any, columns: Any, groups: Any, chosen: Any) -> Any:
    """List the groups that toggle in one step; returns how many. Free of branches on purpose."""
    count = 0
    for group in range(groups):
        chosen[count] = group
        count += toggles[columns[group]]
    return count
