"""A Hamiltonian recurrent unit whose backward pass is the physics run backwards."""

from __future__ import annotations

from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from eqspike.core.amounts import check_number
from eqspike.core.errors import ActivityError, ConfigError, UnsupportedError
from eqspike.nn.hamiltonian import loop
from eqspike.nn.hamiltonian.associative import Scanned, trajectory
from eqspike.nn.hamiltonian.compiled import CompiledPass, Plan
from eqspike.nn.hamiltonian.counts import Tally, backward_pass, free_pass
from eqspike.nn.hamiltonian.energies import LinearOscillators, LogCoshOscillators, Oscillators
from eqspike.nn.hamiltonian.nudging import Kicks
from eqspike.nn.hamiltonian.steps import ImplicitMidpoint, Integrator, Leapfrog

BACKWARDS = ("rhel", "rhel-one-sided", "reversible", "bptt")
SCANS = ("compiled", "loop", "associative")
State = tuple[Tensor, Tensor]


class SeparableEnergy(Protocol):
    """One's own energy H = T(π) + V(φ, u): a module with these two functions of the whole batch."""

    size: int

    def kinetic(self, momentum: Tensor) -> Tensor:
        """T of momenta (samples, size), even in them: (samples,)."""
        ...

    def potential(self, position: Tensor, inputs: Tensor) -> Tensor:
        """V of positions (samples, size) under the inputs of one step (samples, ...): (samples,)."""
        ...


class HamiltonianUnit(nn.Module):
    """Positions of a Hamiltonian system driven by a sequence: (samples, time, inputs) -> (samples, time, size).

    It stands in any PyTorch model under any optimiser. Its backward pass is recurrent Hamiltonian echo learning
    (RHEL): the forward pass keeps the last state; the backward pass reverses its momentum and lets the system run
    back twice, kicked by plus and minus the cotangent of the positions. What two energies differ by, step by step,
    is the gradient. The state of the system is never stored for more than one step.

    Args:
        energy: `LinearOscillators`, `LogCoshOscillators`, or a module of one's own: with `size`, `kinetic` and
            `potential` (leapfrog), or with `size` and `hamiltonian(position, momentum, inputs)` (implicit
            midpoint). Only energies are written; they must be even in the momenta.
        backward: how gradients are found: `rhel`; `rhel-one-sided` (one kicked echo, error of order ε);
            `reversible` (backpropagation that reconstructs states); `bptt` (backpropagation, stored states).
        step: time step above 0 that multiplies an energy of one's own; None if the energy holds it, as
            oscillators do.
        kick_ratio: root mean square of an echo's kicks together, over that of the momenta; None is 1 for
            two echoes of linear oscillators, exact at any, else 1e-5 for states in float64, 1e-2 in float32.
        scan: `compiled` (oscillators, processor; states in float64), `loop` (any energy, any device) or
            `associative` (linear oscillators; keeps trajectories); None picks the fastest.

    Raises:
        ConfigError: for an unknown or impossible argument, or inputs of another shape.
        UnsupportedError: for a scan that cannot run the energy or the backward pass; for an energy that is not
            even in the momenta.
        ActivityError: from the forward pass, if states are not finite.

    Source: G. Pourcel and M. Ernoult, arXiv:2506.05259 (2025).
    """

    def __init__(
        self,
        energy: nn.Module,
        *,
        backward: str = "rhel",
        step: float | None = None,
        kick_ratio: float | None = None,
        scan: str | None = None,
    ) -> None:
        super().__init__()
        if backward not in BACKWARDS:
            raise ConfigError(
                f"HamiltonianUnit: backward must be one of {', '.join(BACKWARDS)}, got {backward!r}"
            )
        for name, value in (("step", step), ("kick_ratio", kick_ratio)):
            check_number(f"HamiltonianUnit: {name}", value, above=0, or_none=True)
        self.energy, self.backward_by, self.step = energy, backward, step
        self.kick_ratio, self.scan = kick_ratio, scan
        self.size, self._tally = _size(energy), Tally()
        self._read_energy()
        self._refuse_scan()
        self._proved_even = isinstance(energy, LinearOscillators | LogCoshOscillators)

    def forward(self, inputs: Tensor, state: State | None = None) -> Tensor:
        """Positions after each step; the initial state is at rest unless given."""
        return self.run(inputs, state)[0]

    def run(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Positions after each step, and the last (position, momentum), each (samples, size)."""
        if inputs.dim() < 3 or inputs.shape[1] < 1 or len(inputs) < 1:
            raise ConfigError(
                f"HamiltonianUnit: inputs must be (samples, time, channels), got {tuple(inputs.shape)}"
            )
        rest = inputs.new_zeros(len(inputs), self.size)
        position, momentum = state if state is not None else (rest, rest)
        self.count(inputs)
        self._prove_even(inputs[:, 0])
        positions, last = self._run(inputs, position, momentum)
        if not bool(torch.isfinite(positions[:, -1]).all()):
            raise ActivityError(
                "HamiltonianUnit: states are not finite; use a smaller step or stiffness (step² times stiffness "
                "must not exceed 4) or check the inputs"
            )
        return positions, (positions[:, -1], last)

    def count(self, inputs: Tensor) -> None:
        """Note the multiply-accumulates of a pass over inputs; of an energy of one's own nobody knows them."""
        if not isinstance(self.energy, LinearOscillators | LogCoshOscillators):
            return
        samples, steps, channels = inputs.shape
        form = channels, self.size, isinstance(self.energy, LogCoshOscillators)
        back = backward_pass(*form, self.backward_by)
        each = (work.products for work in (free_pass(*form), back))
        self._tally.add(*(samples * steps * products for products in each))

    def take_operations(self) -> dict[str, int]:
        """Multiply-accumulates since the last call, by phase; see `hamiltonian.counts`."""
        return self._tally.take()

    def _run(self, inputs: Tensor, position: Tensor, momentum: Tensor) -> tuple[Tensor, Tensor]:
        kicks = Kicks(self._ratio(inputs), self.backward_by == "rhel-one-sided")
        scan = self.scan or self._fastest(inputs)
        parameters = tuple(of for of in self.energy.parameters() if of.requires_grad)
        passes = loop.Passes(self._read_energy(), kicks, parameters)
        echoed = self.backward_by.startswith("rhel")
        if scan == "compiled":
            return self._compiled(kicks, inputs, position, momentum)
        if scan == "associative" and echoed:
            oscillators = cast(LinearOscillators, self.energy)
            return _apply(Scanned, passes, oscillators, inputs, position, momentum, *parameters)
        if scan == "associative":
            none = inputs.new_zeros(len(inputs), inputs.shape[1], self.size)
            found = trajectory(
                cast(LinearOscillators, self.energy), inputs, position, momentum, none
            )
            return found.positions, found.after[:, -1]
        if self.backward_by == "bptt":
            return loop.run(passes.integrator, inputs, position, momentum, torch.is_grad_enabled())[
                :2
            ]
        function = loop.Echoed if echoed else loop.Reconstructed
        return _apply(function, passes, inputs, position, momentum, *parameters)

    def _compiled(
        self, kicks: Kicks, inputs: Tensor, position: Tensor, momentum: Tensor
    ) -> tuple[Tensor, Tensor]:
        oscillators = cast(Oscillators, self.energy)
        if inputs.shape[2:] != (oscillators.inputs,):
            raise ConfigError(
                f"HamiltonianUnit: inputs must have {oscillators.inputs} channels, got {tuple(inputs.shape)}"
            )
        *coefficients, bounded = oscillators.coefficients()
        plan = Plan(self.backward_by, kicks, bounded)
        weight, bias = oscillators.input_weight, oscillators.input_bias
        return _apply(CompiledPass, plan, inputs, position, momentum, weight, bias, *coefficients)

    def plan(self, inputs: Tensor) -> Plan | None:
        """How the compiled passes would run on these inputs; None if another scan runs."""
        if (self.scan or self._fastest(inputs)) != "compiled":
            return None
        kicks = Kicks(self._ratio(inputs), self.backward_by == "rhel-one-sided")
        bounded = cast(Oscillators, self.energy).coefficients().bounded
        return Plan(self.backward_by, kicks, bounded)

    def _fastest(self, inputs: Tensor) -> str:
        if not isinstance(self.energy, LinearOscillators | LogCoshOscillators):
            return "loop"
        if inputs.device.type == "cpu":
            return "compiled"
        keeps = self.backward_by != "reversible"
        return "associative" if isinstance(self.energy, LinearOscillators) and keeps else "loop"

    def _ratio(self, inputs: Tensor) -> float:
        if self.kick_ratio is not None:
            return self.kick_ratio
        if isinstance(self.energy, LinearOscillators) and self.backward_by != "rhel-one-sided":
            return 1.0
        precise = (
            inputs.dtype == torch.float64 or (self.scan or self._fastest(inputs)) == "compiled"
        )
        return 1e-5 if precise else 1e-2

    def _read_energy(self) -> Integrator:
        times, energy = 1.0 if self.step is None else self.step, self.energy
        if self.step is not None and isinstance(energy, LinearOscillators | LogCoshOscillators):
            raise ConfigError("HamiltonianUnit: oscillators hold their own step; leave out step")
        if hasattr(energy, "kinetic") and hasattr(energy, "potential"):
            parts = cast(SeparableEnergy, energy)
            return Leapfrog(
                lambda momentum: times * parts.kinetic(momentum),
                lambda position, inputs: times * parts.potential(position, inputs),
            )
        hamiltonian = getattr(energy, "hamiltonian", None)
        if hamiltonian is None:
            raise ConfigError(
                f"HamiltonianUnit: {type(energy).__name__} has neither kinetic and potential nor hamiltonian"
            )
        return ImplicitMidpoint(lambda q, p, u: times * hamiltonian(q, p, u))

    def _refuse_scan(self) -> None:
        if self.scan is None:
            return
        if self.scan not in SCANS:
            raise ConfigError(
                f"HamiltonianUnit: scan must be one of {', '.join(SCANS)}, got {self.scan!r}"
            )
        linear = isinstance(self.energy, LinearOscillators)
        known = isinstance(self.energy, LinearOscillators | LogCoshOscillators)
        if (self.scan == "compiled" and not known) or (self.scan == "associative" and not linear):
            raise UnsupportedError(
                f"HamiltonianUnit: scan {self.scan} cannot run {type(self.energy).__name__}; use scan loop"
            )
        if self.scan == "associative" and self.backward_by == "reversible":
            raise UnsupportedError(
                "HamiltonianUnit: the associative scan keeps trajectories; reversible needs another scan"
            )

    def _prove_even(self, inputs: Tensor) -> None:
        """Refuse an energy that does not come back: one that changes with the sign of the momenta."""
        if self._proved_even:
            return
        generator = torch.Generator().manual_seed(0)
        q, p = (
            torch.randn(len(inputs), self.size, generator=generator).to(inputs) for _ in range(2)
        )
        with torch.no_grad():
            ways = [self._total(q, sign * p, inputs) for sign in (1, -1)]
        if ways[0].shape != (len(inputs),):
            raise ConfigError(
                f"HamiltonianUnit: an energy must be one value a sample, got {tuple(ways[0].shape)}"
            )
        if not torch.allclose(ways[0], ways[1], rtol=1e-4, atol=1e-6):
            raise UnsupportedError(
                "HamiltonianUnit: the energy changes when momenta are reversed, so its motion has no echo; "
                "use even powers of the momenta, or backward bptt"
            )
        self._proved_even = True

    def _total(self, position: Tensor, momentum: Tensor, inputs: Tensor) -> Tensor:
        integrator = self._read_energy()
        if isinstance(integrator, Leapfrog):
            return integrator.kinetic(momentum) + integrator.potential(position, inputs)
        return integrator.energy((position, momentum), inputs)


def _apply(function: Any, *arguments: Any) -> tuple[Tensor, Tensor]:
    positions, last = function.apply(*arguments)
    return positions, last


def _size(energy: nn.Module) -> int:
    size = getattr(energy, "size", None)
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ConfigError(
            f"HamiltonianUnit: an energy needs a size, a whole number of at least 1, got {size}"
        )
    return size
