"""From recorded spikes to event counts, by the definitions of `core.counts`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiNetwork
from eqspike.core.counts import CouplingCounts, EventCounts, LayerCounts, PhaseCounts
from eqspike.core.network import Network
from eqspike.engines.lava.learning import Learnt
from eqspike.systems import System

Spikes = dict[str, NDArray[np.int64]]
"""Number of spikes of each neuron, by layer name, the input included."""


def learning_counts(system: System, learnt: Learnt) -> EventCounts:
    """Counts of presentations with learning.

    Nothing is said of plasticity: Lava does not tell which weights a step changed. Engine `fast-int` counts it.
    Effective operations are those of the weights the block ended with.
    """
    rule, network = system.rule, system.network
    samples = len(learnt.scores)
    pieces = {"free": slice(0, rule.free_steps), "nudged": slice(rule.free_steps, None)}
    sent = learnt.sent.reshape(len(learnt.sent), samples, -1)
    phases = {}
    for phase, piece in pieces.items():
        spikes = {n: r[:, piece].sum((0, 1), dtype=np.int64) for n, r in learnt.spikes.items()}
        spikes[network.input.name] = sent[:, :, piece].sum((1, 2), dtype=np.int64)
        steps = rule.free_steps if phase == "free" else rule.nudged_steps
        counted = free_phase_counts(network, learnt.network, spikes, samples, steps)
        traced = {
            name: replace(layer, trace_updates=2 * layer.neuron_updates)
            for name, layer in counted.phases["free"].layers.items()
        }
        phases[phase] = replace(counted.phases["free"], layers=traced)
    return EventCounts(samples, phases)


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
