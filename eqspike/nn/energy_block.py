"""An energy-based network as a torch module: its forward relaxes, its backward is a contrast of nudged states."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from eqspike.core.errors import ActivityError, ConfigError, ConvergenceError
from eqspike.nn.circuit import Circuit, Parameters, Rest, channels_last, relax
from eqspike.nn.learning import teach
from eqspike.nn.operations import Operations
from eqspike.nn.relaxation import Settled, States
from eqspike.nn.settings import EnergySettings
from eqspike.nn.structure import EnergyLayer, Skip, Structure, Wire
from eqspike.nn.teaching import Taught


class RestWarning(UserWarning):
    """Samples have not come to rest in the free steps allowed."""


class PrecisionWarning(UserWarning):
    """The states that are compared differ by hardly more than rounding: the gradient is noise."""


@dataclass
class Report:
    """How the last batch relaxed.

    Attributes:
        free, nudged: steps and the residual of each sample; nudged ones are shares of the nudge.
        moved: share of the neurons of each layer, from the lowest, in which the compared states differ.
        coarse: share of those that differ by at most four roundings, if two states were simulated.
    """

    free: Settled | None = None
    nudged: Settled | None = None
    moved: tuple[float, ...] = ()
    coarse: tuple[float, ...] = ()


class EnergyBlock(nn.Module):
    """Layers that relax to a minimum of an energy, with Equilibrium Propagation for a backward pass.

        forward    s_k <- rho(dPhi / ds_k) until rest; returns the last layer's s
        backward   from dL / ds_last: dL / dtheta and dL / dinput, by `settings.algorithm`

    It stands anywhere in a torch network; gradients of its parameters and of its input reach the optimiser and the
    layers below as those of any module do.

    Args:
        shape: of a sample: (neurons,) or (channels, rows, columns).
        layers: free layers, from the lowest.
        settings: how it relaxes and learns.
        skips: couplings between layers that are not neighbours.

    Attributes:
        report: how the last batch relaxed.
        count_nonzero: count multiply-accumulates by a non-zero difference too, which costs a pass over all states
            a step.

    Raises:
        ConfigError: for layers that do not fit.
        UnsupportedError: for what the algorithm cannot use.
    """

    def __init__(
        self, shape: Sequence[int], layers: Sequence[EnergyLayer],
        settings: EnergySettings = EnergySettings(), skips: Sequence[Skip] = (),  # noqa: B008
    ) -> None:  # fmt: skip
        super().__init__()
        if not isinstance(settings, EnergySettings):
            raise ConfigError(
                f"an energy block's settings must be EnergySettings(...), got {settings!r}"
            )
        self.structure, self.settings = Structure.of(shape, layers, skips), settings
        wired = [wire for wire in self.structure.wires if wire.shape]
        separate = [wire for wire in wired if settings.feedback == "separate" and wire.lower >= 0]
        # Pairs keep their order in a ParameterDict; the keys of a dict are sorted.
        self.weights, self.feedback = (
            nn.ParameterDict(
                [(_name(wire), nn.Parameter(torch.empty(wire.shape))) for wire in each]
            )
            for each in (wired, separate)
        )
        self.biases = nn.ParameterDict(
            [(each.name, nn.Parameter(torch.empty(each.biases))) for each in self.structure.layers]
        )
        self.report, self.count_nonzero, self._warned = Report(), False, False
        self._operations = Operations(self.structure)
        self._last: States = []
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and biases uniformly in +- gain / sqrt(fan-in), from torch's generator.

        Separate backward weights are the forward ones, each with its sign turned with probability
        (1 - cos angle) / 2, which gives that angle on average (Ernoult et al., arXiv:2005.04168).
        """
        turned = (1 - math.cos(math.radians(self.settings.angle))) / 2
        with torch.no_grad():
            for wire in self.structure.wires:
                bound = wire.gain / math.sqrt(wire.wiring.fan_in)
                if wire.upper == wire.lower + 1:
                    self.biases[wire.wiring.post.name].uniform_(-bound, bound)
                if wire.shape:
                    self.weights[_name(wire)].uniform_(-bound, bound)
                if _name(wire) in self.feedback:
                    weight = self.weights[_name(wire)]
                    signs = torch.where(torch.rand_like(weight) < turned, -1.0, 1.0)
                    self.feedback[_name(wire)].copy_(weight * signs)

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs at rest.

        Args:
            inputs: (samples, *shape).

        Raises:
            ConfigError: for inputs of another shape, or of whole numbers.
            ActivityError: if states become infinite.
            ConvergenceError: if `settings.unsettled` is `refuse` and a sample is not at rest.
        """
        wanted = self.structure.input.maps or (self.structure.input.size,)
        if tuple(inputs.shape[1:]) != wanted or not inputs.is_floating_point():
            raise ConfigError(
                "the block's input must be floating-point numbers of shape (samples, "
                f"{', '.join(map(str, wanted))}), got {inputs.dtype} of {tuple(inputs.shape)}"
            )
        outputs: Tensor = _Equilibrium.apply(self, inputs, *self._tensors())  # type: ignore[no-untyped-call]
        return outputs

    def take_operations(self) -> dict[str, int]:
        """Multiply-accumulates since the last call, by phase; see `nn.operations`."""
        return self._operations.take()

    def layer_parameters(self) -> list[list[nn.Parameter]]:
        """Parameters by layer, from the lowest: what a learning rate of its own can be given to."""
        groups = [[self.biases[layer.name]] for layer in self.structure.layers]
        for wire in self.structure.wires:
            tensors = (self.weights, self.feedback)
            groups[wire.upper] += [each[_name(wire)] for each in tensors if _name(wire) in each]
        return groups

    def parameters_in(self, dtype: torch.dtype, tensors: Sequence[Tensor]) -> Parameters:
        """The tensors of `_tensors`, or their gradients' like, in a number format."""
        empty = tensors[-1].new_empty(0, dtype=dtype)
        # As convolutions of maps with their channels last want weights: they would copy others at every use.
        given = iter(channels_last(tensor.detach().to(dtype)) for tensor in tensors)
        wires = self.structure.wires
        weights = [next(given) if wire.shape else empty for wire in wires]
        backs = [next(given) if _name(wire) in self.feedback else None for wire in wires]
        return Parameters(weights, backs, list(given))

    def _tensors(self) -> list[Tensor]:
        """All parameters: weights, feedback and biases, each in the order of the structure."""
        return [
            each[_name(wire)] for each in (self.weights, self.feedback) for wire in self.structure.wires
            if _name(wire) in each
        ] + [self.biases[layer.name] for layer in self.structure.layers]  # fmt: skip

    def relax(self, inputs: Tensor, parameters: Parameters) -> Rest:
        """The free phase of a batch."""
        settings, dtype = self.settings, parameters.biases[0].dtype
        settings.refuse(self.structure, dtype)
        if bool(self.feedback) != (
            settings.feedback == "separate" and len(self.structure.wires) > 1
        ):
            raise ConfigError(
                f"the block was made with feedback '{'separate' if self.feedback else 'tied'}', got settings with "
                f"'{settings.feedback}'; make another block"
            )
        circuit = Circuit(self.structure, parameters, settings.updates, settings.relaxation_factor)
        kept = (
            self._last
            if settings.warm_start and len(self._last) and len(self._last[0]) == len(inputs)
            else []
        )
        start = [state.to(dtype, copy=True) for state in kept] or None
        rest = relax(circuit, inputs.to(dtype), start, settings.free_steps, settings.tolerance)
        self._last = rest.states if settings.warm_start else []
        self.report = Report(free=rest.settled)
        self._operations.add_free(rest)
        self._check(rest.settled)
        return rest

    def _check(self, settled: Settled) -> None:
        if not bool(torch.isfinite(settled.residuals).all()):
            raise ActivityError(
                f"states of the energy block are infinite after {settled.steps} free steps; make weights smaller "
                "(gain), or bound the outputs' activation"
            )
        tolerance = self.settings.tolerance
        if (
            self.settings.unsettled == "ignore" and self.settings.feedback == "tied"
        ) or tolerance is None:
            return
        moving = int((settled.residuals > tolerance).sum())
        if not moving:
            return
        message = (
            f"{moving} of {len(settled.residuals)} samples are not at rest after {settled.steps} free steps "
            f"(largest residual {float(settled.residuals.max()):.2g}, tolerance {tolerance:.2g}): there may be no "
            "fixed point, and the gradient holds at one; use more free_steps or smaller weights"
        )
        if self.settings.unsettled == "refuse":
            raise ConvergenceError(message)
        warnings.warn(message, RestWarning, stacklevel=2)

    def _check_precision(self, dtype: torch.dtype) -> None:
        """Warn, once, where most of what is contrasted in a layer is rounding."""
        lost = [
            f"'{layer.name}' ({share:.0%} of the {moved:.0%} that differ)"
            for layer, share, moved in zip(
                self.structure.layers, self.report.coarse, self.report.moved, strict=False
            )
            if share > 0.5
        ]
        if lost and not self._warned:
            self._warned = True
            warnings.warn(
                f"the nudged states differ by at most four roundings of {dtype} in most neurons of "
                f"{', '.join(lost)}: what these layers learn is noise; use form 'difference' or more digits",
                PrecisionWarning,
                stacklevel=2,
            )

    def teach(self, rest: Rest, parameters: Parameters, gradient: Tensor, by_input: bool) -> Taught:
        """The nudged phases of a batch, noted in the report and the counts."""
        counter = self._operations.nonzero_counter() if self.count_nonzero else None
        taught = teach(self.settings, rest, parameters, gradient, by_input, counter)
        self.report = Report(rest.settled, taught.settled, taught.moved, taught.coarse)
        self._check_precision(parameters.biases[0].dtype)
        self._operations.add_nudged(self.settings, rest, taught)
        return taught


def _name(wire: Wire) -> str:
    return wire.wiring.name


class _Equilibrium(torch.autograd.Function):
    """The relaxation as one node of autograd's graph."""

    @staticmethod
    def forward(ctx: Any, block: EnergyBlock, inputs: Tensor, *tensors: Tensor) -> Tensor:
        dtype = block.settings.precision or tensors[0].dtype
        # Autocast would change the number format of single products, and differences of states with it.
        with torch.autocast(inputs.device.type, enabled=False):
            ctx.parameters = block.parameters_in(dtype, tensors)
            ctx.block, ctx.rest = block, block.relax(inputs, ctx.parameters)
        ctx.save_for_backward(inputs, *tensors)
        outputs: Tensor = ctx.rest.states[-1].to(tensors[0].dtype, copy=True)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        inputs, *tensors = ctx.saved_tensors  # an error if one has been changed since
        by_input, dtype = ctx.needs_input_grad[1], ctx.parameters.biases[0].dtype
        with torch.autocast(inputs.device.type, enabled=False):
            found = ctx.block.teach(
                ctx.rest, ctx.parameters, gradient.to(dtype), by_input
            ).gradients
        weights = [
            g
            for g, wire in zip(found.weights, ctx.block.structure.wires, strict=True)
            if wire.shape
        ]
        backs = [g for g in found.backs if g is not None]
        given = [g.to(tensors[0].dtype) for g in (*weights, *backs, *found.biases)]
        down = None if found.inputs is None else found.inputs.to(inputs.dtype)
        return (None, down, *given)
