"""A whole block of a state-space model in the memory of its input: what stands around the unit is computed twice.

    x -> x + head(φ, n),   n = (x - mean) / deviation over all samples and steps,   φ the positions driven by n

Forward keeps x, the last state and that of the random numbers at each piece of time. Backward goes through the
pieces from the last: it undoes the free pass to have φ again, computes the head and differentiates it, and runs
both echoes over the same piece with the cotangent of φ just found. So three passes become four, and nothing that
grows with time is held but x, its cotangent and the output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from eqspike.nn.hamiltonian import kernels
from eqspike.nn.hamiltonian.compiled import Echoes, Ended, Place, Plan, doubles, pieces
from eqspike.nn.hamiltonian.nudging import Kicks
from eqspike.nn.products import contracted, times

Head = Callable[[Tensor, Tensor], Tensor]


class Block(NamedTuple):
    """Plan of the echoes, the head, and how many of the function's last arguments are the head's parameters."""

    plan: Plan
    head: Head
    parameters: int


class RecomputedBlock(torch.autograd.Function):
    """The block's output from (block, x, mean, 1 / deviation, B, b, coefficients, parameters of the head)."""

    @staticmethod
    def forward(
        ctx: Any, block: Block, inputs: Tensor, mean: Tensor, scale: Tensor, weight: Tensor,
        bias: Tensor | None, *rest: Tensor,
    ) -> Tensor:  # fmt: skip
        samples, time, size = len(inputs), inputs.shape[1], len(weight)
        physics = doubles(rest[: len(rest) - block.parameters])
        q, p, squares = (np.zeros((samples, size)) for _ in range(3))
        output, ctx.drawn = torch.empty_like(inputs), []
        for at in pieces(samples, time, size):
            normal = (inputs[at] - mean).mul_(scale)
            drive = times(normal, weight, bias)
            positions = torch.empty_like(drive)
            found, of = positions.numpy(), at[0]
            kernels.advance(
                q[of], p[of], drive.numpy(), *physics, block.plan.bounded, found, squares[of], False,
                found[:, :0], found[:, :0],
            )  # fmt: skip
            ctx.drawn.append(torch.get_rng_state())
            torch.add(inputs[at], block.head(positions, normal), out=output[at])
        ctx.block = block
        ctx.ended = Ended(q, p, float(squares.sum()) / (samples * time * size))
        ctx.save_for_backward(inputs, mean, scale, weight, bias, *rest)
        return output

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, to_output: Tensor) -> tuple[Tensor | None, ...]:
        found = _Backward(ctx, to_output)
        inputs = ctx.saved_tensors[0]
        order = list(pieces(len(inputs), inputs.shape[1], len(found.weight)))
        with torch.random.fork_rng(devices=[]):
            for at, drawn in zip(reversed(order), reversed(ctx.drawn), strict=True):
                torch.set_rng_state(drawn)
                found.learn(at)
        found.through_statistics(order)
        coefficients = torch.from_numpy(found.of_coefficients).to(inputs.dtype)
        of_bias = None if found.bias is None else found.of_bias.to(inputs.dtype)
        return (
            None, found.of_inputs, None, None, found.of_weight.to(inputs.dtype), of_bias, *coefficients,
            *(total.to(inputs.dtype) for total in found.of_head),
        )  # fmt: skip


class _Backward:
    """Sums of one backward pass, piece by piece; all but those of the inputs are float64."""

    def __init__(self, ctx: Any, to_output: Tensor) -> None:
        self.block, self.ended, self.to_output = ctx.block, ctx.ended, to_output
        self.inputs, self.mean, self.scale, self.weight, self.bias, *rest = ctx.saved_tensors
        self.physics = doubles(rest[: len(rest) - self.block.parameters])
        self.head_parameters = rest[len(rest) - self.block.parameters :]
        self.of_head = [torch.zeros_like(of, dtype=torch.float64) for of in self.head_parameters]
        self.of_inputs = torch.empty_like(self.inputs)
        self.of_weight = torch.zeros_like(self.weight, dtype=torch.float64)
        self.of_bias = torch.zeros(len(self.weight), dtype=torch.float64)
        self.of_coefficients = np.zeros((4, len(self.weight)))
        self.plain, self.along = (
            torch.zeros_like(self.mean, dtype=torch.float64) for _ in range(2)
        )
        self.position, self.momentum = self.ended.position.copy(), self.ended.momentum.copy()
        self.echoes: Echoes | None = None
        self.echoed = slice(0)

    def learn(self, at: Place) -> None:
        """The head's gradient and both echoes over one piece."""
        normal = (self.inputs[at] - self.mean).mul_(self.scale)
        drive = times(normal, self.weight, self.bias)
        positions, of = torch.empty_like(drive), at[0]
        bounded = self.block.plan.bounded
        kernels.retrace(
            self.position[of], self.momentum[of], drive.numpy(), *self.physics, bounded, positions.numpy()
        )  # fmt: skip
        with torch.enable_grad():
            leaves = positions.requires_grad_(), normal.detach().requires_grad_()
            mixed = self.block.head(*leaves)
            wanted = (*leaves, *self.head_parameters)
            to_positions, of_normal, *of_head = torch.autograd.grad(
                mixed, wanted, self.to_output[at]
            )
        for total, part in zip(self.of_head, of_head, strict=True):
            total += part
        gradient = torch.empty_like(drive)
        nudge = to_positions.contiguous().numpy()
        self._echo(at, to_positions).run(
            (slice(None), at[1]), drive.numpy(), nudge, gradient.numpy()
        )
        rows, normal_rows = gradient.flatten(0, 1), normal.flatten(0, 1)
        of_rows = times(rows, self.weight.T).add_(of_normal.flatten(0, 1))
        self.of_weight += contracted(rows, normal_rows)
        self.of_bias += rows.sum(0)
        self.plain += of_rows.sum(0)
        self.along += (of_rows * normal_rows).sum(0)
        self.of_inputs[at] = of_rows.view_as(normal)
        if at[1].start == 0 and self.echoes is not None:
            self.of_coefficients += self.echoes.sums.sum(0)

    def _echo(self, at: Place, to_positions: Tensor) -> Echoes:
        """Echoes of these samples; they begin with the samples' last piece of time."""
        if self.echoes is None or self.echoed != at[0]:
            samples, self.echoed = at[0], at[0]
            strengths = expected_strengths(
                self.block.plan.kicks, self.ended.mean_square, to_positions, self.to_output[at],
                self.to_output[samples],
            )  # fmt: skip
            ended = Ended(self.ended.position[samples], self.ended.momentum[samples], 0.0)
            bounded = self.block.plan.bounded
            self.echoes = Echoes(ended, bounded, self.physics, None, strengths)
        return self.echoes

    def through_statistics(self, order: list[Place]) -> None:
        """From gradients by n to those by x: n depends on x through mean and deviation too."""
        number = self.inputs.shape[0] * self.inputs.shape[1]
        plain, along = ((of / number).to(self.mean.dtype) for of in (self.plain, self.along))
        for at in order:
            normal, part = (self.inputs[at] - self.mean).mul_(self.scale), self.of_inputs[at]
            part.sub_(plain).sub_(normal.mul_(along)).mul_(self.scale).add_(self.to_output[at])


def expected_strengths(
    kicks: Kicks, mean_square: float, to_positions: Tensor, to_piece: Tensor, to_all: Tensor
) -> tuple[float, float]:
    """Strengths from the last piece of time, as if kicks had the same share of the cotangent of all pieces."""
    whole, piece = (float(torch.linalg.vector_norm(of)) for of in (to_all, to_piece))
    if piece > 0.0:
        return kicks.strengths(mean_square, to_positions * (whole / piece))
    return kicks.strengths(mean_square, to_all)


def batch_statistics(normalise: nn.BatchNorm1d, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and 1 / deviation of each channel over samples and steps; also moves the running ones."""
    rows = inputs.detach().flatten(0, 1)
    total, squares = (torch.zeros(rows.shape[1], dtype=torch.float64) for _ in range(2))
    origin = rows[0]
    for part in torch.split(rows, 1024):
        moved = part - origin
        total += moved.sum(0)
        squares += moved.square_().sum(0)
    mean, variance = total / len(rows), squares / len(rows) - (total / len(rows)) ** 2
    centre = origin + mean.to(rows.dtype)
    if normalise.running_mean is not None and normalise.running_var is not None:
        unbiased = variance * len(rows) / max(1, len(rows) - 1)
        share = normalise.momentum or 0.0
        normalise.running_mean.lerp_(centre, share)
        normalise.running_var.lerp_(unbiased.to(rows.dtype), share)
    if normalise.num_batches_tracked is not None:
        normalise.num_batches_tracked += 1
    return centre, (variance + normalise.eps).rsqrt().to(rows.dtype)
