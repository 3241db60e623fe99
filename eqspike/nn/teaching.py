"""What the outputs are told in a nudged phase, and what a nudged phase leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eqspike.nn import shares
from eqspike.nn.circuit import Circuit
from eqspike.nn.relaxation import Settled, States

Pace = tuple[int, float | None]
"""Nudged steps, and the residual, as a share of the force, at which a sample is at rest."""


@dataclass(frozen=True)
class Teaching:
    """The cost as the outputs feel it: dC/do = gradient + curvature x (o - o at rest).

    Attributes:
        gradient: at rest, (samples, outputs) or of maps; the loss's, times `scale`.
        scale: of each sample, (samples, 1, ...): what the loss's gradient was multiplied by.
        curvature: 0: the nudge is a constant force. 1: that of half the squared error.
        clamp: outputs are held instead of nudged.
    """

    gradient: Tensor
    scale: Tensor
    curvature: float
    clamp: bool

    @staticmethod
    def of(gradient: Tensor, scale: float | str, curvature: float, clamp: bool) -> Teaching:
        """From the gradient of a loss by the outputs.

        Args:
            scale: a factor; `samples`: the number of samples, for a loss that is a mean over them; `largest`:
                that which makes the largest component of each sample 1.
        """
        column = (len(gradient), *(1,) * (gradient.dim() - 1))
        if scale == "largest":
            largest = gradient.abs().flatten(1).amax(1).view(column)
            factor = torch.where(largest > 0, 1.0 / largest, torch.ones_like(largest))
        else:
            samples = shares.total(len(gradient))
            factor = gradient.new_full(column, samples if scale == "samples" else float(scale))
        return Teaching(gradient * factor, factor, curvature, clamp)

    def column(self, strengths: Sequence[float]) -> Tensor:
        """Strengths of the copies of a batch, one after the other, (copies samples, 1, ...)."""
        ones = torch.ones_like(self.scale)
        return torch.cat([ones * strength for strength in strengths])

    def force(self, strengths: Sequence[float]) -> Tensor:
        """- strength x gradient for the copies of a batch."""
        return torch.cat([self.gradient * -strength for strength in strengths])

    def pull(self, strengths: Sequence[float]) -> float:
        """The most by which a copy's nudge draws an output back, for each unit that it is away; 0 if none does."""
        return max(0.0, *strengths) * self.curvature

    def size(self, strengths: Sequence[float]) -> Tensor:
        """The largest component of the force of each copy of each sample, (copies samples,)."""
        return self.force(strengths).abs().flatten(1).amax(1)


@dataclass(frozen=True)
class Products:
    """A part of a gradient: at each coupling changes of one side times values of the other, both ways.

    Attributes:
        values, changes: of each layer; changes carry the weight with which they enter the gradient.
        inner: it has no share in the gradients by biases, the input and its weights.
    """

    values: States
    changes: States
    inner: bool = False


@dataclass(frozen=True)
class Gradients:
    """By weights, backward weights (None where they are tied), biases and the input, in the circuit's format."""

    weights: list[Tensor]
    backs: list[Tensor | None]
    biases: list[Tensor]
    inputs: Tensor | None

    @staticmethod
    def of(circuit: Circuit, inputs: Tensor, changes: States, by_input: bool) -> Gradients:
        """Those by biases, the input and its weights; the others are zero.

        Args:
            by_input: whether the input's gradient is asked for.
        """
        weights = [torch.zeros_like(coupling.weight) for coupling in circuit.couplings]
        backs = [
            None if coupling.back is coupling.weight else torch.zeros_like(coupling.back)
            for coupling in circuit.couplings
        ]
        first = circuit.couplings[0]
        first.accumulate(inputs, first.spread(changes[0]), weights[0], 1.0)
        biases = [
            change.flatten(2).sum((0, 2)) if change.dim() > 2 else change.sum(0)
            for change in changes
        ]
        down = first.down(changes[0], torch.zeros_like(inputs), 1.0, None) if by_input else None
        return Gradients(weights, backs, biases, down)


def collect(
    circuit: Circuit, inputs: Tensor, parts: Sequence[Products], by_input: bool
) -> Gradients:
    """The sum of the parts, by what couplings have last observed of the batch."""
    outer = [part.changes for part in parts if not part.inner]
    changes = [
        torch.stack(of_layer).sum(0) if len(outer) > 1 else of_layer[0]
        for of_layer in zip(*outer, strict=True)
    ]
    found = Gradients.of(circuit, inputs, changes, by_input)
    for part in parts:
        for number, wire in enumerate(circuit.structure.wires[1:], 1):
            coupling, back = circuit.couplings[number], found.backs[number]
            up = coupling.spread(part.changes[wire.upper])
            coupling.accumulate(part.values[wire.lower], up, found.weights[number], 1.0)
            into = found.weights[number] if back is None else back
            down = coupling.spread(part.values[wire.upper])
            coupling.accumulate(part.changes[wire.lower], down, into, 1.0)
    return found


def scaled(changes: States, teaching: Teaching, factor: float) -> States:
    """Changes as they enter the gradient of the loss: times factor / scale of each sample."""
    weight = factor / teaching.scale.flatten()
    return [change * weight.view(-1, *(1,) * (change.dim() - 1)) for change in changes]


@dataclass(frozen=True)
class Taught:
    """What a nudged phase leaves behind.

    Attributes:
        gradients: of the loss, ready for an optimiser.
        settled: how the relaxation ended, of all copies of the batch; None where nothing relaxed.
        moved: share of the neurons of each layer in which the compared states differ; empty where none are.
        coarse: share of those that differ by hardly more than rounding does; empty in difference form.
    """

    gradients: Gradients
    settled: Settled | None
    moved: tuple[float, ...] = ()
    coarse: tuple[float, ...] = ()
