"""Echoes find the gradient of backpropagation through time: units of every energy, every scan, and stacks of them.

The other side is always PyTorch's automatic differentiation of the plain loop over time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from eqspike.nn import HamiltonianUnit, LinearOscillators, LogCoshOscillators
from eqspike.nn.hamiltonian import loop
from eqspike.nn.hamiltonian.nudging import Kicks
from eqspike.nn.hamiltonian.steps import Leapfrog, derivative
from eqspike.nn.readout import ReadOut

Gradients = dict[str, Tensor]
SAMPLES, TIME, INPUTS, UNITS = 2, 100, 3, 6
SEEDS = (1, 2, 3)


class Pendulums(nn.Module):
    """Coupled pendulums: an energy of one's own, with a mass, a coupling and a driven joint."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.size = UNITS
        self.mass = nn.Parameter(1 + torch.rand(UNITS, generator=generator))
        self.coupling = nn.Parameter(torch.randn(UNITS, UNITS, generator=generator) / UNITS)
        self.drive = nn.Linear(INPUTS, UNITS)

    def kinetic(self, momentum: Tensor) -> Tensor:
        return (momentum**2 / (2 * self.mass)).sum(-1)

    def potential(self, position: Tensor, inputs: Tensor) -> Tensor:
        strings = 0.5 * ((position @ self.coupling) ** 2).sum(-1)
        return strings - position.cos().sum(-1) + (position * self.drive(inputs)).sum(-1)


class Entangled(nn.Module):
    """An energy that does not separate: the mass depends on the position."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.size = UNITS
        self.pendulums = Pendulums(generator)

    def hamiltonian(self, position: Tensor, momentum: Tensor, inputs: Tensor) -> Tensor:
        mass = self.pendulums.mass * (2 + position.sin())
        kinetic = (momentum**2 / (2 * mass)).sum(-1)
        return kinetic + self.pendulums.potential(position, inputs)


ENERGIES: dict[str, Callable[[torch.Generator], nn.Module]] = {
    "linear": lambda g: LinearOscillators(INPUTS, UNITS, generator=g),
    "log-cosh": lambda g: LogCoshOscillators(INPUTS, UNITS, train_step=True, generator=g),
    "pendulums": Pendulums,
    "entangled": Entangled,
}


def gradients(
    energy: str, backward: str, *, seed: int = 1, scan: str | None = "loop", ratio: float | None = None,
    dtype: torch.dtype = torch.float64, time: int = TIME,
) -> Gradients:  # fmt: skip
    """By every parameter, the inputs and the initial state; the loss sees positions and the last momentum."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)

    physics = ENERGIES[energy](generator).to(dtype)
    step = 0.05 if energy in ("pendulums", "entangled") else None
    unit = HamiltonianUnit(physics, backward=backward, scan=scan, kick_ratio=ratio, step=step)
    inputs = drawn(SAMPLES, time, INPUTS).requires_grad_()
    state = (drawn(SAMPLES, unit.size).requires_grad_(), drawn(SAMPLES, unit.size).requires_grad_())
    read_out = ReadOut(unit.size, INPUTS, generator=generator).to(dtype)
    positions, (_, last) = unit.run(inputs, state)
    outputs = read_out(positions, inputs)
    loss = (outputs - drawn(*outputs.shape)).square().mean() + 0.1 * last.square().mean()
    loss.backward()
    leaves = {"inputs": inputs, "position": state[0], "momentum": state[1]}
    leaves |= dict(unit.named_parameters()) | dict(read_out.named_parameters())
    return {name: of.grad.to(torch.float64) for name, of in leaves.items() if of.grad is not None}


@cache
def exact_gradients(energy: str, seed: int = 1, time: int = TIME) -> Gradients:
    """By automatic differentiation of the plain loop, in float64."""
    return gradients(energy, "bptt", seed=seed, time=time)


def worst(found: Gradients, exact: Gradients) -> float:
    """Largest relative error of a gradient."""
    assert found.keys() == exact.keys()
    return max(float((found[k] - exact[k]).norm() / exact[k].norm()) for k in exact)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scan", ["loop", "compiled", "associative"])
def test_linear_echoes_are_exact(scan: str, seed: int) -> None:
    """A, B, C, D, step, inputs and initial state, with kicks as large as the motion."""
    exact = exact_gradients("linear", seed)
    assert {"energy.stiffness", "energy.step_logit", "energy.input_weight", "of_inputs"} < set(
        exact
    )
    assert worst(gradients("linear", "rhel", seed=seed, scan=scan), exact) < 1e-12


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("energy", "scan"),
    [("log-cosh", "loop"), ("log-cosh", "compiled"), ("pendulums", "loop")],
)
def test_error_of_nonlinear_echoes_falls_with_the_square_of_the_kick(
    energy: str, scan: str, seed: int
) -> None:
    exact = exact_gradients(energy, seed)
    errors = [
        worst(gradients(energy, "rhel", seed=seed, scan=scan, ratio=ratio), exact)
        for ratio in (3e-3, 3e-4, 3e-5)
    ]
    assert all(80 < large / small < 120 for large, small in pairwise(errors))
    best = min(
        worst(gradients(energy, "rhel", seed=seed, scan=scan, ratio=ratio), exact)
        for ratio in (1e-5, 1e-6)
    )
    assert best < 1e-8


@pytest.mark.parametrize("energy", ["log-cosh", "pendulums"])
def test_error_of_one_echo_falls_with_the_kick(energy: str) -> None:
    exact = exact_gradients(energy)
    errors = [
        worst(gradients(energy, "rhel-one-sided", ratio=ratio), exact) for ratio in (1e-3, 1e-4)
    ]
    assert 8 < errors[0] / errors[1] < 12


def test_energies_that_do_not_separate_echo_too() -> None:
    """Implicit midpoint."""
    exact = exact_gradients("entangled", time=20)
    assert worst(gradients("entangled", "rhel", time=20), exact) < 1e-8
    assert worst(gradients("entangled", "reversible", time=20), exact) < 1e-11


@pytest.mark.parametrize(
    ("energy", "scan"),
    [("linear", "loop"), ("linear", "compiled"), ("log-cosh", "loop"), ("log-cosh", "compiled"),
     ("pendulums", "loop")],
)  # fmt: skip
def test_reconstructed_states_give_the_same_gradient(energy: str, scan: str) -> None:
    assert worst(gradients(energy, "reversible", scan=scan), exact_gradients(energy)) < 1e-12


@pytest.mark.parametrize(
    ("energy", "scan"),
    [("linear", "compiled"), ("linear", "associative"), ("log-cosh", "compiled")],
)
def test_own_backpropagation_equals_automatic_differentiation(energy: str, scan: str) -> None:
    assert worst(gradients(energy, "bptt", scan=scan), exact_gradients(energy)) < 1e-12


@pytest.mark.parametrize("energy", ["linear", "log-cosh"])
def test_single_precision_has_a_best_kick(energy: str) -> None:
    """States in float32: small kicks are lost in rounding, large ones are biased."""
    exact = exact_gradients(energy)
    errors = [
        worst(gradients(energy, "rhel", ratio=ratio, dtype=torch.float32), exact)
        for ratio in (1e-5, 1e-2, 10.0)
    ]
    assert errors[1] < errors[0] / 10
    assert errors[1] < 2e-3
    if energy == "log-cosh":
        assert errors[1] < errors[2] / 10


@pytest.mark.parametrize("energy", ["linear", "log-cosh"])
def test_compiled_echoes_are_exact_on_single_precision_series(energy: str) -> None:
    """Their states are float64 whatever the inputs: errors are those of the rounded series."""
    exact = gradients(energy, "bptt", dtype=torch.float32)
    assert worst(gradients(energy, "rhel", scan="compiled", dtype=torch.float32), exact) < 1e-4


@pytest.mark.parametrize("energy", ["linear", "log-cosh", "pendulums"])
def test_the_echo_is_the_adjoint_state_at_every_step(energy: str) -> None:
    """lambda_k = dL/dΦ_k for all k, from automatic differentiation of the motion from Φ_k on."""
    generator = torch.Generator().manual_seed(4)
    physics = ENERGIES[energy](generator).double()
    step = 0.05 if energy == "pendulums" else 1.0
    integrator = Leapfrog(
        lambda p: step * physics.kinetic(p), lambda q, u: step * physics.potential(q, u)
    )
    inputs = torch.randn(2, 30, INPUTS, generator=generator, dtype=torch.float64)
    q, p = torch.randn(2, 2, physics.size, generator=generator, dtype=torch.float64)
    states = []
    for k in range(30):
        states.append((q, p))
        q, p, _ = integrator.step(q, p, inputs[:, k])
        q, p = q.detach(), p.detach()
    cotangents = torch.randn(2, 30, physics.size, generator=generator, dtype=torch.float64)
    passes = loop.Passes(integrator, Kicks(1e-5, False), ())
    echoes = loop.Echoes(passes, 1.0, inputs, q, p, cotangents, torch.zeros_like(p))
    for k in echoes:
        start = [of.clone().requires_grad_() for of in states[k]]
        positions, _, _ = loop.run(integrator, inputs[:, k:], start[0], start[1], True)
        exact = torch.autograd.grad((positions * cotangents[:, k:]).sum(), start)
        for found, adjoint in zip(echoes.adjoint(), exact, strict=True):
            assert float((found - adjoint).norm() / adjoint.norm()) < 1e-8


def stack(backward: str, scan: str, seed: int) -> Gradients:
    """Two blocks with GELU, GLU and skips around a linear and a log-cosh unit."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)

    class Block(nn.Module):
        def __init__(self, physics: nn.Module) -> None:
            super().__init__()
            self.unit = HamiltonianUnit(physics, backward=backward, scan=scan, kick_ratio=1e-5)
            self.mix = nn.Linear(self.unit.size, 8)

        def forward(self, x: Tensor) -> Tensor:
            mixed: Tensor = self.mix(nn.functional.gelu(self.unit(x)))
            return x + nn.functional.glu(mixed)

    network = nn.Sequential(
        nn.Linear(INPUTS, 4),
        Block(LinearOscillators(4, 6, generator=generator)),
        Block(LogCoshOscillators(4, 6, generator=generator)),
        Block(LinearOscillators(4, 6, generator=generator)),
    ).double()
    inputs = torch.randn(2, 60, INPUTS, generator=generator, dtype=torch.float64).requires_grad_()
    network(inputs).square().mean().backward()
    leaves = {"inputs": inputs} | dict(network.named_parameters())
    return {name: of.grad for name, of in leaves.items() if of.grad is not None}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scan", ["loop", "compiled"])
def test_stacks_of_units_and_ordinary_layers(scan: str, seed: int) -> None:
    assert worst(stack("rhel", scan, seed), stack("bptt", "loop", seed)) < 1e-8


def stale(
    self: Leapfrog, position: Tensor, momentum: Tensor, inputs: Tensor, differentiable: bool = False
) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    """The kick is taken where the position was before its drift."""
    kick = derivative(lambda at: self.potential(at, inputs), position, differentiable)
    middle = position + 0.5 * derivative(self.kinetic, momentum, differentiable)
    kicked = momentum - kick
    ended = middle + 0.5 * derivative(self.kinetic, kicked, differentiable)
    return ended, kicked, (position, momentum, kicked)


def damped(
    self: Leapfrog, position: Tensor, momentum: Tensor, inputs: Tensor, differentiable: bool = False
) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    """A system that loses energy, under the plain rule."""
    ended, kicked, visited = LEAPFROG(self, position, momentum, inputs, differentiable)
    return ended, 0.98 * kicked, visited


def late(
    self: Leapfrog, position: Tensor, momentum: Tensor, inputs: Tensor, differentiable: bool = False
) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    """Energies are contrasted at the end of the step."""
    ended, kicked, _ = LEAPFROG(self, position, momentum, inputs, differentiable)
    return ended, kicked, (ended, kicked, kicked)


LEAPFROG = Leapfrog.step


@pytest.mark.parametrize("energy", ["linear", "log-cosh"])
@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [(loop, "flipped", lambda momentum: momentum), (loop, "reversed_time", range), (Leapfrog, "step", stale),
     (Leapfrog, "step", damped), (Leapfrog, "step", late)],
    ids=["no flip of momenta", "inputs not reversed", "stale kick", "damped", "end of the step"],
)  # fmt: skip
def test_every_part_of_the_echo_is_needed(
    monkeypatch: pytest.MonkeyPatch, energy: str, where: object, name: str, wrong: object
) -> None:
    """With one part wrong, the gradient misses that of the same motion, which the exact one meets to 1e-8."""
    assert worst(gradients(energy, "rhel"), gradients(energy, "bptt")) < 1e-8
    monkeypatch.setattr(where, name, wrong)
    assert worst(gradients(energy, "rhel"), gradients(energy, "bptt")) > 1e-2
