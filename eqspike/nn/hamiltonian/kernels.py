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

from typing import Any

import numpy as np

from eqspike.nn.hamiltonian.compilation import kernel
from eqspike.nn.hamiltonian.rows import (
    Floats,
    bend,
    contrast_bends,
    contrast_springs,
    contrast_wells,
    copy,
    curve,
    drift,
    force,
    kick,
    nudge,
    pull,
)


@kernel
def advance(
    start: int, stop: int, position: Floats, momentum: Floats, drive: Floats,
    step: Floats, stiffness: Floats, gain: Floats, slope: Floats, bounded: bool,
    positions: Floats, squares: Floats, keep: bool, middles: Floats, momenta: Floats,
) -> None:  # fmt: skip
    """Free pass: writes `positions`; adds squared momenta to `squares` (samples, units).

    With `keep`, position at the kick and momentum after it are stored too, as backpropagation needs them.
    """
    samples, units = position.shape
    middle, bent, total = np.empty_like(step), np.empty_like(step), np.empty_like(step)
    for b in range(samples):
        q, p, square = position[b], momentum[b], squares[b]
        for k in range(start, stop):
            drift(q, p, step, middle)
            bend(middle, drive[b, k - start], slope, bounded, bent)
            force(middle, bent, stiffness, gain, total)
            kick(p, total, step)
            drift(middle, p, step, q)
            copy(q, positions[b, k])
            for i in range(units):
                square[i] += p[i] * p[i]
            if keep:
                copy(middle, middles[b, k])
                copy(p, momenta[b, k])


@kernel
def echo(
    start: int, stop: int, position: Floats, momentum: Floats, drive: Floats, cotangent: Floats,
    first: float, second: float, step: Floats, stiffness: Floats, gain: Floats, slope: Floats,
    bounded: bool, drive_gradient: Floats, sums: Floats,
) -> None:  # fmt: skip
    """Two echoes at once, kicked by first and second times `cotangent`, with the contrast of their energies.

    Args:
        position, momentum: (2, samples, units) of the two echoes; momenta run backwards in time.
        cotangent: (samples, stop - start, units) cotangent of the positions.
        drive_gradient: (samples, stop - start, units) written.
        sums: (4, samples, units) float64; gradients of step, stiffness, gain, slope are added, step by step.
    """
    _, samples, units = position.shape
    scale = -1.0 / (first - second)
    middle, bent, total = (np.empty((2, units)), np.empty((2, units)), np.empty(units))
    kinetic, wells = np.empty(units), np.zeros(units)
    for b in range(samples):
        p, p2 = momentum[0, b], momentum[1, b]
        for k in range(stop - start - 1, -1, -1):
            f, gradient = drive[b, k], drive_gradient[b, k]
            nudge(p, cotangent[b, k], first)
            nudge(p2, cotangent[b, k], second)
            for i in range(units):
                kinetic[i] = 0.25 * (p[i] - p2[i]) * (p[i] + p2[i])
            for e in range(2):
                drift(position[e, b], momentum[e, b], step, middle[e])
                bend(middle[e], f, slope, bounded, bent[e])
                force(middle[e], bent[e], stiffness, gain, total)
                kick(momentum[e, b], total, step)
                drift(middle[e], momentum[e, b], step, position[e, b])
            for i in range(units):
                kinetic[i] += 0.25 * (p[i] - p2[i]) * (p[i] + p2[i])
            if bounded:
                contrast_wells(middle, bent, f, slope, wells)
                contrast_bends(scale, middle, bent, wells, step, gain, slope, gradient, sums[3, b])
                for i in range(units):
                    sums[2, b, i] += scale * step[i] * wells[i]
            else:
                for i in range(units):
                    wells[i] = f[i] * (middle[1, i] - middle[0, i])
                for i in range(units):
                    gradient[i] = scale * step[i] * (middle[1, i] - middle[0, i])
            contrast_springs(scale, middle, stiffness, step, kinetic, sums[1, b])
            for i in range(units):
                sums[0, b, i] += scale * (kinetic[i] + gain[i] * wells[i])


@kernel
def adjoint(
    start: int, stop: int, position: Floats, momentum: Floats, to_position: Floats,
    to_momentum: Floats, drive: Floats, cotangent: Floats, step: Floats, stiffness: Floats,
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
    middle, bent, total = np.empty_like(step), np.empty_like(step), np.empty_like(step)
    back, before, curvature = -step, np.empty_like(step), np.empty_like(step)
    for b in range(samples):
        q, p, x, y = position[b], momentum[b], to_position[b], to_momentum[b]
        for k in range(stop - start - 1, -1, -1):
            if kept:
                copy(middles[b, start + k], middle)
                copy(momenta[b, start + k], p)
            else:
                drift(q, p, back, middle)
            copy(p, before)
            bend(middle, drive[b, k], slope, bounded, bent)
            force(middle, bent, stiffness, gain, total)
            kick(before, total, back)
            nudge(x, cotangent[b, k], 1.0)
            drift(y, x, step, y)
            curve(bent, stiffness, gain, slope, bounded, curvature)
            for i in range(units):
                sums[0, b, i] += 0.5 * x[i] * p[i] - total[i] * y[i]
            for i in range(units):
                x[i] -= step[i] * curvature[i] * y[i]
            for i in range(units):
                sums[0, b, i] += 0.5 * x[i] * before[i]
            for i in range(units):
                sums[1, b, i] -= step[i] * middle[i] * y[i]
            pull(bent, gain, step, y, bounded, total)
            copy(total, drive_gradient[b, k])
            if bounded:
                for i in range(units):
                    sums[2, b, i] -= step[i] * bent[i] * y[i]
                for i in range(units):
                    sums[3, b, i] += total[i] * middle[i]
            drift(y, x, step, y)
            copy(before, p)
            drift(middle, p, back, q)


def nothing_kept(dtype: Any) -> Floats:
    """Stands where no states are kept."""
    return np.empty((0, 0, 0), dtype)
