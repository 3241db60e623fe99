"""Random numbers that are a pure function of where they are used.

A draw depends on (seed, stream, position) alone, not on how many draws came before it, so results do not
change with the number of threads, and two engines can be handed the same draws. The mixing function is the
finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), applied once per key word.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Purpose(IntEnum):
    """What a stream of random numbers is for: the word that follows the seed in a key. No two are equal."""

    TRAINING = 1
    EVALUATION = 2
    ORDER = 3
    PARITY = 4
    EXPORT = 5
    CALIBRATION = 6
    METERING = 7
    AUGMENTATION = 8
    DROPOUT = 9
    INITIAL_WEIGHTS = 0xE9


GAMMA = 0x9E3779B97F4A7C15
MIX_1 = 0xBF58476D1CE4E5B9
MIX_2 = 0x94D049BB133111EB
_MASK = (1 << 64) - 1

UInt64Array = NDArray[np.uint64]


def mix(value: int) -> int:
    """Scramble one 64-bit word (a bijection)."""
    value = (value + GAMMA) & _MASK
    value = ((value ^ (value >> 30)) * MIX_1) & _MASK
    value = ((value ^ (value >> 27)) * MIX_2) & _MASK
    return value ^ (value >> 31)


def stream_key(*words: int) -> int:
    """One 64-bit key of a sequence of non-negative whole numbers, such as (seed, epoch, sample)."""
    key = 0
    for word in words:
        key = mix(key ^ (word & _MASK))
    return key


def draws(key: int, positions: UInt64Array) -> UInt64Array:
    """64 random bits at each position of the stream `key`; same shape as `positions`."""
    with np.errstate(over="ignore"):
        value = (np.uint64(key) ^ positions) + np.uint64(GAMMA)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(MIX_1)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(MIX_2)
        mixed: UInt64Array = value ^ (value >> np.uint64(31))
    return mixed


def uniforms(key: int, positions: UInt64Array) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1) with 53 random bits at each position of the stream `key`."""
    result: NDArray[np.float64] = (draws(key, positions) >> np.uint64(11)) * 2.0**-53
    return result
