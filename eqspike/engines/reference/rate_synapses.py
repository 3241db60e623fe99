"""Every synapse of a rate-based network that sends changes, one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays
from eqspike.systems import RateSystem

Vector = NDArray[Any]
Named = dict[str, Vector]
Counts = Counter[tuple[str, str, str]]


class Synapses:
    """The couplings of a batch.

    Args:
        weights: by name, as they are at any time; counts: what deliveries are added to.
    """

    def __init__(self, system: RateSystem, weights: Arrays, counts: Counts) -> None:
        self._system, self._weights, self._counts = system, weights, counts
        self._began = {name: array.copy() for name, array in weights.items()}

    def deliver(self, messages: Named, phase: str, drives: Named, transposed: bool = False) -> None:
        """Deliver every message that is not 0 along every synapse.

        Args:
            messages: (samples, neurons) by layer; drives: what they are added to, by layer.
            phase: for the counts.
            transposed: up by the backward weights and down by the forward ones.
        """
        for name, of_layer in messages.items():
            for sample, neuron in np.argwhere(of_layer != 0):
                self._counts[phase, name, "spikes"] += 1
                for direction, receiver, row, began in self._fan_out(name, neuron, transposed):
                    drives[receiver][sample] += of_layer[sample, neuron] * row
                    self._counts[phase, direction, "synaptic_operations"] += row.size
                    self._counts[phase, direction, "effective_synaptic_operations"] += int(
                        np.count_nonzero(began)
                    )

    def count_updates(self, phase: str, states: Named) -> None:
        """Count a step of all free neurons."""
        for name, state in states.items():
            self._counts[phase, name, "neuron_updates"] += state.size

    def _fan_out(
        self, name: str, neuron: int, transposed: bool
    ) -> Iterator[tuple[str, str, Vector, Vector]]:
        """Direction, receiving layer and weights of a neuron's synapses: now, and when the batch began."""
        separate, both = self._system.feedback.separate, (self._weights, self._began)
        for coupling in self._system.network.couplings:
            up, down = coupling.name, f"{coupling.post.name}-{coupling.pre.name}"
            if coupling.pre.name == name:
                by_back = transposed and separate
                now, began = (of[down][:, neuron] if by_back else of[up][neuron] for of in both)
                yield coupling.directions[0], coupling.post.name, now, began
            if coupling.post.name == name and coupling.bidirectional:
                by_back = separate and not transposed
                now, began = (of[down][neuron] if by_back else of[up][:, neuron] for of in both)
                yield coupling.directions[1], coupling.pre.name, now, began


def update_groups(system: RateSystem) -> list[list[str]]:
    """Free layers that are updated together, in the order of a step."""
    layers = [layer.name for layer in system.network.free_layers]
    return [layers[0::2], layers[1::2]] if system.dynamics.updates == "even-odd" else [layers]
