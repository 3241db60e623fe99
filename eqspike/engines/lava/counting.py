"""From recorded spikes to event counts, by the definitions of `core.counts`; inference only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiNetwork
from eqspike.core.counts import CouplingCounts, EventCounts, LayerCounts, PhaseCounts
from eqspike.core.network import Network

Spikes = dict[str, NDArray[np.int64]]
"""Number of spikes of each neuron, by layer name, the input included."""


def free_phase_counts(
    network: Network, integers: LoihiNetwork, spikes: Spikes, samples: int, steps: int
) -> EventCounts:
    """Counts of the free phases of `samples` presentations of `steps` steps each.

    A synaptic operation is effective where the mantissa is not zero, for that is the weight the chip stores.
    """
    sample_steps = samples * steps
    layers = {network.input.name: LayerCounts(int(spikes[network.input.name].sum()))}
    for layer in network.free_layers:
        layers[layer.name] = LayerCounts(int(spikes[layer.name].sum()), sample_steps * layer.size)
    couplings = {}
    for coupling, stored in zip(network.couplings, integers.couplings, strict=True):
        ways = [(coupling.pre.name, stored.mantissas), (coupling.post.name, stored.mantissas.T)]
        for direction, (source, weights) in zip(coupling.directions, ways, strict=False):
            sent = spikes[source]
            effective = int(sent @ np.count_nonzero(weights, axis=1))
            operations = int(sent.sum()) * weights.shape[1]
            couplings[direction] = CouplingCounts(operations, effective)
    return EventCounts(samples, {"free": PhaseCounts(sample_steps, layers, couplings)})
