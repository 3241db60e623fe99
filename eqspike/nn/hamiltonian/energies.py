"""Energies of oscillators driven by an input sequence.

Energies here are already multiplied by the time step of each oscillator, so that one step lasts one unit of
time and the step is a parameter like any other. Positions and momenta are (samples, size), inputs
(samples, inputs).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from eqspike.core.amounts import check_number, check_whole


class Coefficients(NamedTuple):
    """What the compiled passes know of oscillators: (size,) each; `bounded` adds the log-cosh wells."""

    step: Tensor
    stiffness: Tensor
    gain: Tensor
    slope: Tensor
    bounded: bool


class LinearOscillators(nn.Module):
    """Complex harmonic oscillators, each with its own trainable time step.

        H = |π|² / 2 + A |φ|² / 2 - Re(φ* · B u)

    φ, π and B are complex; positions are given as (real parts, imaginary parts), so `size` is 2 `units`. The
    stiffness A is never negative (ReLU) and the step is between 0 and 1 (sigmoid). A step is stable where
    step² A <= 4.

    Args:
        inputs: channels of the input sequence.
        units: complex oscillators.
        generator: of the initial values: A from U(0, 1), the step's logit from U(0, 1), B from U(±1/√inputs).

    Source: G. Pourcel and M. Ernoult, arXiv:2506.05259 (2025), linear Hamiltonian recurrent unit; the oscillators
    are those of T. K. Rusch and D. Rus, arXiv:2410.03943 (2024).
    """

    linear = True

    def __init__(
        self, inputs: int, units: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        require_sizes("LinearOscillators", inputs=inputs, units=units)
        self.inputs, self.size = inputs, 2 * units
        self.stiffness = nn.Parameter(torch.rand(units, generator=generator))
        self.step_logit = nn.Parameter(torch.rand(units, generator=generator))
        self.input_weight = nn.Parameter(uniform((2 * units, inputs), inputs, generator))
        self.input_bias = None

    def coefficients(self) -> Coefficients:
        """As the compiled passes take them; differentiable."""
        step = torch.sigmoid(self.step_logit).repeat(2)
        stiffness = torch.relu(self.stiffness).repeat(2)
        one = torch.ones_like(step)
        return Coefficients(step, stiffness, one, one, False)

    def kinetic(self, momentum: Tensor) -> Tensor:
        """Step times |π|² / 2: (samples,)."""
        return 0.5 * (self.coefficients().step * momentum**2).sum(-1)

    def potential(self, position: Tensor, inputs: Tensor) -> Tensor:
        """Step times A |φ|² / 2 - Re(φ* · B u): (samples,)."""
        step, stiffness, _, _, _ = self.coefficients()
        pull = inputs @ self.input_weight.T
        return (step * (0.5 * stiffness * position**2 - pull * position)).sum(-1)


class LogCoshOscillators(nn.Module):
    """Oscillators in a spring and a softly bounded well that the input moves.

        H = |π|² / 2 + α |φ|² / 2 + Σ σ(c) / a · log cosh(a φ + B u + b)

    Args:
        inputs: channels of the input sequence.
        units: oscillators; equal to `size`.
        step: time step, above 0. A step is stable where step² (α + σ(c) a) <= 4. Driven hard and long, these
            oscillators are chaotic at step 0.1; at 0.01 they are not.
        train_step: whether the step of each oscillator is learned.
        generator: of the initial values: a from U(0.5, 1), α from U(0.1, 1), c from U(-1, 1), b = 0,
            B from U(±1/√inputs). a must not become 0.

    Source: G. Pourcel and M. Ernoult, arXiv:2506.05259 (2025), nonlinear unit; its oscillators are those of
    T. K. Rusch and S. Mishra, "UnICORNN", ICML 2021.
    """

    linear = False

    def __init__(
        self,
        inputs: int,
        units: int,
        *,
        step: float = 0.1,
        train_step: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        require_sizes("LogCoshOscillators", inputs=inputs, units=units)
        check_number("LogCoshOscillators: step", step, above=0)
        self.inputs, self.size = inputs, units
        self.slope = nn.Parameter(0.5 + 0.5 * torch.rand(units, generator=generator))
        self.stiffness = nn.Parameter(0.1 + 0.9 * torch.rand(units, generator=generator))
        self.gain_logit = nn.Parameter(2 * torch.rand(units, generator=generator) - 1)
        self.input_bias = nn.Parameter(torch.zeros(units))
        self.input_weight = nn.Parameter(uniform((units, inputs), inputs, generator))
        self.step = nn.Parameter(torch.full((units,), step), requires_grad=train_step)

    def coefficients(self) -> Coefficients:
        """As the compiled passes take them; differentiable."""
        gain = torch.sigmoid(self.gain_logit)
        return Coefficients(self.step, self.stiffness, gain, self.slope, True)

    def kinetic(self, momentum: Tensor) -> Tensor:
        """Step times |π|² / 2: (samples,)."""
        return 0.5 * (self.step * momentum**2).sum(-1)

    def potential(self, position: Tensor, inputs: Tensor) -> Tensor:
        """Step times the energy of springs and wells: (samples,)."""
        pull = inputs @ self.input_weight.T + self.input_bias
        wells = torch.sigmoid(self.gain_logit) / self.slope * log_cosh(self.slope * position + pull)
        return (self.step * (0.5 * self.stiffness * position**2 + wells)).sum(-1)


Oscillators = LinearOscillators | LogCoshOscillators


def log_cosh(x: Tensor) -> Tensor:
    """log cosh without overflow: |x| + log(1 + exp(-2|x|)) - log 2, smooth at 0."""
    return x + nn.functional.softplus(-2.0 * x) - math.log(2.0)


def uniform(shape: tuple[int, ...], fan_in: int, generator: torch.Generator | None) -> Tensor:
    """Values from U(±1/√fan_in)."""
    return (2 * torch.rand(shape, generator=generator) - 1) / math.sqrt(fan_in)


def require_sizes(where: str, **sizes: int) -> None:
    """Refuse sizes that are not positive whole numbers."""
    for name, value in sizes.items():
        check_whole(f"{where}: {name}", value)
