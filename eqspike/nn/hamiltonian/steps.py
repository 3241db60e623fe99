"""One reversible step of any energy; only the energy is written, its derivatives are automatic.

Both steps are symmetric and symplectic, which is all that an echo needs: run on a state of reversed momentum with
the same input, a step goes back. `visited` are the states at which the energy is contrasted between echoes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from eqspike.core.errors import ConvergenceError

Visited = tuple[Tensor, ...]


class Integrator(Protocol):
    """A reversible step of unit length."""

    def step(
        self, position: Tensor, momentum: Tensor, inputs: Tensor, differentiable: bool = False
    ) -> tuple[Tensor, Tensor, Visited]:
        """Position, momentum and what was visited. Not `differentiable`: nothing is kept for autograd."""
        ...

    def energy(self, visited: Visited, inputs: Tensor) -> Tensor:
        """(samples,) energy whose derivative by a parameter, contrasted between echoes, is the gradient."""
        ...


@dataclass(frozen=True)
class Leapfrog:
    """Drift, kick, drift for H = T(π) + V(φ, u):

        φ½ = φ + T'(π) / 2,   π₁ = π - V'(φ½, u),   φ₁ = φ½ + T'(π₁) / 2

    Attributes:
        kinetic: T, of momenta (samples, size); gives (samples,).
        potential: V, of positions (samples, size) and inputs (samples, ...); gives (samples,).
    """

    kinetic: Callable[[Tensor], Tensor]
    potential: Callable[[Tensor, Tensor], Tensor]

    def step(
        self, position: Tensor, momentum: Tensor, inputs: Tensor, differentiable: bool = False
    ) -> tuple[Tensor, Tensor, Visited]:
        def slope(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
            return derivative(function, at, differentiable)

        middle = position + 0.5 * slope(self.kinetic, momentum)
        kicked = momentum - slope(lambda at: self.potential(at, inputs), middle)
        ended = middle + 0.5 * slope(self.kinetic, kicked)
        return ended, kicked, (middle, momentum, kicked)

    def energy(self, visited: Visited, inputs: Tensor) -> Tensor:
        """T(π) / 2 + V(φ½, u) + T(π₁) / 2: the mean energy of the states before and after the kick."""
        middle, before, after = visited
        ends = self.kinetic(before) + self.kinetic(after)
        return self.potential(middle, inputs) + 0.5 * ends


@dataclass(frozen=True)
class ImplicitMidpoint:
    """For energies that do not separate: Φ₁ = Φ + J H'(m, u) with m = (Φ + Φ₁) / 2, by fixed-point iteration.

    Attributes:
        hamiltonian: H, of positions, momenta and inputs; gives (samples,); even in the momenta.
        tolerance: largest change of a state, relative to the largest state or 1, at which iterations end;
            None is 16 times the rounding of the states.
        iterations: at most.

    Raises:
        ConvergenceError: from `step`, if the iterations do not end in time.
    """

    hamiltonian: Callable[[Tensor, Tensor, Tensor], Tensor]
    tolerance: float | None = None
    iterations: int = 100

    def step(
        self, position: Tensor, momentum: Tensor, inputs: Tensor, differentiable: bool = False
    ) -> tuple[Tensor, Tensor, Visited]:
        start = torch.cat((position, momentum), -1)
        size = position.shape[-1]
        tolerance = self.tolerance or 16 * torch.finfo(position.dtype).eps

        def energy(at: Tensor) -> Tensor:
            return self.hamiltonian(at[..., :size], at[..., size:], inputs)

        middle, change = start, float("inf")
        for _ in range(self.iterations):
            to = derivative(energy, middle, differentiable)
            moved = start + 0.5 * torch.cat((to[..., size:], -to[..., :size]), -1)
            scale = max(1.0, float(moved.detach().abs().max()))
            change = float((moved - middle).detach().abs().max()) / scale
            middle = moved
            if change <= tolerance:
                ended = 2 * middle - start
                return (
                    ended[..., :size],
                    ended[..., size:],
                    (middle[..., :size], middle[..., size:]),
                )
        raise ConvergenceError(
            f"implicit midpoint: states still change by {change:.1e} after {self.iterations} iterations, "
            f"more than {tolerance:.1e}; use a smaller step"
        )

    def energy(self, visited: Visited, inputs: Tensor) -> Tensor:
        """H at the midpoint."""
        position, momentum = visited
        return self.hamiltonian(position, momentum, inputs)


def derivative(function: Callable[[Tensor], Tensor], at: Tensor, differentiable: bool) -> Tensor:
    """Gradient of the sum of `function` by its argument."""
    with torch.enable_grad():
        if not differentiable:
            at = at.detach()
        if not at.requires_grad:
            at = at.requires_grad_() if at.is_leaf else at.clone().requires_grad_()
        (slope,) = torch.autograd.grad(function(at).sum(), at, create_graph=differentiable)
    return slope
