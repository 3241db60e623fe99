"""An energy block with the weights of the moment: what a batch relaxes in.

Phi = sum over couplings of s_upper . P(W * s_lower) + sum over layers of b . s        (energy = |s|^2 / 2 - Phi)
s_k <- rho(dPhi / ds_k)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from eqspike.nn.activations import SQUASHES
from eqspike.nn.convolution import HANDICAP
from eqspike.nn.relaxation import (
    Groups,
    Link,
    Relaxation,
    Settled,
    Start,
    States,
    Stride,
    update_groups,
)
from eqspike.nn.structure import Structure

FARTHEST = 1.6
"""Times the way to where an output ends: from 2 on it would swing for ever, and near it for long."""


@dataclass(frozen=True)
class Parameters:
    """Tensors of all couplings and layers of a block, in their order.

    Attributes:
        weights: of each coupling; empty where it has none.
        backs: the same for the way down; None where weights are tied.
        biases: of each layer, one a neuron or a channel.
    """

    weights: Sequence[Tensor]
    backs: Sequence[Tensor | None]
    biases: Sequence[Tensor]


class Circuit:
    """Couplings and biases of a block in one number format.

    Args:
        updates: `synchronous` or `even-odd`.
        factor: the relaxation factor; see `nn.relaxation`.
    """

    def __init__(
        self, structure: Structure, parameters: Parameters, updates: str, factor: float = 1.0
    ) -> None:
        self.structure, self.updates, self._factor = structure, updates, factor
        dtype = parameters.biases[0].dtype
        handicap = 0.0 if dtype == torch.bfloat16 else HANDICAP
        self.couplings = [
            wire.make(weight, back, handicap)
            for wire, weight, back in zip(
                structure.wires, parameters.weights, parameters.backs, strict=True
            )
        ]
        self.biases = parameters.biases
        self.squashes = [SQUASHES[name] for name in structure.activations]
        self.groups = update_groups(len(structure.layers), updates)

    @property
    def groups_from_output(self) -> Groups:
        """The groups of a step, that of the output first: nothing else moves before it when a nudge begins."""
        last = len(self.structure.layers) - 1
        return tuple(sorted(self.groups, key=lambda group: last not in group))

    def zeros(self, samples: int) -> States:
        """Of each layer, (samples, neurons) or (samples, channels, rows, columns), channels last."""
        like = self.biases[0]
        made = (
            like.new_zeros(samples, *(layer.maps or (layer.size,)))
            for layer in self.structure.layers
        )
        return [channels_last(state) for state in made]

    def base(self, inputs: Tensor) -> States:
        """gain x (bias + the input's drive) + offset of each layer; only that of the first has all samples."""
        base = []
        for layer, bias, squash in zip(
            self.structure.layers, self.biases, self.squashes, strict=True
        ):
            by_channel = bias.view(1, -1, *(1,) * (len(layer.maps) - 1 if layer.maps else 0))
            base.append(by_channel * squash.gain + squash.offset)
        base[0] = self.couplings[0].up(inputs, base[0], self.squashes[0].gain, None)
        return base

    def links(self, copies: int = 0) -> list[Link]:
        """Couplings between free layers; transposed and held for so many copies of a batch if there are any."""
        return [
            Link(wire.lower, wire.upper, coupling.held(copies) if copies else coupling)
            for wire, coupling in zip(self.structure.wires[1:], self.couplings[1:], strict=True)
        ]

    def relaxation(
        self, links: Sequence[Link], states: States, base: States, finish: Callable[[int, Tensor], Tensor],
        groups: Groups | None = None, in_place: bool = True, strides: Sequence[Stride] = (),
        start: Start = Start.GIVEN,
    ) -> Relaxation:  # fmt: skip
        """Of these states, with the gains of this circuit."""
        gains = [squash.gain for squash in self.squashes]
        groups = groups or self.groups
        return Relaxation(links, gains, groups, states, base, finish, in_place, strides, start)

    def strides(self, bounded: bool, held: bool = False, pull: float = 0.0) -> list[Stride]:
        """Of each layer.

        A nudge that pulls outputs back has them end at (z + pull y) / (1 + pull), towards which a step of factor w
        goes w (1 + pull) times the way. Where that is more than `FARTHEST`, w is divided by 1 + pull.

        Args:
            bounded: what relaxes are states, which stay in the range of their activation, not differences.
            held: the last layer is clamped, so it goes where it is told at once.
            pull: see `Teaching.pull`.
        """
        factor = self._factor
        strides = [
            Stride(factor, squash.low, squash.high) if bounded else Stride(factor)
            for squash in self.squashes
        ]
        if held:
            return [*strides[:-1], Stride()]
        reach = 1.0 + pull * self.squashes[-1].gain
        if factor > 1.0 and factor * reach > FARTHEST:
            strides[-1] = replace(strides[-1], factor=factor / reach)
        return strides


@dataclass(frozen=True)
class Rest:
    """A batch at the end of its free phase."""

    circuit: Circuit
    inputs: Tensor
    base: States
    relaxation: Relaxation
    settled: Settled

    @property
    def states(self) -> States:
        """Of each free layer."""
        return self.relaxation.states

    def drives(self) -> States:
        """z of each layer, and with it what couplings must know of the states."""
        return [
            self.relaxation.drive(layer, torch.empty_like(state))
            for layer, state in reversed(list(enumerate(self.states)))
        ][::-1]


def relax(
    circuit: Circuit, inputs: Tensor, start: States | None, steps: int, tolerance: float | None
) -> Rest:
    """The free phase of a batch.

    Args:
        start: states to start from, which are overwritten; None: zeros.
        steps, tolerance: see `Relaxation.settle`.
    """
    squashes, base = circuit.squashes, circuit.base(inputs)
    states = circuit.zeros(len(inputs)) if start is None else start

    def finish(layer: int, drive: Tensor) -> Tensor:
        return squashes[layer].apply(drive)

    relaxation = circuit.relaxation(
        circuit.links(), states, base, finish, strides=circuit.strides(bounded=True),
        start=Start.ZEROS if start is None else Start.GIVEN,
    )  # fmt: skip
    settled = (
        relaxation.settle(steps, None)
        if tolerance is None
        else relaxation.settle_each(steps, tolerance)
    )
    return Rest(circuit, inputs, base, relaxation, settled)


def channels_last(tensor: Tensor) -> Tensor:
    """Maps with their channels last in memory; other tensors as they are."""
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor
