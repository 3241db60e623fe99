"""Summing the changes of a batch in a fixed order and writing them to the weight memory.

Each thread owns a range of rows and adds the samples' changes in the order of the samples, so the result does
not depend on the number of threads. The rounding rules are the compiled twins of `eqspike.memory`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eqspike.core.grid import STEPS_PER_UNIT
from eqspike.engines.fast.arithmetic import copy, fill
from eqspike.engines.fast.compilation import inlined, kernel
from eqspike.engines.fast.inputs import random_bits
from eqspike.memory import Fixed, Ideal, WeightMemory

IDEAL, NEAREST, STOCHASTIC, FLOOR = 0, 1, 2, 3
ROUNDINGS = {"nearest": NEAREST, "stochastic": STOCHASTIC, "floor": FLOOR}


class Storage(NamedTuple):
    """How one coupling is stored.

    Attributes:
        kind: `IDEAL`, `NEAREST`, `STOCHASTIC` or `FLOOR`.
        step: weight of one code; largest_code: saturation (both unused by ideal).
        grid: summation grid of the working precision, in steps per unit.
    """

    kind: int
    step: float
    largest_code: float
    grid: float


def make_storage(memory: WeightMemory, coupling: int, precision: str) -> Storage | None:
    """A memory as the kernels know it; None for one that has no compiled twin."""
    grid = STEPS_PER_UNIT[precision]
    if type(memory) is Ideal:
        return Storage(IDEAL, 1.0, 0.0, grid)
    if type(memory) is Fixed:
        rounding, largest = ROUNDINGS[memory.rounding], float(memory.largest_code)
        return Storage(rounding, memory.step(coupling), largest, grid)
    return None


@inlined
def programmed(stored: Any, change: Any, storage: Any, key: Any, position: Any) -> Any:
    """What one synapse holds after asking for `stored + change`, in float64."""
    if storage.kind == IDEAL:
        return stored + change
    wanted = (stored + change) / storage.step
    if storage.kind == NEAREST:
        code = np.rint(wanted)
    elif storage.kind == FLOOR:
        code = np.floor(wanted)
    else:
        uniform = np.float64(random_bits(key, position) >> np.uint64(11)) * 2.0**-53
        code = np.floor(wanted + uniform)
    return min(max(code, -storage.largest_code), storage.largest_code) * storage.step


@inlined
def write_row(
    stored: Any,
    change: Any,
    rate: Any,
    storage: Any,
    key: Any,
    position: Any,
    read: Any,
    tally: Any,
) -> Any:
    """Program one row of weights and refresh its working copy; returns its number of non-zero weights."""
    candidate = 0
    applied = 0
    filled = 0
    grid = storage.grid
    for i in range(stored.shape[0]):
        delta = rate * np.float64(change[i])
        old = stored[i]
        new = old
        if delta != 0.0:
            new = programmed(old, delta, storage, key, position + np.uint64(i))
            candidate += 1
            applied += new != old
        stored[i] = new
        value = np.rint(new * grid) / grid
        read[i] = value
        filled += value != 0.0
    tally[0] += candidate
    tally[1] += applied
    return filled


@kernel
def write_input(
    first: Any,
    last: Any,
    images: Any,
    samples: Any,
    poisson: Any,
    changes: Any,
    rate: Any,
    storage: Any,
    key: Any,
    stored: Any,
    read: Any,
    fan_out: Any,
    carried: Any,
    fresh: Any,
    final: Any,
    tally: Any,
) -> None:
    """Write rows `first` to `last` - 1 of the input coupling.

    A pixel's change is the sum over samples of its group's change: the group is the pixel for poisson, else its
    level. A batch larger than a block arrives in blocks: sums are `carried` (pixels, width) between them
    unless the block is `fresh` (first), and written after the `final` one.
    """
    size = stored.shape[1]
    total = np.zeros(changes.shape[2], changes.dtype)
    zero = changes.dtype.type(0)
    for pixel in range(first, last):
        seen = False
        if not fresh:
            copy(carried[pixel], total)
            seen = True
        for sample in range(samples):
            level = images[sample, pixel]
            if level > 0:
                change = changes[sample, pixel if poisson else np.int64(level)]
                if not seen:
                    fill(total, zero)
                    seen = True
                for i in range(total.shape[0]):
                    total[i] += change[i]
        if not final:
            if not seen:
                fill(total, zero)
            copy(total, carried[pixel])
        elif seen:
            position = np.uint64(pixel) * np.uint64(size)
            fan_out[pixel] = write_row(
                stored[pixel], total, rate, storage, key, position, read[pixel, :size], tally
            )


@kernel
def write_coupling(
    samples: Any,
    changes: Any,
    total: Any,
    fresh: Any,
    final: Any,
    rate: Any,
    storage: Any,
    key: Any,
    stored: Any,
    forward: Any,
    backward: Any,
    fan_out: Any,
    fan_back: Any,
    tally: Any,
) -> None:
    """Write one coupling between free layers and both working copies of it.

    `changes` (samples, width above, width below) is transposed, as is `total`, the sum carried from block to
    block; `stored` is (below, above).
    """
    below, above = stored.shape
    zero = changes.dtype.type(0)
    for post in range(above):
        row = total[post]
        if fresh:
            fill(row, zero)
        for sample in range(samples):
            change = changes[sample, post]
            for i in range(row.shape[0]):
                row[i] += change[i]
    if not final:
        return
    column = np.zeros(above, changes.dtype)
    fill(fan_back, 0)
    for pre in range(below):
        for post in range(above):
            column[post] = total[post, pre]
        fan_out[pre] = write_row(
            stored[pre],
            column,
            rate,
            storage,
            key,
            np.uint64(pre) * np.uint64(above),
            forward[pre, :above],
            tally,
        )
        for post in range(above):
            backward[post, pre] = forward[pre, post]
            fan_back[post] += forward[pre, post] != 0
