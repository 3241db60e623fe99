"""Binary Equilibrium Propagation in integers: weights of one sign each, flipped by a counter; one sample a write.

    c  = sign of beta x (v_pre v_post at the end - v_pre v_post at the start)       contrast, of last values sent
    N <- saturate(N - sign(N) ((|N| decay_mantissa) >> decay_shift) + (c << gain))  counter, in place of an inertia
    the mantissa changes its sign where -sign(mantissa) N > threshold               N stays as it is

Start is the end of the free phase; where a second nudged phase has the other sign, it is that phase's end. N is
the inertia of `eqspike.memory.Binary` in steps of `unit`, but for what `flip_rule` rounds.

Source: Laydevant, Ernoult, Querlioz and Grollier, CVPR Workshops 2021, arXiv:2103.08953; the integers are ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eqspike.chips.graded.network import Integers

COUNTER_LIMIT = 2**31 - 1
"""A counter saturates at this magnitude."""

HEADROOM_BITS = 4
"""Counters hold the threshold and the largest contrast this many times doubled."""

LARGEST_GAIN, LARGEST_SHIFT = 16, 40


@dataclass(frozen=True)
class FlipRule:
    """How the counters of one coupling move.

    Attributes:
        decay_mantissa, decay_shift: what is lost in a write, 1..255 of 2^decay_shift.
        gain: left shift of a contrast; threshold: of a flip.
        unit: inertia that one step of a counter stands for.
    """

    decay_mantissa: int
    decay_shift: int
    gain: int
    threshold: int
    unit: float


def flip_rule(inertia_rate: float, threshold: float, rate: float, largest: int) -> FlipRule:
    """Integers of a memory and a learning rate.

    Args:
        inertia_rate: gamma; threshold: of the inertia, tau / gamma.
        rate: inertia that the largest contrast adds; largest: that contrast, the product of both unities.
    """
    shift = min(7 - math.floor(math.log2(inertia_rate)), LARGEST_SHIFT)
    mantissa = max(1, round(inertia_rate * 2**shift))
    wanted = threshold / rate * largest
    room = COUNTER_LIMIT >> HEADROOM_BITS
    gain = math.floor(math.log2(room / max(wanted, largest, 1.0)))
    gain = min(max(gain, 0), LARGEST_GAIN)
    return FlipRule(
        mantissa,
        shift,
        gain,
        min(round(wanted * 2**gain), COUNTER_LIMIT),
        rate / largest / 2**gain,
    )


def contrast(end: Sequence[Integers], start: Sequence[Integers], sign: int) -> Integers:
    """c from the values (pre,) and (post,) at the end and at the start: (pre, post)."""
    return np.asarray(sign * (_outer(end) - _outer(start)))


def next_counter(counter: Integers, change: Integers, rule: FlipRule) -> Integers:
    """N after one write."""
    wide = np.asarray(counter, np.int64)
    lost = np.sign(wide) * ((np.abs(wide) * rule.decay_mantissa) >> rule.decay_shift)
    moved = wide - lost + (np.asarray(change, np.int64) << rule.gain)
    return np.asarray(np.clip(moved, -COUNTER_LIMIT, COUNTER_LIMIT))


def flips(mantissas: Integers, counter: Integers, rule: FlipRule) -> Integers:
    """Where a mantissa changes its sign."""
    wide = np.asarray(counter, np.int64)
    return np.asarray(-np.sign(mantissas) * wide > rule.threshold)


def _outer(values: Sequence[Integers]) -> Integers:
    pre, post = values
    return np.outer(np.asarray(pre, np.int64), np.asarray(post, np.int64))
