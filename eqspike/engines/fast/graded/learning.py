"""Compiled twin of `chips.graded.learning`: samples one after the other, weights that flip after each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.graded.learning import COUNTER_LIMIT
from eqspike.engines.fast.compilation import inlined, kernel
from eqspike.engines.fast.graded.presentation import (
    Wiring,
    advance,
    begin,
    deliver,
    make_registers,
    swap,
)
from eqspike.engines.integers.graded import Presented
from eqspike.engines.integers.graded_learning import Lesson, Taught

_LIMIT = np.int64(COUNTER_LIMIT)


@inlined
def turn(
    wiring: Any, coupling: Any, end: Any, start: Any, sign: Any, rule: Any, counters: Any, flips: Any
) -> Any:  # fmt: skip
    """Move the counters of one coupling and flip its weights; returns how many counters are not 0.

    `end`, `start` are values of all neurons; `counters`, `flips` (all weights,) in the order of `Wiring.forward`.
    """
    pre, post = wiring.sizes[coupling], wiring.sizes[coupling + 1]
    below, above, place = (
        wiring.starts[coupling],
        wiring.starts[coupling + 1],
        wiring.offsets[coupling],
    )
    candidates = np.int64(0)
    for i in range(pre):
        ended, started = np.int64(end[below + i]), np.int64(start[below + i])
        for j in range(post):
            change = sign * (ended * end[above + j] - started * start[above + j])
            old = counters[place]
            lost = (abs(old) * rule[0]) >> rule[1]
            new = (old - lost if old >= 0 else old + lost) + (change << rule[2])
            new = min(max(new, -_LIMIT), _LIMIT)
            counters[place] = new
            candidates += np.int64(new != 0)
            weight = wiring.forward[place]
            against = -new if weight > 0 else (new if weight < 0 else np.int64(0))
            if against > rule[3]:
                wiring.forward[place] = np.int32(-weight)
                wiring.backward[wiring.offsets[coupling] + j * pre + i] = np.int32(-weight)
                flips[place] += 1
            place += 1
    return candidates


@kernel
def learn(
    images: Any, targets: Any, signs: Any, free_steps: Any, nudged_steps: Any, passes: Any, wiring: Any,
    registers: Any, rules: Any, ends: Any, counts: Any, counters: Any, flips: Any, candidates: Any,
) -> None:  # fmt: skip
    """Present and learn all samples in their order; see `turn` and `rates.present`."""
    couplings = wiring.sizes.shape[0] - 1
    pixels, outputs = wiring.sizes[0], wiring.starts[couplings]
    start = np.zeros(registers.sent.shape[0], np.int32)
    end = np.zeros(registers.sent.shape[0], np.int32)
    for sample in range(images.shape[0]):
        begin(wiring, registers, images[sample], counts[0])
        for _ in range(free_steps):
            deliver(wiring, registers)
            advance(wiring, registers, targets[sample], 0, counts[0])
        for j in range(ends.shape[1]):
            ends[sample, j] = registers.state[outputs + j]
        swap(registers, True)
        start[:] = registers.sent
        for back in range(passes):
            swap(registers, False)
            for _ in range(nudged_steps):
                deliver(wiring, registers)
                advance(
                    wiring, registers, targets[sample], signs[sample] * (1 - 2 * back), counts[1]
                )
            if back == 0:
                end[:] = registers.sent
            else:
                start[:] = registers.sent
        for i in range(pixels):
            start[i] = end[i] = np.int32(images[sample, i])
        for coupling in range(couplings):
            candidates[coupling] += turn(
                wiring, coupling, end, start, signs[sample], rules[coupling], counters, flips
            )


def learn_compiled(wiring: Wiring, lesson: Lesson) -> Taught:
    """See `engines.integers.graded_learning.Teacher`."""
    batch, neurons = lesson.batch, int(wiring.starts[-1])
    ends = np.zeros((len(batch.images), int(wiring.sizes[-1])), np.int32)
    counts = np.zeros((2, neurons), np.int64)
    counters = np.concatenate([of.ravel() for of in lesson.counters])
    flips, candidates = np.zeros(len(counters), np.int64), np.zeros(len(lesson.rules), np.int64)
    numbers = [
        (rule.decay_mantissa, rule.decay_shift, rule.gain, rule.threshold) for rule in lesson.rules
    ]
    turned = wiring._replace(forward=wiring.forward.copy(), backward=wiring.backward.copy())
    learn(
        batch.images, batch.targets, batch.signs, batch.free_steps, batch.nudged_steps, batch.passes,
        turned, make_registers(neurons), np.array(numbers, np.int64), ends, counts, counters, flips,
        candidates,
    )  # fmt: skip
    shapes = [of.shape for of in lesson.counters]
    nothing = np.zeros((0, 0, 0), np.int32)
    return Taught(
        Presented(ends, counts, nothing, nothing),
        _split(counters, shapes),
        _split(flips, shapes),
        [int(number) for number in candidates],
    )


def _split(flat: NDArray[Any], shapes: list[tuple[int, ...]]) -> list[NDArray[Any]]:
    edges = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(flat, edges), shapes, strict=True)]
