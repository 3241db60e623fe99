"""Hamiltonian echo backpropagation (HEB): coupled modes whose couplings learn by the motion itself.

Modes a = (q + i p)/√2, complex (samples, modes), and a learning field Θ, symmetric (modes, modes), of momentum Π:

    H = Σ ω |a|² + Σ_{j<k} Θ_jk Re(a_j* a_k) + χ/2 Σ |a|⁴,    i ȧ = ∂H/∂a*,    Π̇ = -∂H/∂Θ

Pass: run for a time T; a pulse a -> a - i ε ∂C/∂a*; phase conjugation a -> a*, Π -> -Π; run for T again. The modes
come back to their beginning but for ε times the gradient, and so does Π, from whatever its own beginning. Nothing
outside the motion knows H. Θ is heavy: it does not move during a pass; friction then turns Π into displacement.

Source: V. López-Pastor and F. Marquardt, Phys. Rev. X 13, 031020 (2023), arXiv:2103.04992.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eqspike.core.amounts import check_number, check_whole

Cost = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Echo:
    """What comes back of one pass: gradients by the initial modes, ∂C/∂a*, and by the learning field."""

    of_modes: Tensor
    of_field: Tensor


@dataclass
class LearningField:
    """Couplings that move: Θ and its momentum.

    Attributes:
        values: Θ, symmetric with zero diagonal.
        momentum: Π.
    """

    values: Tensor
    momentum: Tensor

    def decay(self, inertia: float, friction: float, time: float) -> None:
        """Friction alone, for a time: Θ̇ = Π / M, Π̇ = -γ Π, so Θ moves by Π (1 - exp(-γ t)) / (M γ)."""
        left = math.exp(-friction * time)
        self.values = self.values + self.momentum * (1.0 - left) / (inertia * friction)
        self.momentum = self.momentum * left


@dataclass(frozen=True)
class CoupledModes:
    """The motion for one pass, by Strang's splitting of exact phase rotations: reversible and symplectic.

    Attributes:
        frequencies: ω (modes,), real, float64.
        nonlinearity: χ.
        time: T of one pass.
        steps: of the pass.

    Raises:
        ConfigError: for a time or number of steps not above 0.
    """

    frequencies: Tensor
    nonlinearity: float
    time: float
    steps: int

    def __post_init__(self) -> None:
        check_number("CoupledModes: nonlinearity", self.nonlinearity)
        check_number("CoupledModes: time", self.time, above=0)
        check_whole("CoupledModes: steps", self.steps)

    def run(self, modes: Tensor, field: Tensor) -> tuple[Tensor, Tensor]:
        """Modes after T, and the change of Π: minus the integral of ∂H/∂Θ, over all samples."""
        step = self.time / self.steps
        values, vectors = torch.linalg.eigh(field)
        turn = torch.exp(-0.5j * step * values)
        apart = 0.5 * (values[:, None] - values[None, :])
        moment = step * torch.exp(0.5j * step * apart) * torch.sinc(apart * step / (2 * torch.pi))
        change = torch.zeros_like(field)
        basis = vectors.to(modes.dtype)
        for _ in range(self.steps):
            modes = self._turn(modes, 0.5 * step)
            inside = modes @ basis
            joint = basis @ (moment * (inside.conj().T @ inside)) @ basis.T
            change = change - joint.real
            modes = self._turn((inside * turn) @ basis.T, 0.5 * step)
        return modes, change - torch.diag(torch.diag(change))

    def _turn(self, modes: Tensor, time: float) -> Tensor:
        """Frequencies and nonlinearity leave |a| alone and turn the phase."""
        intensity = modes.real**2 + modes.imag**2
        return modes * torch.exp(-1j * time * (self.frequencies + self.nonlinearity * intensity))

    def echo(self, modes: Tensor, field: Tensor, cost: Cost, pulse: float) -> Echo:
        """One pass and its echo, with a pulse of strength ε: gradients with an error of order ε.

        Args:
            modes: (samples, modes) initial, complex128.
            field: Θ.
            cost: C of the modes after T; a number.
            pulse: ε; not 0.
        """
        ended, change = self.run(modes, field)
        pushed = ended - 1j * pulse * slope(cost, ended)
        back, again = self.run(pushed.conj(), field)
        return Echo(1j * (back.conj() - modes) / pulse, (again - change) / pulse)

    def two_echoes(self, modes: Tensor, field: Tensor, cost: Cost, pulse: float) -> Echo:
        """Mean of the echoes of pulses +ε and -ε: an error of order ε²."""
        first, second = (self.echo(modes, field, cost, sign * pulse) for sign in (1, -1))
        of_modes = (first.of_modes + second.of_modes) / 2
        return Echo(of_modes, (first.of_field + second.of_field) / 2)

    def learn(
        self,
        modes: Tensor,
        field: LearningField,
        cost: Cost,
        *,
        pulse: float,
        rate: float,
        decay: float = 1.0,
    ) -> None:
        """One pass with an echo from the field's own momentum, then friction: Θ moves by -`rate` ∂C/∂Θ.

        Args:
            decay: time of friction, in units of its own time constant; Π keeps exp(-decay) of itself.
        """
        found = self.echo(modes, field.values, cost, pulse)
        # What the pass adds to Π the echo takes back, but for the pulse's share; then Π is conjugated once more.
        field.momentum = field.momentum - pulse * found.of_field
        inertia = pulse * (1.0 - math.exp(-decay)) / rate
        field.decay(inertia, friction=1.0, time=decay)


def slope(cost: Cost, modes: Tensor) -> Tensor:
    """∂C/∂a* = (∂C/∂q + i ∂C/∂p)/√2."""
    with torch.enable_grad():
        leaf = modes.detach().requires_grad_()
        (found,) = torch.autograd.grad(cost(leaf), leaf)
    return 0.5 * found
