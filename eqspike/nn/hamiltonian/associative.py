"""Linear oscillators: all states at once, by an associative scan.

A step is Φ₁ = M Φ + F with the same 2 x 2 matrix M at all times, so states K steps apart are joined by M^K and
log2(time) doublings give all of them. Work grows by that factor and whole trajectories are held; worth it
where the device is wide.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from eqspike.nn.hamiltonian.energies import LinearOscillators
from eqspike.nn.hamiltonian.loop import Passes, contrast, flipped


class Trajectory(NamedTuple):
    """(samples, time, size) each: position at the kick, momentum before and after it, position at the end."""

    middles: Tensor
    before: Tensor
    after: Tensor
    positions: Tensor


def trajectory(
    oscillators: LinearOscillators,
    inputs: Tensor,
    position: Tensor,
    momentum: Tensor,
    kicks: Tensor,
) -> Trajectory:
    """States of all steps; `kicks` (samples, time, size) are added to the momentum before each step."""
    d, k, _, _, _ = oscillators.coefficients()
    pull = inputs @ oscillators.input_weight.T
    turn, swing = 1 - 0.5 * d * d * k, d * (1 - 0.25 * d * d * k)
    matrix = (turn, swing, -d * k, turn)
    forced_q = swing * kicks + 0.5 * d * d * pull
    forced_p = turn * kicks + d * pull
    q, p = scan(matrix, forced_q, forced_p, position, momentum)
    before_q = torch.cat((position[:, None], q[:, :-1]), 1)
    before = torch.cat((momentum[:, None], p[:, :-1]), 1) + kicks
    return Trajectory(before_q + 0.5 * d * before, before, p, q)


def scan(
    matrix: tuple[Tensor, Tensor, Tensor, Tensor],
    forced_q: Tensor,
    forced_p: Tensor,
    q0: Tensor,
    p0: Tensor,
) -> tuple[Tensor, Tensor]:
    """Φ_k = M Φ_{k-1} + F_k for k = 1 .. K by doubling; M as (qq, qp, pq, pp), each (size,)."""
    qq, qp, pq, pp = matrix
    q = torch.cat(((forced_q[:, 0] + qq * q0 + qp * p0)[:, None], forced_q[:, 1:]), 1)
    p = torch.cat(((forced_p[:, 0] + pq * q0 + pp * p0)[:, None], forced_p[:, 1:]), 1)
    apart = 1
    while apart < q.shape[1]:
        early_q, early_p = q[:, :-apart], p[:, :-apart]
        late_q = q[:, apart:] + qq * early_q + qp * early_p
        late_p = p[:, apart:] + pq * early_q + pp * early_p
        q, p = torch.cat((q[:, :apart], late_q), 1), torch.cat((p[:, :apart], late_p), 1)
        qq, qp, pq, pp = (
            qq * qq + qp * pq, qq * qp + qp * pp, pq * qq + pp * pq, pq * qp + pp * pp,
        )  # fmt: skip
        apart *= 2
    return q, p


class Scanned(torch.autograd.Function):
    """Positions and last momentum by one scan; its backward is two echoes by another."""

    @staticmethod
    def forward(
        ctx: Any, passes: Passes, oscillators: LinearOscillators, inputs: Tensor, position: Tensor,
        momentum: Tensor, *_: Tensor,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        free = trajectory(oscillators, inputs, position, momentum, inputs.new_zeros(()).expand(
            len(inputs), inputs.shape[1], oscillators.size))  # fmt: skip
        ctx.passes, ctx.oscillators = passes, oscillators
        ctx.mean_square = float(free.after.square().mean())
        ctx.save_for_backward(inputs, free.positions[:, -1].clone(), free.after[:, -1].clone())
        return free.positions, free.after[:, -1].clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, to_positions: Tensor, to_momentum: Tensor) -> tuple[Tensor | None, ...]:
        inputs, position, momentum = ctx.saved_tensors
        first, second = ctx.passes.kicks.strengths(ctx.mean_square, to_positions, to_momentum)
        nudge = to_positions.flip(1)
        echo = trajectory(
            ctx.oscillators,
            torch.cat((inputs, inputs)).flip(1),
            torch.cat((position + first * to_momentum, position + second * to_momentum)),
            flipped(torch.cat((momentum, momentum))),
            torch.cat((first * nudge, second * nudge)),
        )
        visited = tuple(part.flatten(0, 1) for part in echo[:3])
        of_inputs, *of = contrast(ctx.passes, visited, inputs.flip(1).flatten(0, 1))
        scale, samples = 1.0 / (first - second), len(inputs)
        q, p = echo.positions[:, -1], echo.after[:, -1]
        return (
            None, None, -scale * of_inputs.view_as(inputs).flip(1),
            scale * (p[:samples] - p[samples:]), scale * (q[:samples] - q[samples:]),
            *(-scale * part for part in of),
        )  # fmt: skip
