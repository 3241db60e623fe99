"""Oscillators on the processor: the compiled passes as one autograd function.

Series stay in the inputs' type; the states, of one step only, and all sums are float64. The drive B u + b is
computed chunk by chunk and never held for all times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import linear

from eqspike.nn.hamiltonian import kernels
from eqspike.nn.hamiltonian.nudging import Kicks

Array = NDArray[Any]
Physics = tuple[Array, Array, Array, Array]
CHUNK = 131_072
"""Values of the drive held at a time."""


@dataclass(frozen=True)
class Plan:
    """How the backward pass is run.

    Attributes:
        backward: `rhel`, `rhel-one-sided`, `reversible` or `bptt`.
        kicks: strengths of echoes.
        bounded: whether oscillators have log-cosh wells.
    """

    backward: str
    kicks: Kicks
    bounded: bool


class CompiledPass(torch.autograd.Function):
    """(positions, last momentum) of oscillators; see `kernels` for the equations."""

    @staticmethod
    def forward(
        ctx: Any, plan: Plan, inputs: Tensor, position: Tensor, momentum: Tensor, weight: Tensor,
        bias: Tensor | None, *coefficients: Tensor,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        samples, time, size = len(inputs), inputs.shape[1], len(weight)
        q, p = (of.detach().to(torch.float64).clone().numpy() for of in (position, momentum))
        physics = doubles(coefficients)
        positions = inputs.new_empty(samples, time, size)
        squares, keep = np.zeros((samples, size)), plan.backward == "bptt"
        kept = tuple(
            np.zeros_like(positions.numpy())
            if keep
            else kernels.nothing_kept(positions.numpy().dtype)
            for _ in range(2)
        )
        for start, stop in chunks(inputs, size):
            drive = linear(inputs[:, start:stop], weight, bias).numpy()
            kernels.advance(
                start, stop, q, p, drive, *physics, plan.bounded,
                positions.numpy(), squares, keep, *kept,
            )  # fmt: skip
        ctx.plan, ctx.ended, ctx.kept = plan, (q, p), kept
        ctx.mean_square = float(squares.sum()) / (samples * time * size)
        ctx.save_for_backward(inputs, weight, bias, *coefficients)
        return positions, torch.from_numpy(p).to(positions.dtype, copy=True)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, to_positions: Tensor, to_momentum: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight, bias, *coefficients = ctx.saved_tensors
        back = _Echo if ctx.plan.backward.startswith("rhel") else _Adjoint
        way = back(ctx, doubles(coefficients), to_positions, to_momentum)
        of_inputs, of_weight = (
            torch.empty_like(inputs),
            torch.zeros_like(weight, dtype=torch.float64),
        )
        of_bias = torch.zeros(len(weight), dtype=torch.float64)
        for start, stop in reversed(list(chunks(inputs, len(weight)))):
            part = inputs[:, start:stop]
            drive = linear(part, weight, bias)
            gradient = torch.empty_like(drive)
            nudge = to_positions[:, start:stop].contiguous()
            way.run(start, stop, drive.numpy(), nudge.numpy(), gradient.numpy())
            of_inputs[:, start:stop] = gradient @ weight
            of_weight += gradient.flatten(0, 1).T @ part.flatten(0, 1)
            if bias is not None:
                of_bias += gradient.sum((0, 1), dtype=torch.float64)
        sums = torch.from_numpy(way.sums.sum(1)).to(weight.dtype)
        of_state = (torch.from_numpy(of).to(inputs.dtype) for of in way.of_state())
        return (
            None, of_inputs, *of_state, of_weight.to(weight.dtype),
            None if bias is None else of_bias.to(bias.dtype), *sums,
        )  # fmt: skip


class _Echo:
    """Both echoes of a backward pass, chunk by chunk."""

    def __init__(self, ctx: Any, physics: Physics, to_positions: Tensor, to_momentum: Tensor):
        strengths = ctx.plan.kicks.strengths(ctx.mean_square, to_positions, to_momentum)
        self.first, self.second = strengths
        q, p = ctx.ended
        last = to_momentum.to(torch.float64).numpy()
        self.position = np.stack([q + strength * last for strength in strengths])
        self.momentum = -np.stack((p, p))
        self.physics, self.bounded = physics, ctx.plan.bounded
        self.sums = np.zeros((4, *p.shape))

    def run(self, start: int, stop: int, drive: Array, nudge: Array, gradient: Array) -> None:
        kernels.echo(
            start, stop, self.position, self.momentum, drive, nudge, self.first, self.second,
            *self.physics, self.bounded, gradient, self.sums,
        )  # fmt: skip

    def of_state(self) -> Iterator[Array]:
        scale = 1.0 / (self.first - self.second)
        return (scale * (of[0] - of[1]) for of in (self.momentum, self.position))


class _Adjoint:
    """Backpropagation through time, chunk by chunk."""

    def __init__(self, ctx: Any, physics: Physics, to_positions: Tensor, to_momentum: Tensor):
        self.position, self.momentum = (of.copy() for of in ctx.ended)
        self.to_position = np.zeros_like(self.position)
        self.to_momentum = to_momentum.to(torch.float64, copy=True).numpy()
        self.physics, self.bounded = physics, ctx.plan.bounded
        self.middles, self.momenta = ctx.kept
        self.keeps = ctx.plan.backward == "bptt"
        self.sums = np.zeros((4, *self.position.shape))

    def run(self, start: int, stop: int, drive: Array, nudge: Array, gradient: Array) -> None:
        kernels.adjoint(
            start, stop, self.position, self.momentum, self.to_position, self.to_momentum, drive,
            nudge, *self.physics, self.bounded, gradient, self.sums, self.keeps, self.middles, self.momenta,
        )  # fmt: skip

    def of_state(self) -> Iterator[Array]:
        return iter((self.to_position, self.to_momentum))


def chunks(inputs: Tensor, size: int) -> Iterator[tuple[int, int]]:
    """First and last step of each chunk of time."""
    time = inputs.shape[1]
    length = max(1, CHUNK // (len(inputs) * size))
    return ((start, min(start + length, time)) for start in range(0, time, length))


def doubles(coefficients: Iterable[Tensor]) -> Physics:
    """As the kernels take them."""
    a, b, c, d = (of.detach().to(torch.float64).contiguous().numpy() for of in coefficients)
    return a, b, c, d
