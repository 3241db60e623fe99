"""Hamiltonian echo backpropagation on coupled modes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from eqspike.core.errors import ConfigError
from eqspike.nn.modes import CoupledModes, LearningField

MODES = 5


def motion(seed: int) -> tuple[CoupledModes, Tensor, Tensor, Tensor]:
    """The motion, a field, initial modes of three samples, and targets."""
    generator = torch.Generator().manual_seed(seed)
    frequencies = 0.5 + torch.rand(MODES, generator=generator, dtype=torch.float64)
    field = 0.3 * torch.randn(MODES, MODES, generator=generator, dtype=torch.float64)
    field = (field + field.T) * (1 - torch.eye(MODES, dtype=torch.float64))
    modes = torch.randn(3, MODES, generator=generator, dtype=torch.complex128)
    targets = torch.randn(3, generator=generator, dtype=torch.float64)
    return CoupledModes(frequencies, 0.5, time=3.0, steps=30), field, modes, targets


def cost_to(targets: Tensor) -> object:
    return lambda modes: ((modes.real[:, 0] - targets) ** 2).sum() + (modes.imag[:, 1] ** 4).sum()


def errors(seed: int, how: str, pulse: float) -> tuple[float, float]:
    """Relative errors of the gradients by the modes and by the field."""
    physics, field, modes, targets = motion(seed)
    cost = cost_to(targets)
    leaves = (modes.clone().requires_grad_(), field.clone().requires_grad_())
    of_modes, of_field = torch.autograd.grad(cost(physics.run(*leaves)[0]), leaves)
    of_field = (of_field + of_field.T) * (1 - torch.eye(MODES, dtype=torch.float64))
    found = getattr(physics, how)(modes, field, cost, pulse)
    return (
        float((found.of_modes - of_modes / 2).norm() / (of_modes / 2).norm()),
        float((found.of_field - of_field).norm() / of_field.norm()),
    )


@pytest.mark.parametrize("seed", range(3))
def test_one_echo_is_off_by_the_pulse_two_by_its_square(seed: int) -> None:
    for how, power in (("echo", 10), ("two_echoes", 100)):
        large, small = errors(seed, how, 1e-3), errors(seed, how, 1e-4)
        for a, b in zip(large, small, strict=True):
            assert 0.8 * power < a / b < 1.2 * power
    assert max(errors(seed, "two_echoes", 1e-5)) < 1e-8


def test_without_a_pulse_all_comes_back() -> None:
    physics, field, modes, _ = motion(0)
    ended, change = physics.run(modes, field)
    back, again = physics.run(ended.conj(), field)
    assert float((back.conj() - modes).abs().max()) < 1e-11
    assert float((again - change).abs().max()) < 1e-11


@pytest.mark.parametrize("seed", range(3))
def test_the_field_learns_by_its_own_momentum(seed: int) -> None:
    """With friction to the end Θ descends the gradient; with less, Π goes on as a heavy ball."""
    physics, field, modes, targets = motion(seed)
    cost = cost_to(targets)
    first = float(cost(physics.run(modes, field)[0]))
    for decay in (1.0, 50.0):
        learned = LearningField(field, torch.zeros_like(field))
        for _ in range(30):
            physics.learn(modes, learned, cost, pulse=1e-4, rate=0.008, decay=decay)
        assert float(cost(physics.run(modes, learned.values)[0])) < 0.5 * first
        assert torch.allclose(learned.values, learned.values.T)


def test_friction_turns_momentum_into_displacement() -> None:
    field = LearningField(torch.zeros(1, 1), torch.ones(1, 1))
    field.decay(inertia=2.0, friction=4.0, time=100.0)
    assert float(field.values) == pytest.approx(1 / 8)
    assert float(field.momentum) == pytest.approx(0.0)


def test_time_must_be_above_zero() -> None:
    with pytest.raises(ConfigError, match=r"time must be a finite number above 0, got 0\.0"):
        CoupledModes(torch.ones(2), 0.0, 0.0, 3)
