"""Equilibrium Propagation on trajectories: what each boundary condition leaves of the gradient.

A trajectory s(t) makes the action of L_β = |ṡ|²/2 - V(s, θ, t) + β c(s, t) stationary; C is the integral of c. For
any family of stationary trajectories s(t; θ, β) with p = ∂L/∂ṡ, at β = 0,

    dC/dθ = d/dβ ∫ ∂L/∂θ dt  +  [(d_β p)ᵀ d_θ s - (d_θ p)ᵀ d_β s] from 0 to T

The first term is a contrast of two nudged trajectories, local in time and space. What the boundary condition holds
fixed decides whether the bracket, the residual, vanishes. With damping g, L is multiplied by exp(g t), the cost's
share is not, and the rule weighs the contrast by exp(g t).

Everything is discrete, so the identity is exact: with d the time step and w_k = exp(g k d), the action is
Σ w_{k+½} |s_{k+1} - s_k|² / 2d - d Σ w_k V(s_k) + β d Σ c(s_k).

Source: G. Pourcel, D. Basu, M. Ernoult and A. Gilra, arXiv:2506.06248 (2025), for the boundary problems.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import grad, hessian, vmap

from eqspike.core.errors import ConvergenceError
from eqspike.nn.hamiltonian.steps import derivative

Potential = Callable[[Tensor, Tensor, Tensor], Tensor]
Nudge = float


@dataclass(frozen=True)
class Motion:
    """A driven system with a cost.

    Attributes:
        potential: V of states (..., units), parameters, and drive at one time: (...).
        cost: c of states (..., units) and target at one time: (...).
        drive, target: (steps + 1,) or (steps + 1, ...).
        start: (2, units) states s_0 and s_1; they do not depend on the parameters.
        time_step: d.
        damping: g, 0 or above.
    """

    potential: Potential
    cost: Callable[[Tensor, Tensor], Tensor]
    drive: Tensor
    target: Tensor
    start: Tensor
    time_step: float
    damping: float = 0.0

    @property
    def steps(self) -> int:
        """Of the trajectory s_0 .. s_steps."""
        return len(self.drive) - 1

    def force(self, state: Tensor, parameters: Tensor, k: int, nudge: Tensor) -> Tensor:
        """d² (-V' + nudge c') of (trajectories, units) at step k; nudge (trajectories,)."""

        def energy(at: Tensor) -> Tensor:
            return nudge * self.cost(at, self.target[k]) - self.potential(
                at, parameters, self.drive[k]
            )

        return self.time_step**2 * derivative(energy, state, parameters.requires_grad)

    def forward(self, parameters: Tensor, nudge: Tensor) -> Tensor:
        """(trajectories, steps + 1, units) from the start on, one a nudge."""
        loss = math.exp(-self.damping * self.time_step / 2)
        states = [of.expand(len(nudge), -1) for of in self.start]
        for k in range(1, self.steps):
            strength = nudge * math.exp(-self.damping * k * self.time_step)
            moved = loss * (states[k] - states[k - 1]) + self.force(
                states[k], parameters, k, strength
            )
            states.append(states[k] + loss * moved)
        return torch.stack(states, 1)

    def backward(
        self, free: Tensor, parameters: Tensor, nudge: Tensor, weighted: bool = True
    ) -> Tensor:
        """Trajectories that share the free one's end, run back from there: echoes.

        Not `weighted`: the nudge does not know the damping, which the echo undoes nevertheless.
        """
        gain = math.exp(self.damping * self.time_step / 2)
        states = [of.expand(len(nudge), -1) for of in (free[-1], free[-2])]
        for k in range(self.steps - 1, 0, -1):
            decay = math.exp(-self.damping * k * self.time_step) if weighted else 1.0
            moved = gain * (states[-1] - states[-2])
            moved = moved + self.force(states[-1], parameters, k, nudge * decay)
            states.append(states[-1] + gain * moved)
        return torch.stack(states[::-1], 1)

    def total_cost(self, trajectory: Tensor, periodic: bool = False) -> Tensor:
        """C of (steps + 1, units)."""
        inner = slice(0, self.steps) if periodic else slice(1, self.steps)
        total: Tensor = self.cost(trajectory[inner], self.target[inner]).sum()
        return self.time_step * total

    def contrast(
        self,
        pair: Tensor,
        parameters: Tensor,
        nudge: Nudge,
        weighted: bool = True,
        periodic: bool = False,
    ) -> Tensor:
        """d/dβ ∫ ∂L/∂θ dt from trajectories (2, steps + 1, units) nudged by plus and minus β."""
        inner = slice(0, self.steps) if periodic else slice(1, self.steps)
        by_parameters = vmap(grad(self.potential, 1), (0, None, 0))
        first, second = (by_parameters(of[inner], parameters, self.drive[inner]) for of in pair)
        times = self.time_step * torch.arange(self.steps + 1, dtype=pair.dtype)[inner]
        weight = torch.exp((self.damping if weighted else 0.0) * times)
        difference: Tensor = weight @ (first - second)
        return -self.time_step / (2 * nudge) * difference

    def boundary_value(
        self, guess: Tensor, parameters: Tensor, nudge: float, periodic: bool
    ) -> Tensor:
        """Stationary trajectory (steps + 1, units) with both ends as in `guess`, or closed, by Newton's method.

        The last iteration is differentiable by the parameters. Undamped motion only.

        Raises:
            ConvergenceError: if 50 iterations do not suffice.
        """
        state = guess.detach()
        for _ in range(50):
            moved = self._newton(state, parameters.detach(), nudge, periodic)
            change, state = float((moved - state).abs().max()), moved
            if change < 1e-12:
                return self._newton(state, parameters, nudge, periodic)
        raise ConvergenceError(
            f"boundary value problem: Newton's method still moves by {change:.1e} after 50 iterations; "
            "use a weaker drive or a shorter time"
        )

    def _newton(self, state: Tensor, parameters: Tensor, nudge: float, periodic: bool) -> Tensor:
        units, steps = state.shape[1], self.steps
        inner = torch.arange(0 if periodic else 1, steps)

        def nudged(at: Tensor, drive: Tensor, target: Tensor) -> Tensor:
            return self.potential(at, parameters, drive) - nudge * self.cost(at, target)

        at = (state[inner], self.drive[inner], self.target[inner])
        before = state[inner - 1] if not periodic else state[:-1].roll(1, 0)
        curve = state[inner + 1] - 2 * state[inner] + before
        error = curve + self.time_step**2 * vmap(grad(nudged))(*at)
        count = len(inner)
        second = torch.eye(count, dtype=state.dtype).roll(1, 0) - torch.eye(
            count, dtype=state.dtype
        )
        second = second + second.T
        if not periodic:
            second[0, -1] = second[-1, 0] = 0.0
        matrix = torch.einsum("ij,uv->iujv", second, torch.eye(units, dtype=state.dtype))
        bends = self.time_step**2 * vmap(hessian(nudged))(*at).detach()
        matrix[torch.arange(count), :, torch.arange(count)] += bends
        move = torch.linalg.solve(matrix.reshape(count * units, -1), error.flatten())
        solved = state[inner] - move.view(count, units)
        ends = (solved[:1],) if periodic else (state[-1:],)
        return torch.cat((*(() if periodic else (state[:1],)), solved, *ends))
