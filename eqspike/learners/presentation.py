"""Presenting spikes to a network in Norse, and what that costs by the definitions of `core.counts`.

    free       spikes, deliveries and neuron updates of a presentation, input spikes included
    backward   learning goes back through all steps with a number at every synapse: pre x post products a step for
               the weights, and as many for the inputs in every coupling but the first

No chip of the library does the latter; only the forward pass is spikes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from eqspike.core.counts import CouplingCounts, LayerCounts, PhaseCounts
from eqspike.nn.spiking import SpikingNetwork


@dataclass(frozen=True)
class Shape:
    """A network as counting sees it: names and neurons of its layers, input first, and steps of a presentation."""

    names: tuple[str, ...]
    layers: tuple[int, ...]
    steps: int

    @property
    def couplings(self) -> tuple[str, ...]:
        """Names under which the writes of weights are counted."""
        return tuple(f"{a}-{b}" for a, b in pairwise(self.names))


class Presented(nn.Module):
    """A spiking network that takes samples first, and keeps which spikes each neuron has sent.

    Attributes:
        sent: (neurons,) spikes by layer that sends any, since `clear`.
    """

    def __init__(self, network: SpikingNetwork) -> None:
        super().__init__()
        self.network = network
        self.clear()

    def clear(self) -> None:
        """Count anew."""
        self.sent = [np.zeros(size, np.int64) for size in self.network.sizes[:-1]]

    def forward(self, spikes: Tensor) -> Tensor:
        """Logits of spikes (samples, steps, pixels)."""
        dtype = self.network.weights[0].dtype
        logits, sent = self.network.run(spikes.transpose(0, 1).to(dtype))
        for total, each in zip(self.sent, sent, strict=True):
            total += each.sum(0).cpu().numpy()
        return logits


def free_counts(
    shape: Shape, sent: list[NDArray[np.int64]], nonzero: list[NDArray[np.int64]],
    samples: int,
) -> PhaseCounts:  # fmt: skip
    """Events of presentations, given spikes of each neuron and its weights that are not 0, by layer."""
    names, steps = shape.names, samples * shape.steps
    layers = {names[0]: LayerCounts(int(sent[0].sum()))}
    for index, name in enumerate(names[1:], 1):
        spikes = int(sent[index].sum()) if index < len(sent) else 0
        layers[name] = LayerCounts(spikes, steps * shape.layers[index])
    couplings = {
        f"{a}->{b}": CouplingCounts(
            int(sent[index].sum()) * shape.layers[index + 1], int(sent[index] @ nonzero[index])
        )
        for index, (a, b) in enumerate(pairwise(names))
    }
    return PhaseCounts(steps, layers, couplings)


def backward_counts(shape: Shape, samples: int) -> PhaseCounts:
    """Products of the backward pass through all steps."""
    steps = samples * shape.steps
    couplings = {}
    for index, ((a, b), (pre, post)) in enumerate(
        zip(pairwise(shape.names), pairwise(shape.layers), strict=True)
    ):
        number = steps * pre * post * (1 if index == 0 else 2)
        couplings[f"{a}->{b}"] = CouplingCounts(number, number)
    return PhaseCounts(steps, {}, couplings)
