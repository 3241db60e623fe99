"""Two functions that Brian2 lacks, for NumPy, Cython and C++: the bits of `core.grid` and `core.random_stream`."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Function
from numpy.typing import NDArray

from eqspike.core.random_stream import GAMMA, MIX_1, MIX_2, uniforms

_HALF = np.uint64(32)

_CPP_NEAREST = """
static inline double _nearest(double value) { return rint(value); }
"""

_CPP_CHANCE = f"""
static inline double _chance(double high, double low, double place)
{{
    uint64_t value = (((uint64_t)high << 32) | (uint64_t)low) ^ (uint64_t)place;
    value += {GAMMA:#x}ULL;
    value = (value ^ (value >> 30)) * {MIX_1:#x}ULL;
    value = (value ^ (value >> 27)) * {MIX_2:#x}ULL;
    return (double)((value ^ (value >> 31)) >> 11) * (1.0 / 9007199254740992.0);
}}
"""

_CYTHON_NEAREST = """
from libc.math cimport rint
cdef inline double _nearest(double value) nogil:
    return rint(value)
"""

_CYTHON_CHANCE = f"""
from libc.stdint cimport uint64_t
cdef inline double _chance(double high, double low, double place) nogil:
    cdef uint64_t value = ((<uint64_t>high << 32) | <uint64_t>low) ^ <uint64_t>place
    value += {GAMMA:#x}ULL
    value = (value ^ (value >> 30)) * {MIX_1:#x}ULL
    value = (value ^ (value >> 27)) * {MIX_2:#x}ULL
    return <double>((value ^ (value >> 31)) >> 11) * (1.0 / 9007199254740992.0)
"""


def halves(keys: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Upper and lower 32 bits of keys, as floating-point numbers, which is all that Brian2 hands over."""
    return (keys >> _HALF).astype(np.float64), (keys & np.uint64(0xFFFFFFFF)).astype(np.float64)


def online_functions() -> dict[str, Any]:
    """Functions of the statements of `online_text`, by name.

    `nearest(x)`: the nearest whole number, ties to even. `chance(high, low, place)`: the uniform number in [0, 1)
    at `place` of the random stream whose key has these halves.
    """
    nearest = Function(np.rint, arg_units=[1], return_unit=1, arg_names=["x"])
    nearest.implementations.add_implementation("cpp", _CPP_NEAREST, name="_nearest")
    nearest.implementations.add_implementation("cython", _CYTHON_NEAREST, name="_nearest")
    chance = Function(
        _chance, arg_units=[1, 1, 1], return_unit=1, arg_names=["high", "low", "place"]
    )
    chance.implementations.add_implementation("cpp", _CPP_CHANCE, name="_chance")
    chance.implementations.add_implementation("cython", _CYTHON_CHANCE, name="_chance")
    return {"nearest": nearest, "chance": chance}


def _chance(high: Any, low: Any, place: NDArray[np.float64]) -> NDArray[np.float64]:
    key = (int(high) << 32) | int(low)
    return uniforms(key, np.asarray(place).astype(np.uint64))
