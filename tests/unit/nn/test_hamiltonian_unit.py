"""Hamiltonian units: what they refuse, their steps, and that they behave as torch modules do."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from eqspike.core.errors import ActivityError, ConfigError, ConvergenceError, UnsupportedError
from eqspike.nn import HamiltonianUnit, LinearOscillators, LogCoshOscillators
from eqspike.nn.hamiltonian.energies import log_cosh
from eqspike.nn.hamiltonian.nudging import Kicks
from eqspike.nn.hamiltonian.steps import ImplicitMidpoint, Leapfrog


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


class Odd(nn.Module):
    """A magnetic field: the energy changes with the sign of the momenta."""

    size = 2

    def hamiltonian(self, position: Tensor, momentum: Tensor, inputs: Tensor) -> Tensor:
        field = torch.stack((-position[:, 1], position[:, 0]), 1)
        return 0.5 * ((momentum - field) ** 2).sum(-1)


class Rough(nn.Module):
    size = 2

    def kinetic(self, momentum: Tensor) -> Tensor:
        return momentum**2

    def potential(self, position: Tensor, inputs: Tensor) -> Tensor:
        return position**2


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", [LinearOscillators, LogCoshOscillators])
def test_a_step_is_its_own_way_back(
    kind: type[LinearOscillators | LogCoshOscillators], seed: int
) -> None:
    physics = kind(3, 8, generator=generator(seed)).double()
    step = Leapfrog(physics.kinetic, physics.potential).step
    position, momentum = drawn(2, 4, physics.size, seed=seed)
    inputs = drawn(4, 3, seed=seed + 10)
    q, p, _ = step(position, momentum, inputs)
    back, reversed_momentum, _ = step(q, -p, inputs)
    assert float((back - position).detach().abs().max()) < 1e-14
    assert float((reversed_momentum + momentum).detach().abs().max()) < 1e-14


@pytest.mark.parametrize("kind", [LinearOscillators, LogCoshOscillators])
def test_a_long_run_comes_back(kind: type[LinearOscillators | LogCoshOscillators]) -> None:
    """The echo of kicks of strength 0 is the free pass reversed."""
    unit = HamiltonianUnit(kind(3, 8, generator=generator()).double())
    inputs, state = drawn(2, 400, 3), tuple(drawn(2, 2, unit.size, seed=1))
    free, (q, p) = unit.run(inputs, (state[0], state[1]))
    echo, (back, momentum) = unit.run(inputs.flip(1), (q, -p))
    assert float((echo[:, :-1] - free.flip(1)[:, 1:]).detach().abs().max()) < 1e-11
    assert float((back - state[0]).detach().abs().max()) < 1e-11
    assert float((momentum + state[1]).detach().abs().max()) < 1e-11


@pytest.mark.parametrize("kind", [LinearOscillators, LogCoshOscillators])
def test_a_step_keeps_volume(kind: type[LinearOscillators | LogCoshOscillators]) -> None:
    physics = kind(1, 3, generator=generator()).double()
    leapfrog = Leapfrog(physics.kinetic, physics.potential)
    size, inputs = physics.size, drawn(1, 1)

    def step(state: Tensor) -> Tensor:
        q, p, _ = leapfrog.step(state[None, :size], state[None, size:], inputs, differentiable=True)
        return torch.cat((q[0], p[0]))

    jacobian = torch.autograd.functional.jacobian(step, drawn(2 * size))
    assert abs(float(torch.linalg.det(jacobian)) - 1.0) < 1e-13


def test_energy_of_free_oscillators_does_not_drift() -> None:
    physics = LinearOscillators(1, 4, generator=generator()).double()
    unit = HamiltonianUnit(physics)
    state = drawn(2, 1, physics.size, seed=2)
    energies = []
    for steps in (1, 10, 1_000, 10_000):
        _, (q, p) = unit.run(torch.zeros(1, steps, 1, dtype=torch.float64), (state[0], state[1]))
        none = torch.zeros(1, 1, dtype=torch.float64)
        energies.append(float((physics.kinetic(p) + physics.potential(q, none)).detach()))
    assert max(energies) < 1.3 * min(energies)


def test_implicit_midpoint_says_when_it_does_not_converge() -> None:
    step = ImplicitMidpoint(lambda q, p, u: 50 * (q**2 + p**2).sum(-1)).step
    with pytest.raises(ConvergenceError, match="use a smaller step"):
        step(drawn(1, 2), drawn(1, 2), drawn(1, 1))


def test_own_backpropagation_reaches_one_chunk_of_time_and_the_next() -> None:
    """Chunks of the compiled passes do not show: one long pass equals two short ones joined by their state."""
    unit = HamiltonianUnit(LogCoshOscillators(1, 512, generator=generator()).double())
    inputs = drawn(1, 200, 1)
    whole, (q, p) = unit.run(inputs)
    first, state = unit.run(inputs[:, :77])
    second, (end, momentum) = unit.run(inputs[:, 77:], state)
    assert torch.equal(whole, torch.cat((first, second), 1))
    assert torch.equal(q, end)
    assert torch.equal(p, momentum)


def test_a_copy_is_a_unit_of_its_own() -> None:
    unit = HamiltonianUnit(LinearOscillators(1, 4, generator=generator()), scan="loop")
    twin = copy.deepcopy(unit)
    inputs = torch.randn(1, 9, 1, generator=generator())
    before = twin(inputs)
    with torch.no_grad():
        for parameter in unit.parameters():
            parameter.add_(1.0)
    assert torch.equal(twin(inputs), before)
    assert not torch.equal(unit(inputs), before)
    twin.load_state_dict(unit.state_dict())
    assert torch.equal(twin(inputs), unit(inputs))


def test_frozen_parameters_get_no_gradient() -> None:
    for scan in ("loop", "compiled"):
        unit = HamiltonianUnit(LogCoshOscillators(1, 4, generator=generator()), scan=scan)
        unit(torch.randn(1, 9, 1, generator=generator())).sum().backward()
        found = {name for name, of in unit.named_parameters() if of.grad is not None}
        assert found == {f"energy.{n}" for n in
                         ("slope", "stiffness", "gain_logit", "input_bias", "input_weight")}  # fmt: skip


def test_no_cotangent_gives_no_gradient() -> None:
    unit = HamiltonianUnit(LinearOscillators(1, 4, generator=generator()))
    (0.0 * unit(torch.randn(1, 9, 1, generator=generator()))).sum().backward()
    assert all(float(of.grad.abs().sum()) == 0.0 for of in unit.parameters() if of.grad is not None)


def test_strength_of_kicks_is_a_ratio() -> None:
    """16 kicks of size 2, uncorrelated, add up to 8; a thousandth of momenta of size 4 is 0.004."""
    cotangent = torch.full((3, 16, 5), 2.0)
    assert Kicks(1e-3, False).strengths(16.0, cotangent, None) == pytest.approx((5e-4, -5e-4))
    assert Kicks(1e-3, True).strengths(16.0, cotangent, None) == pytest.approx((5e-4, 0.0))


def test_log_cosh_neither_overflows_nor_bends() -> None:
    x = torch.tensor([-800.0, -1.0, 0.0, 1e-3, 800.0], dtype=torch.float64)
    small = torch.log(torch.cosh(x[1:4]))
    assert torch.allclose(log_cosh(x)[1:4], small, rtol=1e-9, atol=1e-16)
    assert float(log_cosh(x)[0]) == float(log_cosh(x)[4]) == pytest.approx(800 - 0.6931471805599453)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backward": "backprop"}, "backward must be one of rhel, .*got 'backprop'"),
        ({"scan": "parallel"}, "scan must be one of compiled, .*got 'parallel'"),
        ({"kick_ratio": 0.0}, "kick_ratio must be a finite number above 0, or None, got 0.0"),
        ({"step": 0.1}, "oscillators hold their own step"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        HamiltonianUnit(LinearOscillators(1, 1), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("energy", "arguments"),
    [
        (LogCoshOscillators(1, 1), {"scan": "associative"}),
        (Rough(), {"scan": "compiled"}),
        (LinearOscillators(1, 1), {"scan": "associative", "backward": "reversible"}),
    ],
)
def test_scans_that_cannot_run_are_refused(energy: nn.Module, arguments: dict[str, str]) -> None:
    with pytest.raises(UnsupportedError, match=r"scan"):
        HamiltonianUnit(energy, **arguments)  # type: ignore[arg-type]


def test_energies_without_an_echo_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="changes when momenta are reversed"):
        HamiltonianUnit(Odd(), step=0.1)(drawn(1, 3, 1))
    with pytest.raises(ConfigError, match="one value a sample"):
        HamiltonianUnit(Rough(), step=0.1)(drawn(1, 3, 1))
    with pytest.raises(ConfigError, match="needs a size"):
        HamiltonianUnit(nn.Linear(1, 1))
    oddity = nn.Linear(1, 1)
    oddity.size = 3  # type: ignore[assignment]
    with pytest.raises(ConfigError, match="neither kinetic and potential nor hamiltonian"):
        HamiltonianUnit(oddity)


def test_wrong_inputs_are_refused() -> None:
    unit = HamiltonianUnit(LinearOscillators(2, 3))
    with pytest.raises(ConfigError, match=r"\(samples, time, channels\), got \(4, 2\)"):
        unit(torch.zeros(4, 2))
    with pytest.raises(ConfigError, match="must have 2 channels"):
        unit(torch.zeros(4, 5, 3))
    with pytest.raises(ConfigError, match="units must be a whole number at least 1, got 0"):
        LinearOscillators(2, 0)
    with pytest.raises(ConfigError, match="step must be a finite number above 0"):
        LogCoshOscillators(2, 1, step=0.0)


def test_a_step_too_large_is_said() -> None:
    unit = HamiltonianUnit(LogCoshOscillators(1, 4, step=9.0, generator=generator()))
    with pytest.raises(ActivityError, match="use a smaller step"):
        unit(torch.randn(1, 2_000, 1, generator=generator()))
