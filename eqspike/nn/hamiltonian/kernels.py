"""Compiled passes through time of oscillators that do not see each other within a step.

One step of an oscillator of position q and momentum p, with drive f, step d, stiffness k, gain c and slope a:

    m = q + d p / 2,   p' = p - d g(m),   q' = m + d p' / 2
    linear:     V = k m^2 / 2 - f m,                          g = k m - f
    log-cosh:   V = k m^2 / 2 + (c / a) log cosh(a m + f),    g = k m + c tanh(a m + f)

Python's loop over time costs far more than this arithmetic, so the loop is compiled. All kernels work on one piece
of the series (some samples, some steps), keep states of one step only and change them in place. Arrays: states
(samples, units); series (samples, steps, units); coefficients (units,). Echoes are in `echoes`.
"""

from __future__ import annotations

import numpy as np

from eqspike.nn.hamiltonian.compilation import kernel
from eqspike.nn.hamiltonian.rows import (
    Floats,
    bend,
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
    position: Floats, momentum: Floats, drive: Floats, step: Floats,
    stiffness: Floats, gain: Floats, slope: Floats, bounded: bool, positions: Floats,
    squares: Floats, keep: bool, middles: Floats, momenta: Floats,
) -> None:  # fmt: skip
    """Free pass: writes `positions`; adds squared momenta to `squares` (samples, units).

    With `keep`, position at the kick and momentum after it are stored too, as backpropagation needs them.
    """
    samples, units = position.shape
    middle, bent, total = np.empty_like(step), np.empty_like(step), np.empty_like(step)
    for b in range(samples):
        q, p, square = position[b], momentum[b], squares[b]
        for k in range(drive.shape[1]):
            drift(q, p, step, middle)
            bend(middle, drive[b, k], slope, bounded, bent)
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
def retrace(
    position: Floats, momentum: Floats, drive: Floats, step: Floats, stiffness: Floats, gain: Floats,
    slope: Floats, bounded: bool, positions: Floats,
) -> None:  # fmt: skip
    """Free pass undone, last step first: writes `positions` as `advance` did, from where it ended."""
    samples, _ = position.shape
    middle, bent, total = np.empty_like(step), np.empty_like(step), np.empty_like(step)
    back = -step
    for b in range(samples):
        q, p = position[b], momentum[b]
        for k in range(drive.shape[1] - 1, -1, -1):
            copy(q, positions[b, k])
            drift(q, p, back, middle)
            bend(middle, drive[b, k], slope, bounded, bent)
            force(middle, bent, stiffness, gain, total)
            kick(p, total, back)
            drift(middle, p, back, q)


@kernel
def adjoint(
    position: Floats, momentum: Floats, to_position: Floats, to_momentum: Floats,
    drive: Floats, cotangent: Floats, step: Floats, stiffness: Floats,
    gain: Floats, slope: Floats, bounded: bool, drive_gradient: Floats, sums: Floats,
    kept: bool, middles: Floats, momenta: Floats,
) -> None:  # fmt: skip
    """Backpropagation through time, from kept states or from states reconstructed by the inverse step.

    Args:
        position, momentum: (samples, units) state, in the free pass's direction of time.
        to_position, to_momentum: (samples, units) adjoint state.
        drive_gradient, sums: as of `echoes.echo_linear`.
    """
    samples, units = position.shape
    middle, bent, total = np.empty_like(step), np.empty_like(step), np.empty_like(step)
    back, before, curvature = -step, np.empty_like(step), np.empty_like(step)
    for b in range(samples):
        q, p, x, y = position[b], momentum[b], to_position[b], to_momentum[b]
        for k in range(drive.shape[1] - 1, -1, -1):
            if kept:
                copy(middles[b, k], middle)
                copy(momenta[b, k], p)
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
                sums[b, 0, i] += 0.5 * x[i] * p[i] - total[i] * y[i]
            for i in range(units):
                x[i] -= step[i] * curvature[i] * y[i]
            for i in range(units):
                sums[b, 0, i] += 0.5 * x[i] * before[i]
            for i in range(units):
                sums[b, 1, i] -= step[i] * middle[i] * y[i]
            pull(bent, gain, step, y, bounded, total)
            copy(total, drive_gradient[b, k])
            if bounded:
                for i in range(units):
                    sums[b, 2, i] -= step[i] * bent[i] * y[i]
                for i in range(units):
                    sums[b, 3, i] += total[i] * middle[i]
            drift(y, x, step, y)
            copy(before, p)
            drift(middle, p, back, q)
