"""Compiled passes through time of oscillators that do not see each other within a step.

One step of an oscillator of position q and momentum p, with drive f, step d, stiffness k, gain c and slope a:

    m = q + d p / 2,   p' = p - d g(m),   q' = m + d p' / 2
    linear:     V = k m^2 / 2 - f m,                          g = k m - f
    log-cosh:   V = k m^2 / 2 + (c / a) log cosh(a m + f),    g = k m + c tanh(a m + f)

Python's loop over time costs far more than this arithmetic, so the loop is compiled. All three kernels work on one
chunk of time, keep states of one step only and change them in place. Arrays: states (samples, units); whole series
(samples, time, units); a chunk's drive (samples, stop - start, units); coefficients (units,).
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]

_compiled = numba.njit(
    cache=True, nogil=True, error_model="numpy", fastmath={"contract"}
)
_inlined = numba.njit(
    nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True,
    no_cpython_wrapper=True, no_cfunc_wrapper=True,
)  # fmt: skip
_LOG_2 = math.log(2.0)


@_inlined
def _exponential_minus_one(x: float) -> float:
    """exp(x) - 1 for -40 <= x <= 0, without branches, so that loops over units become vector instructions.

    Taylor's series of x / 64, then e(2x) = e(x) (2 + e(x)) six times, which does not amplify the relative error.
    """
    r = x * 0.015625
    s = 1.0 + r * (1.0 / 15.0)
    s = 1.0 + r * s * (1.0 / 14.0)
    s = 1.0 + r * s * (1.0 / 13.0)
    s = 1.0 + r * s * (1.0 / 12.0)
    s = 1.0 + r * s * (1.0 / 11.0)
    s = 1.0 + r * s * (1.0 / 10.0)
    s = 1.0 + r * s * (1.0 / 9.0)
    s = 1.0 + r * s * (1.0 / 8.0)
    s = 1.0 + r * s * (1.0 / 7.0)
    s = 1.0 + r * s * (1.0 / 6.0)
    s = 1.0 + r * s * (1.0 / 5.0)
    s = 1.0 + r * s * (1.0 / 4.0)
    s = 1.0 + r * s * (1.0 / 3.0)
    s = 1.0 + r * s * (1.0 / 2.0)
    e = r * s
    e = e * (2.0 + e)
    e = e * (2.0 + e)
    e = e * (2.0 + e)
    e = e * (2.0 + e)
    e = e * (2.0 + e)
    return e * (2.0 + e)


@_inlined
def _tanh(z: float) -> float:
    size = abs(z)
    e = _exponential_minus_one(-2.0 * (size if size < 20.0 else 20.0))
    t = -e / (2.0 + e)
    return t if z > 0.0 else -t


@_inlined
def _log_cosh(z: float) -> float:
    """|z| + log(1 + exp(-2|z|)) - log 2; the logarithm as 2 artanh(x / (2 + x)), at most artanh(1/3)."""
    size = abs(z)
    x = 1.0 + _exponential_minus_one(-2.0 * (size if size < 20.0 else 20.0))
    s = x / (2.0 + x)
    t = s * s
    r = 1.0 / 29.0 + t * (1.0 / 31.0)
    r = 1.0 / 27.0 + t * r
    r = 1.0 / 25.0 + t * r
    r = 1.0 / 23.0 + t * r
    r = 1.0 / 21.0 + t * r
    r = 1.0 / 19.0 + t * r
    r = 1.0 / 17.0 + t * r
    r = 1.0 / 15.0 + t * r
    r = 1.0 / 13.0 + t * r
    r = 1.0 / 11.0 + t * r
    r = 1.0 / 9.0 + t * r
    r = 1.0 / 7.0 + t * r
    r = 1.0 / 5.0 + t * r
    r = 1.0 / 3.0 + t * r
    r = 1.0 + t * r
    return size + 2.0 * s * r - _LOG_2


@_inlined
def _drift(position: Floats, momentum: Floats, step: Floats, middle: Floats) -> None:
    for i in range(step.size):
        middle[i] = position[i] + 0.5 * step[i] * momentum[i]


@_inlined
def _bend(middle: Floats, drive: Floats, slope: Floats, bounded: bool, bent: Floats) -> None:
    """tanh of what the well sees; for linear oscillators, what is pulled: minus the drive."""
    if bounded:
        for i in range(slope.size):
            bent[i] = _tanh(slope[i] * middle[i] + drive[i])
    else:
        for i in range(slope.size):
            bent[i] = -drive[i]


@_inlined
def _force(middle: Floats, bent: Floats, stiffness: Floats, gain: Floats, force: Floats) -> None:
    for i in range(gain.size):
        force[i] = stiffness[i] * middle[i] + gain[i] * bent[i]


@_inlined
def _kick(momentum: Floats, by: Floats, times: Floats) -> None:
    for i in range(times.size):
        momentum[i] -= times[i] * by[i]


@_inlined
def _nudge(momentum: Floats, nudge: Floats, strength: float) -> None:
    for i in range(momentum.size):
        momentum[i] += strength * nudge[i]


@_inlined
def _copy(source: Floats, target: Floats) -> None:
    for i in range(source.size):
        target[i] = source[i]


@_compiled
def advance(
    start: int, stop: int, position: Floats, momentum: Floats, drive: Floats,
    step: Floats, stiffness: Floats, gain: Floats, slope: Floats, bounded: bool,
    positions: Floats, squares: Floats, keep: bool, middles: Floats, momenta: Floats,
) -> None:  # fmt: skip
    """Free pass: writes `positions`; adds squared momenta to `squares` (samples, units).

    With `keep`, position at the kick and momentum after it are stored too, as backpropagation needs them.
    """
    samples, units = position.shape
    middle, bent, force = np.empty_like(step), np.empty_like(step), np.empty_like(step)
    for b in range(samples):
        q, p, square = position[b], momentum[b], squares[b]
        for k in range(start, stop):
            _drift(q, p, step, middle)
            _bend(middle, drive[b, k - start], slope, bounded, bent)
            _force(middle, bent, stiffness, gain, force)
            _kick(p, force, step)
            _drift(middle, p, step, q)
            _copy(q, positions[b, k])
            for i in range(units):
                square[i] += p[i] * p[i]
            if keep:
                _copy(middle, middles[b, k])
                _copy(p, momenta[b, k])


@_compiled
def echo(
    start: int, stop: int, position: Floats, momentum: Floats, drive: Floats, nudge: Floats,
    first: float, second: float, step: Floats, stiffness: Floats, gain: Floats, slope: Floats,
    bounded: bool, drive_gradient: Floats, sums: Floats,
) -> None:  # fmt: skip
    """Two echoes at once, kicked by first and second times `nudge`, with the contrast of their energies.

    Args:
        position, momentum: (2, samples, units) of the two echoes; momenta run backwards in time.
        nudge: (samples, stop - start, units) cotangent of the positions.
        drive_gradient: (samples, stop - start, units) written.
        sums: (4, samples, units) float64; gradients of step, stiffness, gain, slope are added, step by step.
    """
    _, samples, units = position.shape
    scale = -1.0 / (first - second)
    middle, bent, force = (np.empty((2, units)), np.empty((2, units)), np.empty(units))
    kinetic, wells = np.empty(units), np.zeros(units)
    for b in range(samples):
        p, p2 = momentum[0, b], momentum[1, b]
        for k in range(stop - start - 1, -1, -1):
            f, gradient = drive[b, k], drive_gradient[b, k]
            _nudge(p, nudge[b, k], first)
            _nudge(p2, nudge[b, k], second)
            for i in range(units):
                kinetic[i] = 0.25 * (p[i] - p2[i]) * (p[i] + p2[i])
            for e in range(2):
                _drift(position[e, b], momentum[e, b], step, middle[e])
                _bend(middle[e], f, slope, bounded, bent[e])
                _force(middle[e], bent[e], stiffness, gain, force)
                _kick(momentum[e, b], force, step)
                _drift(middle[e], momentum[e, b], step, position[e, b])
            for i in range(units):
                kinetic[i] += 0.25 * (p[i] - p2[i]) * (p[i] + p2[i])
            if bounded:
                _contrast_wells(middle, f, slope, wells)
                _contrast_bends(scale, middle, bent, wells, step, gain, slope, gradient, sums[3, b])
                for i in range(units):
                    sums[2, b, i] += scale * step[i] * wells[i]
            else:
                for i in range(units):
                    wells[i] = f[i] * (middle[0, i] - middle[1, i])
                for i in range(units):
                    gradient[i] = scale * step[i] * (middle[1, i] - middle[0, i])
            _contrast_springs(scale, middle, stiffness, step, kinetic, sums[1, b])
            for i in range(units):
                sums[0, b, i] += scale * (kinetic[i] + gain[i] * wells[i])


@_inlined
def _contrast_wells(middle: Floats, drive: Floats, slope: Floats, wells: Floats) -> None:
    """Difference of log cosh(a m + f) / a."""
    first, second = middle[0], middle[1]
    for i in range(slope.size):
        wells[i] = _log_cosh(slope[i] * first[i] + drive[i])
    for i in range(slope.size):
        wells[i] = (wells[i] - _log_cosh(slope[i] * second[i] + drive[i])) / slope[i]


@_inlined
def _contrast_bends(
    scale: float, middle: Floats, bent: Floats, wells: Floats, step: Floats, gain: Floats,
    slope: Floats, gradient: Floats, of_slope: Floats,
) -> None:  # fmt: skip
    """Gradients of the drive and of the slope."""
    m, m2, t, t2 = middle[0], middle[1], bent[0], bent[1]
    for i in range(step.size):
        gradient[i] = scale * step[i] * gain[i] * (t[i] - t2[i]) / slope[i]
    for i in range(step.size):
        bend = (m[i] * t[i] - m2[i] * t2[i] - wells[i]) / slope[i]
        of_slope[i] += scale * step[i] * gain[i] * bend


@_inlined
def _contrast_springs(
    scale: float, middle: Floats, stiffness: Floats, step: Floats, energy: Floats, sums: Floats
) -> None:
    """Gradient of the stiffness; the springs' difference is added to `energy`."""
    m, m2 = middle[0], middle[1]
    for i in range(step.size):
        squares = 0.5 * (m[i] - m2[i]) * (m[i] + m2[i])
        energy[i] += stiffness[i] * squares
        sums[i] += scale * step[i] * squares


@_compiled
def adjoint(
    start: int, stop: int, position: Floats, momentum: Floats, to_position: Floats,
    to_momentum: Floats, drive: Floats, nudge: Floats, step: Floats, stiffness: Floats,
    gain: Floats, slope: Floats, bounded: bool, drive_gradient: Floats, sums: Floats,
    kept: bool, middles: Floats, momenta: Floats,
) -> None:  # fmt: skip
    """Backpropagation through time, from kept states or from states reconstructed by the inverse step.

    Args:
        position, momentum: (samples, units) state, in the free pass's direction of time.
        to_position, to_momentum: (samples, units) adjoint state.
        drive_gradient, sums: as in `echo`.
    """
    samples, units = position.shape
    middle, bent, force = np.empty_like(step), np.empty_like(step), np.empty_like(step)
    back, before, curvature = -step, np.empty_like(step), np.empty_like(step)
    for b in range(samples):
        q, p, x, y = position[b], momentum[b], to_position[b], to_momentum[b]
        for k in range(stop - start - 1, -1, -1):
            if kept:
                _copy(middles[b, start + k], middle)
                _copy(momenta[b, start + k], p)
            else:
                _drift(q, p, back, middle)
            _copy(p, before)
            _bend(middle, drive[b, k], slope, bounded, bent)
            _force(middle, bent, stiffness, gain, force)
            _kick(before, force, back)
            _nudge(x, nudge[b, k], 1.0)
            _drift(y, x, step, y)
            _curve(bent, stiffness, gain, slope, bounded, curvature)
            for i in range(units):
                sums[0, b, i] += 0.5 * x[i] * p[i] - force[i] * y[i]
            for i in range(units):
                x[i] -= step[i] * curvature[i] * y[i]
            for i in range(units):
                sums[0, b, i] += 0.5 * x[i] * before[i]
            for i in range(units):
                sums[1, b, i] -= step[i] * middle[i] * y[i]
            _pull(bent, gain, step, y, bounded, force)
            _copy(force, drive_gradient[b, k])
            if bounded:
                for i in range(units):
                    sums[2, b, i] -= step[i] * bent[i] * y[i]
                for i in range(units):
                    sums[3, b, i] += force[i] * middle[i]
            _drift(y, x, step, y)
            _copy(before, p)
            _drift(middle, p, back, q)


@_inlined
def _curve(
    bent: Floats, stiffness: Floats, gain: Floats, slope: Floats, bounded: bool, curvature: Floats
) -> None:
    """Derivative of the force by the position."""
    for i in range(gain.size):
        curvature[i] = stiffness[i]
        if bounded:
            curvature[i] += gain[i] * slope[i] * (1.0 - bent[i] * bent[i])


@_inlined
def _pull(
    bent: Floats, gain: Floats, step: Floats, adjoint: Floats, bounded: bool, gradient: Floats
) -> None:
    """Gradient of the drive."""
    for i in range(gain.size):
        bend = 1.0 - bent[i] * bent[i] if bounded else -1.0
        gradient[i] = -step[i] * gain[i] * bend * adjoint[i]


def nothing_kept(dtype: Any) -> Floats:
    """Stands where no states are kept."""
    return np.empty((0, 0, 0), dtype)
