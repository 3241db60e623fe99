"""The changes a block of samples asks for, by name and in the shapes of the network: for checks only."""

from __future__ import annotations

import numpy as np

from eqspike.core.learner import Arrays, Images
from eqspike.engines.fast.spikes.simulator import Simulator
from eqspike.engines.fast.spikes.state import Record


def summed_changes(simulator: Simulator, images: Images, record: Record) -> Arrays:
    """Changes asked in one block, summed over its samples, by name; arrays shaped as the weights."""
    network, layout = simulator.system.network, simulator.layout
    result: Arrays = {}
    for index, coupling in enumerate(network.couplings):
        if index == 0:
            change = np.zeros(coupling.shape)
            pixels = np.arange(coupling.pre.size)
            for sample, levels in enumerate(images):
                slots = pixels if simulator.source.poisson else levels
                rows = record.input_gradients[sample, slots, : coupling.post.size]
                change[levels > 0] += rows[levels > 0]
            result[coupling.name] = change
        else:
            part = record.gradients[: len(images), index - 1].sum(0, dtype=np.float64)
            result[coupling.name] = part[: coupling.post.size, : coupling.pre.size].T
    biases = record.bias_gradients[: len(images)].sum(0, dtype=np.float64)
    for index, layer in enumerate(network.free_layers, start=1):
        result[f"{layer.name}.bias"] = biases[
            layout.starts[index] : layout.starts[index] + layer.size
        ]
    return result
