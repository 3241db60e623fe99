"""Compiled echoes of oscillators: both of a pair at once, each step one loop over the units.

Momenta run backwards in time. With the notation of `kernels`, Δ for differences of the two echoes, and
scale = -1 / (first - second), a step adds to the gradients

    drive   scale d Δ(∂V/∂f)           stiffness   scale d Δ(m²) / 2
    gain    scale d Δ(∂V/∂c)           step        scale (Δ(p² + p'²) / 4 + Δ(V))

Differences of squares and of log cosh are taken as products with differences before anything is summed, so that a
small kick loses no more digits than the states themselves have lost.
"""

from __future__ import annotations

from eqspike.nn.hamiltonian.compilation import kernel
from eqspike.nn.hamiltonian.rows import Floats, exponential_minus_one, log_ratio


@kernel
def echo_linear(
    position: Floats, momentum: Floats, drive: Floats, cotangent: Floats, first: float, second: float,
    step: Floats, stiffness: Floats, drive_gradient: Floats, sums: Floats,
) -> None:  # fmt: skip
    """Echoes of linear oscillators, kicked by first and second times `cotangent`, last step first.

    Args:
        position, momentum: (samples, 2, units) of the two echoes; changed in place.
        drive, cotangent: (samples, steps, units).
        drive_gradient: (samples, steps, units) written.
        sums: (samples, 4, units) float64; gradients of step, stiffness, gain, slope are added, step by step.
    """
    scale = -1.0 / (first - second)
    for b in range(len(position)):
        q, q2, p, p2 = position[b, 0], position[b, 1], momentum[b, 0], momentum[b, 1]
        of_step, of_stiffness = sums[b, 0], sums[b, 1]
        for k in range(drive.shape[1] - 1, -1, -1):
            f, nudge, gradient = drive[b, k], cotangent[b, k], drive_gradient[b, k]
            for i in range(step.size):
                d, a = step[i], stiffness[i]
                v, v2 = p[i] + first * nudge[i], p2[i] + second * nudge[i]
                m, m2 = q[i] + 0.5 * d * v, q2[i] + 0.5 * d * v2
                w, w2 = v - d * (a * m - f[i]), v2 - d * (a * m2 - f[i])
                apart = m - m2
                springs = 0.5 * apart * (m + m2)
                kinetic = 0.25 * ((v - v2) * (v + v2) + (w - w2) * (w + w2))
                gradient[i] = -scale * d * apart
                of_step[i] += scale * (kinetic + a * springs - f[i] * apart)
                of_stiffness[i] += scale * d * springs
                p[i], p2[i] = w, w2
                q[i], q2[i] = m + 0.5 * d * w, m2 + 0.5 * d * w2


@kernel
def echo_log_cosh(
    position: Floats, momentum: Floats, drive: Floats, cotangent: Floats, first: float, second: float,
    step: Floats, stiffness: Floats, gain: Floats, slope: Floats, drive_gradient: Floats, sums: Floats,
) -> None:  # fmt: skip
    """Echoes of oscillators in log-cosh wells; arguments as of `echo_linear`."""
    scale = -1.0 / (first - second)
    steep = 1.0 / slope
    for b in range(len(position)):
        q, q2, p, p2 = position[b, 0], position[b, 1], momentum[b, 0], momentum[b, 1]
        of_step, of_stiffness, of_gain, of_slope = sums[b, 0], sums[b, 1], sums[b, 2], sums[b, 3]
        for k in range(drive.shape[1] - 1, -1, -1):
            f, nudge, gradient = drive[b, k], cotangent[b, k], drive_gradient[b, k]
            for i in range(step.size):
                d, a, c = step[i], stiffness[i], gain[i]
                v, v2 = p[i] + first * nudge[i], p2[i] + second * nudge[i]
                m, m2 = q[i] + 0.5 * d * v, q2[i] + 0.5 * d * v2
                z, z2 = slope[i] * m + f[i], slope[i] * m2 + f[i]
                size, size2 = abs(z), abs(z2)
                e = exponential_minus_one(-2.0 * (size if size < 20.0 else 20.0))
                e2 = exponential_minus_one(-2.0 * (size2 if size2 < 20.0 else 20.0))
                t, t2 = -e / (2.0 + e), -e2 / (2.0 + e2)
                t, t2 = (t if z > 0.0 else -t), (t2 if z2 > 0.0 else -t2)
                well = (size - size2 + log_ratio(e, e2)) * steep[i]
                w, w2 = v - d * (a * m + c * t), v2 - d * (a * m2 + c * t2)
                apart = m - m2
                springs = 0.5 * apart * (m + m2)
                kinetic = 0.25 * ((v - v2) * (v + v2) + (w - w2) * (w + w2))
                pulled = scale * d * c * steep[i]
                gradient[i] = pulled * (t - t2)
                of_step[i] += scale * (kinetic + a * springs + c * well)
                of_stiffness[i] += scale * d * springs
                of_gain[i] += scale * d * well
                of_slope[i] += pulled * (m * t - m2 * t2 - well)
                p[i], p2[i] = w, w2
                q[i], q2[i] = m + 0.5 * d * w, m2 + 0.5 * d * w2
