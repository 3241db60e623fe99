"""Kernels that write weights of one bit: `memory.Binary`, a row of the inertia at a time, when something moves it.

    m <- (1 - gamma) m + scale c        c: whole number, the contrast summed over the batch

A row holds the inertia of all weights that end in one neuron. Where no sample has moved its contrast, a write only
shrinks it, which can flip nothing: such writes are made up for, one multiplication after another, when the row is
next touched or read. Every number is then the one that a pass over all rows in every write gives, bit for bit.
"""

from __future__ import annotations

from typing import Any

from numba import uint32

from eqspike.engines.fast.bits.words import WORD, popcount
from eqspike.engines.fast.compilation import inlined, kernel


@kernel
def stand_up(first: Any, last: Any, one: Any, other: Any, signs: Any, ends: Any) -> None:
    """Bits of each neuron along the samples, from words first..last - 1 of bits along the neurons.

    Args:
        one, other: (samples, words); where the sign of a sample's contrast is negative they change places.
        ends: (2, words of samples, neurons) a place for every bit of every word; zero before.
    """
    for sample in range(one.shape[0]):
        row, lane = sample // WORD, uint32(sample % WORD)
        for word in range(first, last):
            turned = signs[sample] < 0
            pair = (
                (other[sample, word], one[sample, word])
                if turned
                else (one[sample, word], other[sample, word])
            )
            for side in range(2):
                bits = pair[side]
                if bits != 0:
                    column = ends[side, row, word * WORD : (word + 1) * WORD]
                    for place in range(column.shape[0]):
                        column[place] |= ((bits >> uint32(place)) & uint32(1)) << lane


@inlined
def fade(row: Any, share: Any, times: Any) -> None:
    """row <- share row, one multiplication after another."""
    for _ in range(times // 4):
        for place in range(row.shape[0]):
            row[place] = (((row[place] * share) * share) * share) * share
    for _ in range(times % 4):
        for place in range(row.shape[0]):
            row[place] *= share


@inlined
def add_images(samples: Any, images: Any, first: Any, sign: Any, total: Any) -> None:
    """total += sign x the images of the samples whose bit is set, counted from `first`."""
    for lane in range(WORD):
        if (samples >> uint32(lane)) & uint32(1):
            image = images[first + lane]
            for pixel in range(total.shape[0]):
                total[pixel] += sign * image[pixel]


@inlined
def write_row(
    neuron: Any, memory: Any, up: Any, share: Any, scale: Any, threshold: Any, total: Any
) -> Any:  # fmt: skip
    """Add a contrast to a row that has been faded; returns how many weights flipped.

    Args:
        up: bits of the weights, (words of pre, post); total: (pre,) contrast.
    """
    row, flips, alive = memory.inertia[neuron], 0, 0
    kind = row.dtype.type
    for word in range(up.shape[0]):
        part = row[word * WORD : min((word + 1) * WORD, row.shape[0])]
        change = total[word * WORD : word * WORD + part.shape[0]]
        signs, turned = up[word, neuron], uint32(0)
        for lane in range(part.shape[0]):
            value = part[lane] * share + scale * kind(change[lane])
            part[lane] = value
            alive += value != 0
            against = -value if (signs >> uint32(lane)) & uint32(1) else value
            turned |= uint32(against > threshold) << uint32(lane)
        memory.turned[word, neuron] = turned
        if turned != 0:
            up[word, neuron] = signs ^ turned
            flips += popcount(turned)
            for lane in range(part.shape[0]):
                memory.writes[neuron, word * WORD + lane] += (turned >> uint32(lane)) & uint32(1)
    memory.alive[neuron] = alive
    return flips


@kernel
def write_from_input(
    first: Any, last: Any, images: Any, ends: Any, up: Any, memory: Any, numbers: Any, clock: Any,
    every: Any, total: Any,
) -> int:  # fmt: skip
    """Write the rows first..last - 1 of the coupling from the clamped input; returns flips.

    Args:
        ends: as `stand_up` gives it, of the first free layer; numbers: (3,) 1 - gamma, scale, threshold.
        clock: writes before this one; every: whether rows without a contrast are written too.
        total: room for a row's contrast, (pixels,).
    """
    flips = 0
    for neuron in range(first, last):
        moved = every
        for row in range(ends.shape[1]):
            moved |= ends[0, row, neuron] != ends[1, row, neuron]
        if not moved:
            continue
        total[:] = 0
        for row in range(ends.shape[1]):
            one, other = ends[0, row, neuron], ends[1, row, neuron]
            add_images(one & ~other, images, row * WORD, 1, total)
            add_images(other & ~one, images, row * WORD, -1, total)
        fade(memory.inertia[neuron], numbers[0], clock - memory.written[neuron])
        memory.written[neuron] = clock + 1
        flips += write_row(neuron, memory, up, numbers[0], numbers[1], numbers[2], total)
    return flips


@kernel
def write_between(
    first: Any, last: Any, below: Any, above: Any, up: Any, memory: Any, numbers: Any, clock: Any,
    total: Any,
) -> int:  # fmt: skip
    """Write the rows first..last - 1 of a coupling between free layers; returns flips.

    Args:
        below, above: as `stand_up` gives it, of both layers. Others as in `write_from_input`.
    """
    flips = 0
    for neuron in range(first, last):
        total[:] = 0
        for row in range(above.shape[1]):
            one, other = above[0, row, neuron], above[1, row, neuron]
            if (one | other) == 0:
                continue
            firsts, seconds = below[0, row], below[1, row]
            for place in range(total.shape[0]):
                total[place] += popcount(firsts[place] & one) - popcount(seconds[place] & other)
        fade(memory.inertia[neuron], numbers[0], clock - memory.written[neuron])
        memory.written[neuron] = clock + 1
        flips += write_row(neuron, memory, up, numbers[0], numbers[1], numbers[2], total)
    return flips


@kernel
def catch_up(first: Any, last: Any, memory: Any, share: Any, clock: Any) -> None:
    """Bring the rows first..last - 1 of an inertia to the time of the last write."""
    for neuron in range(first, last):
        fade(memory.inertia[neuron], share, clock - memory.written[neuron])
        memory.written[neuron] = clock


@kernel
def turn_copies(turned: Any, down: Any) -> None:
    """Turn the same weights in the copy that leads down, (words of post, pre)."""
    for word in range(turned.shape[0]):
        for post in range(turned.shape[1]):
            bits = turned[word, post]
            for lane in range(WORD):
                if (bits >> uint32(lane)) & uint32(1):
                    down[post // WORD, word * WORD + lane] ^= uint32(1) << uint32(post % WORD)


@kernel
def moves(ends: Any, total: Any, moved: Any) -> None:
    """Sum of first - second over the samples of each neuron, and whether any sample moved it."""
    total[:] = 0
    moved[:] = 0
    for row in range(ends.shape[1]):
        for neuron in range(total.shape[0]):
            one, other = ends[0, row, neuron], ends[1, row, neuron]
            total[neuron] += popcount(one) - popcount(other)
            moved[neuron] |= one != other
