"""Oscillators on the processor: the compiled passes as one autograd function.

Series stay in the inputs' type; the states, of one step only, and all sums are float64. The drive B u + b is
computed piece by piece, while it is in cache, and never held for all times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eqspike.nn.hamiltonian import kernels
from eqspike.nn.hamiltonian.echoes import echo_linear, echo_log_cosh
from eqspike.nn.hamiltonian.nudging import Kicks
from eqspike.nn.products import contracted, times

Array = NDArray[Any]
Physics = tuple[Array, Array, Array, Array]
Place = tuple[slice, slice]
PIECE = 131_072
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


class Ended(NamedTuple):
    """Where a free pass ended: position and momentum (samples, size), and mean square of all its momenta."""

    position: Array
    momentum: Array
    mean_square: float


class CompiledPass(torch.autograd.Function):
    """(positions, last momentum) of oscillators; see `kernels` for the equations."""

    @staticmethod
    def forward(
        ctx: Any, plan: Plan, inputs: Tensor, position: Tensor, momentum: Tensor, weight: Tensor,
        bias: Tensor | None, *coefficients: Tensor,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        inputs = inputs.contiguous()
        samples, time, size = len(inputs), inputs.shape[1], len(weight)
        q, p = (of.detach().to(torch.float64).clone().numpy() for of in (position, momentum))
        physics = doubles(coefficients)
        positions = inputs.new_empty(samples, time, size)
        found, keep = positions.numpy(), plan.backward == "bptt"
        squares = np.zeros((samples, size))
        kept = tuple(
            torch.empty_like(positions).numpy() if keep else found[:, :0] for _ in range(2)
        )
        for at in pieces(samples, time, size):
            drive = times(inputs[at], weight, bias).numpy()
            kernels.advance(
                q[at[0]], p[at[0]], drive, *physics, plan.bounded, found[at], squares[at[0]], keep,
                *(of[at] for of in kept),
            )  # fmt: skip
        ctx.plan, ctx.kept = plan, kept
        ctx.ended = Ended(q, p, float(squares.sum()) / (samples * time * size))
        ctx.save_for_backward(inputs, weight, bias, *coefficients)
        return positions, torch.from_numpy(p).to(positions.dtype, copy=True)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, to_positions: Tensor, to_momentum: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight, bias, *coefficients = ctx.saved_tensors
        strengths = ctx.plan.kicks.strengths(ctx.ended.mean_square, to_positions, to_momentum)
        echoed = ctx.plan.backward.startswith("rhel")
        way = (
            Echoes(ctx.ended, ctx.plan.bounded, doubles(coefficients), to_momentum, strengths)
            if echoed
            else _Adjoint(ctx, doubles(coefficients), to_momentum)
        )
        of_inputs, of_weight = torch.empty_like(inputs), torch.zeros_like(weight)
        of_bias = None if bias is None else torch.zeros_like(bias)
        sums = of_weight.to(torch.float64), torch.zeros(len(weight), dtype=torch.float64)
        for at in reversed(list(pieces(len(inputs), inputs.shape[1], len(weight)))):
            part = inputs[at]
            drive = times(part, weight, bias)
            gradient = torch.empty_like(drive)
            way.run(at, drive.numpy(), to_positions[at].contiguous().numpy(), gradient.numpy())
            rows = gradient.flatten(0, 1)
            of_inputs[at] = times(gradient, weight.T)
            sums[0].add_(contracted(rows, part.flatten(0, 1)))
            if of_bias is not None:
                sums[1].add_(rows.sum(0))
        of_state = (torch.from_numpy(of).to(inputs.dtype) for of in way.of_state())
        return (
            None, of_inputs, *of_state, of_weight.copy_(sums[0]),
            None if of_bias is None else of_bias.copy_(sums[1]),
            *torch.from_numpy(way.sums.sum(0)).to(weight.dtype),
        )  # fmt: skip


class Echoes:
    """Both echoes of a backward pass, piece by piece; samples may have strengths of their own."""

    def __init__(
        self, ended: Ended, bounded: bool, physics: Physics, to_momentum: Tensor | None,
        strengths: tuple[float, float],
    ) -> None:  # fmt: skip
        self.first, self.second = strengths
        q, p, _ = ended
        last = 0.0 if to_momentum is None else to_momentum.to(torch.float64).numpy()
        self.position = np.stack([q + strength * last for strength in strengths], 1)
        self.momentum = -np.stack((p, p), 1)
        self.physics, self.bounded = physics, bounded
        self.sums = np.zeros((len(p), 4, p.shape[1]))

    def run(self, at: Place, drive: Array, nudge: Array, gradient: Array) -> None:
        states = self.position[at[0]], self.momentum[at[0]], drive, nudge, self.first, self.second
        if self.bounded:
            echo_log_cosh(*states, *self.physics, gradient, self.sums[at[0]])
        else:
            echo_linear(*states, *self.physics[:2], gradient, self.sums[at[0]])

    def of_state(self) -> Iterator[Array]:
        scale = 1.0 / (self.first - self.second)
        return (scale * (of[:, 0] - of[:, 1]) for of in (self.momentum, self.position))


class _Adjoint:
    """Backpropagation through time, piece by piece."""

    def __init__(self, ctx: Any, physics: Physics, to_momentum: Tensor) -> None:
        self.position, self.momentum = (of.copy() for of in ctx.ended[:2])
        self.to_position = np.zeros_like(self.position)
        self.to_momentum = to_momentum.to(torch.float64, copy=True).numpy()
        self.physics, self.bounded = physics, ctx.plan.bounded
        self.kept, self.keeps = ctx.kept, ctx.plan.backward == "bptt"
        self.sums = np.zeros((len(self.position), 4, self.position.shape[1]))

    def run(self, at: Place, drive: Array, nudge: Array, gradient: Array) -> None:
        of = at[0]
        kernels.adjoint(
            self.position[of], self.momentum[of], self.to_position[of], self.to_momentum[of], drive, nudge,
            *self.physics, self.bounded, gradient, self.sums[of], self.keeps, *(kept[at] for kept in self.kept),
        )  # fmt: skip

    def of_state(self) -> Iterator[Array]:
        return iter((self.to_position, self.to_momentum))


def pieces(samples: int, time: int, size: int) -> Iterator[Place]:
    """Places that each lie together in memory: steps of one sample, or some whole samples."""
    rows = max(1, PIECE // size)
    if time > rows:
        for b in range(samples):
            for start in range(0, time, rows):
                yield slice(b, b + 1), slice(start, min(start + rows, time))
        return
    several = rows // time
    for b in range(0, samples, several):
        yield slice(b, min(b + several, samples)), slice(0, time)


def doubles(coefficients: Iterable[Tensor]) -> Physics:
    """As the kernels take them."""
    a, b, c, d = (of.detach().to(torch.float64).contiguous().numpy() for of in coefficients)
    return a, b, c, d
