"""Loops over oscillators, compiled into the passes: (units,) arrays, few of them each, no branch inside.

Few arrays, because a compiler that cannot prove them apart gives up vector instructions where there are many.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from eqspike.nn.hamiltonian.compilation import inlined

Floats = NDArray[Any]


@inlined
def exponential_minus_one(x: float) -> float:
    """exp(x) - 1 for -40 <= x <= 0, without branches, so that loops over units become vector instructions.

    Taylor's series of x / 64, one instruction a term, then e(2x) = e(x) (2 + e(x)) six times, which does not
    amplify the relative error.
    """
    r = x * 0.015625
    s = 1.0 / 1307674368000.0
    s = s * r + 1.0 / 87178291200.0
    s = s * r + 1.0 / 6227020800.0
    s = s * r + 1.0 / 479001600.0
    s = s * r + 1.0 / 39916800.0
    s = s * r + 1.0 / 3628800.0
    s = s * r + 1.0 / 362880.0
    s = s * r + 1.0 / 40320.0
    s = s * r + 1.0 / 5040.0
    s = s * r + 1.0 / 720.0
    s = s * r + 1.0 / 120.0
    s = s * r + 1.0 / 24.0
    s = s * r + 1.0 / 6.0
    s = s * r + 1.0 / 2.0
    s = s * r + 1.0
    e = r * s
    e = e * (2.0 + e)
    e = e * (2.0 + e)
    e = e * (2.0 + e)
    e = e * (2.0 + e)
    e = e * (2.0 + e)
    return e * (2.0 + e)


@inlined
def tanh(z: float) -> float:
    size = abs(z)
    e = exponential_minus_one(-2.0 * (size if size < 20.0 else 20.0))
    t = -e / (2.0 + e)
    return t if z > 0.0 else -t


@inlined
def log_ratio(e: float, e2: float) -> float:
    """log((1 + x) / (1 + x2)) of x = 1 + e and x2 = 1 + e2, both from 0 to 1.

    It is 2 artanh(s) with s = (x - x2) / (2 + x + x2), at most 1/3, by its series.
    """
    s = (e - e2) / (4.0 + e + e2)
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
    return 2.0 * s * r


@inlined
def drift(position: Floats, momentum: Floats, step: Floats, middle: Floats) -> None:
    for i in range(step.size):
        middle[i] = position[i] + 0.5 * step[i] * momentum[i]


@inlined
def bend(middle: Floats, drive: Floats, slope: Floats, bounded: bool, bent: Floats) -> None:
    """tanh of what the well sees; for linear oscillators, what is pulled: minus the drive."""
    if bounded:
        for i in range(slope.size):
            bent[i] = tanh(slope[i] * middle[i] + drive[i])
    else:
        for i in range(slope.size):
            bent[i] = -drive[i]


@inlined
def force(middle: Floats, bent: Floats, stiffness: Floats, gain: Floats, force: Floats) -> None:
    for i in range(gain.size):
        force[i] = stiffness[i] * middle[i] + gain[i] * bent[i]


@inlined
def kick(momentum: Floats, by: Floats, times: Floats) -> None:
    for i in range(times.size):
        momentum[i] -= times[i] * by[i]


@inlined
def nudge(momentum: Floats, nudge: Floats, strength: float) -> None:
    for i in range(momentum.size):
        momentum[i] += strength * nudge[i]


@inlined
def copy(source: Floats, target: Floats) -> None:
    for i in range(source.size):
        target[i] = source[i]


@inlined
def curve(
    bent: Floats, stiffness: Floats, gain: Floats, slope: Floats, bounded: bool, curvature: Floats
) -> None:
    """Derivative of the force by the position."""
    for i in range(gain.size):
        curvature[i] = stiffness[i]
        if bounded:
            curvature[i] += gain[i] * slope[i] * (1.0 - bent[i] * bent[i])


@inlined
def pull(
    bent: Floats, gain: Floats, step: Floats, adjoint: Floats, bounded: bool, gradient: Floats
) -> None:
    """Gradient of the drive."""
    for i in range(gain.size):
        bend = 1.0 - bent[i] * bent[i] if bounded else -1.0
        gradient[i] = -step[i] * gain[i] * bend * adjoint[i]
