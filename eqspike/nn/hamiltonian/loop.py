"""Passes through time of any energy, step by step in PyTorch: the definition that the compiled passes must equal.

RHEL (recurrent Hamiltonian echo learning), with states Φ_k and cotangents y_k of their positions, k = 1 .. K:
reverse the momenta of Φ_K; then for k = K .. 1 add ε y_k to the momenta and run one step with the input of step k.
With H½ the energy at the kick, a gradient is

    dL/dθ = - Σ_k [∂H½(+ε)/∂θ - ∂H½(-ε)/∂θ] / 2ε
    dL/dφ_0 = [π(+ε) - π(-ε)] / 2ε,   dL/dπ_0 = [φ(+ε) - φ(-ε)] / 2ε

Source: G. Pourcel and M. Ernoult, arXiv:2506.05259 (2025); time steps are inside the energies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqspike.nn.hamiltonian.nudging import Kicks
from eqspike.nn.hamiltonian.steps import Integrator


@dataclass(frozen=True)
class Passes:
    """What a backward pass needs to know: the step, the kicks, and the parameters of the energy."""

    integrator: Integrator
    kicks: Kicks
    parameters: tuple[Tensor, ...]


def reversed_time(steps: int) -> Iterator[int]:
    """Steps of a backward pass: inputs and cotangents come back last first."""
    return reversed(range(steps))


def flipped(momentum: Tensor) -> Tensor:
    """Momentum at the mirror in time."""
    return -momentum


def run(
    integrator: Integrator, inputs: Tensor, position: Tensor, momentum: Tensor, differentiable: bool
) -> tuple[Tensor, Tensor, float]:
    """Free pass: positions (samples, time, size), last momentum, mean square of momenta."""
    positions, squares = [], 0.0
    for k in range(inputs.shape[1]):
        position, momentum, _ = integrator.step(position, momentum, inputs[:, k], differentiable)
        positions.append(position)
        squares += float(momentum.detach().square().mean())
    return torch.stack(positions, 1), momentum, squares / inputs.shape[1]


class Echoed(torch.autograd.Function):
    """Positions and last momentum; keeps the last state only; its backward is two echoes."""

    @staticmethod
    def forward(
        ctx: Any, passes: Passes, inputs: Tensor, position: Tensor, momentum: Tensor, *_: Tensor
    ) -> tuple[Tensor, Tensor]:
        positions, last, ctx.mean_square = run(
            passes.integrator, inputs, position, momentum, differentiable=False
        )
        ctx.passes = passes
        ctx.save_for_backward(inputs, positions[:, -1].clone(), last)
        return positions, last

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
        inputs, position, momentum = ctx.saved_tensors
        echo = Echoes(ctx.passes, ctx.mean_square, inputs, position, momentum, *cotangents)
        for _ in echo:
            pass
        return None, echo.of_inputs, *echo.adjoint(), *echo.of_parameters()


class Echoes:
    """Both echoes as one batch, step by step.

    Iterating yields the step k from K - 1 to 0 when the echoes have passed it; `adjoint()` is then the gradient by
    the state before step k.
    """

    def __init__(
        self, passes: Passes, mean_square: float, inputs: Tensor, position: Tensor, momentum: Tensor,
        to_positions: Tensor, to_momentum: Tensor,
    ) -> None:  # fmt: skip
        self.passes, self.inputs, self.cotangents = passes, inputs, to_positions
        first, second = passes.kicks.strengths(mean_square, to_positions, to_momentum)
        self.contrast = first - second
        self.position = torch.cat((position + first * to_momentum, position + second * to_momentum))
        self.momentum = flipped(torch.cat((momentum, momentum)))
        self.strengths = (first, second)
        self.of_inputs = torch.zeros_like(inputs)
        self.sums = [
            torch.zeros(of.shape, dtype=torch.float64, device=of.device) for of in passes.parameters
        ]

    def __iter__(self) -> Iterator[int]:
        first, second = self.strengths
        for k in reversed_time(self.inputs.shape[1]):
            nudge = self.cotangents[:, k]
            self.momentum = self.momentum + torch.cat((first * nudge, second * nudge))
            twice = torch.cat((self.inputs[:, k], self.inputs[:, k]))
            step = self.passes.integrator.step(self.position, self.momentum, twice)
            self.position, self.momentum, visited = step
            self.learn(k, visited)
            yield k

    def learn(self, k: int, visited: Sequence[Tensor]) -> None:
        """Add minus the contrast of this step's energies to the gradients."""
        of_inputs, *of = contrast(
            self.passes, tuple(part.detach() for part in visited), self.inputs[:, k]
        )
        self.of_inputs[:, k] = of_inputs / -self.contrast
        for total, part in zip(self.sums, of, strict=True):
            total -= part.to(torch.float64) / self.contrast

    def adjoint(self) -> tuple[Tensor, Tensor]:
        """Gradient by position and momentum of the state the echoes have come back to."""
        position = (
            self.position[: len(self.inputs)] - self.position[len(self.inputs) :]
        ) / self.contrast
        momentum = (
            self.momentum[: len(self.inputs)] - self.momentum[len(self.inputs) :]
        ) / self.contrast
        return momentum, position

    def of_parameters(self) -> Iterator[Tensor]:
        """Gradients of the parameters, as they are stored."""
        pairs = zip(self.sums, self.passes.parameters, strict=True)
        return (total.to(of.dtype) for total, of in pairs)


def contrast(passes: Passes, visited: tuple[Tensor, ...], inputs: Tensor) -> list[Tensor]:
    """Derivatives, by inputs and parameters, of the energy of the first echo minus that of the second."""
    with torch.enable_grad():
        inputs = inputs.detach().requires_grad_()
        energies = passes.integrator.energy(visited, torch.cat((inputs, inputs)))
        difference = energies[: len(inputs)] - energies[len(inputs) :]
        wanted = (inputs, *passes.parameters)
        found = torch.autograd.grad(difference.sum(), wanted, allow_unused=True)
    pairs = zip(found, wanted, strict=True)
    return [torch.zeros_like(of) if part is None else part for part, of in pairs]


class Reconstructed(torch.autograd.Function):
    """Backpropagation through time that keeps the last state only: each step is undone, then differentiated."""

    @staticmethod
    def forward(
        ctx: Any, passes: Passes, inputs: Tensor, position: Tensor, momentum: Tensor, *_: Tensor
    ) -> tuple[Tensor, Tensor]:
        positions, last = run(passes.integrator, inputs, position, momentum, False)[:2]
        ctx.passes = passes
        ctx.save_for_backward(inputs, positions[:, -1].clone(), last)
        return positions, last

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, to_positions: Tensor, to_momentum: Tensor) -> tuple[Tensor | None, ...]:
        inputs, position, momentum = ctx.saved_tensors
        passes, step = ctx.passes, ctx.passes.integrator.step
        of_position, of_momentum = torch.zeros_like(position), to_momentum
        of_inputs = torch.zeros_like(inputs)
        sums = [torch.zeros(of.shape, dtype=torch.float64) for of in passes.parameters]
        for k in reversed_time(inputs.shape[1]):
            back = step(position, flipped(momentum), inputs[:, k])
            position, momentum = back[0].detach(), flipped(back[1].detach())
            with torch.enable_grad():
                leaves = [of.detach().requires_grad_() for of in (inputs[:, k], position, momentum)]
                ended = step(leaves[1], leaves[2], leaves[0], differentiable=True)[:2]
                wanted = (*leaves, *passes.parameters)
                of = torch.autograd.grad(
                    ended,
                    wanted,
                    (of_position + to_positions[:, k], of_momentum),
                    allow_unused=True,
                )
            if of[0] is not None:
                of_inputs[:, k] = of[0]
            of_position, of_momentum = of[1], of[2]
            for total, part in zip(sums, of[3:], strict=True):
                if part is not None:
                    total += part.to(torch.float64)
        pairs = zip(sums, passes.parameters, strict=True)
        return None, of_inputs, of_position, of_momentum, *(t.to(of.dtype) for t, of in pairs)
