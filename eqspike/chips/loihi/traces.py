"""Loihi's integer arithmetic of learning: traces of 7 bits and the accumulator of a plastic weight.

Pure functions, equal to Lava's learning connections (bit-approximate models) when given the same random numbers.
Lava draws one number for all traces of a side and one for all synapses of a step; here every trace and synapse
has its own, as independent rounding needs.

Sources: Davies et al., IEEE Micro 38(1):82-99, 2018; Lava 0.10, magma/core/model/py/connection.py and
magma/core/learning/.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi.arithmetic import Integers, SignMode, clipped_weights, shifted

LARGEST_TRACE = 127
ACCUMULATOR_SHIFT = 7
"""Extra fractional bits a weight has while a rule is applied to it."""

ACCUMULATOR_LIMIT = 2**15
FACTOR_BITS = {"trace": 7, "weight": 9, "tag": 9, "constant": 8}
"""Width of each kind of factor of a rule's product, which decides how far the product is shifted back."""

_SCALE_BITS = 4

Floats = NDArray[np.float64]


def decayed_trace(trace: Integers, tau: float, chance: Floats) -> Integers:
    """x exp(-1 / tau), rounded up with a probability equal to its fraction.

    Args:
        trace: 0..127, any shape; tau: time constant in steps, above 0; chance: uniform in [0, 1), same shape.
    """
    kept = np.exp(-1.0 / tau) * trace
    whole = np.floor(kept)
    return np.asarray(whole + (chance < kept - whole), np.int64)


def raised_trace(trace: Integers, impulse: int) -> Integers:
    """x + impulse, saturated at 127; whole impulses only."""
    return np.clip(np.asarray(trace, np.int64) + impulse, 0, LARGEST_TRACE)


def scaled_product(factors: Integers, factor_bits: int, mantissa: int, exponent: int) -> Integers:
    """One product of a rule, as it is added to the accumulator.

        (product of factors x mantissa) >> max(0, factor_bits + 4 - 15), then << exponent + 7, saturated

    Args:
        factors: product of the factors' values, already clipped to their widths.
        factor_bits: sum of their widths (`FACTOR_BITS`).
        mantissa: of the scale, within 4 bits and a sign; exponent: -7..9; the scale is mantissa 2^exponent.
    """
    back = max(0, factor_bits + _SCALE_BITS - 15)
    shifted_back = shifted(np.asarray(factors, np.int64) * mantissa, -back)
    return _within_accumulator(shifted(shifted_back, exponent + ACCUMULATOR_SHIFT))


def accumulator(weights: Integers) -> Integers:
    """W << 7: a weight with the fraction in which changes are summed."""
    return shifted(weights, ACCUMULATOR_SHIFT)


def added(sums: Integers, change: Integers) -> Integers:
    """The accumulator after one more product, saturated to 16 bits."""
    return _within_accumulator(np.asarray(sums, np.int64) + change)


def learnt_weights(sums: Integers, mode: SignMode, chance: Floats) -> Integers:
    """The accumulator rounded to a weight: up with a probability equal to its fraction of 7 bits, then clipped.

    Args:
        sums: accumulators; mode: a weight changes sign only if `mixed`; chance: uniform in [0, 1), same shape.
    """
    kept = np.asarray(sums, np.int64)
    if mode == "excitatory":
        kept = np.maximum(kept, 0)
    elif mode == "inhibitory":
        kept = np.minimum(kept, 0)
    unit = 2**ACCUMULATOR_SHIFT
    whole = kept >> ACCUMULATOR_SHIFT
    rounded = whole + (chance < (kept - whole * unit) / unit)
    return clipped_weights(np.asarray(rounded, np.int64), mode)


def _within_accumulator(values: Integers) -> Integers:
    return np.clip(values, -ACCUMULATOR_LIMIT - 1, ACCUMULATOR_LIMIT - 1)
