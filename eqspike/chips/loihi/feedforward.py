"""A feedforward network in Loihi's integers: rounded layer by layer with one unit, and simulated for inference.

The simulation is `chips.loihi.network` without a teacher, all samples of a layer at once: what reaches a layer
is known for every step before it begins, since nothing comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi.arithmetic import (
    REGISTER_LIMIT,
    STATE_SHIFT,
    after_reset,
    decayed,
    next_current,
    next_potential,
    shifted,
    spikes,
)
from eqspike.chips.loihi.network import LoihiCoupling, LoihiLayer, LoihiNetwork
from eqspike.chips.loihi.rounding import RoundingReport, round_network
from eqspike.chips.loihi.scale import Extremes, Source, unit_of_weights

Raster = NDArray[np.uint8]
"""Spikes, (samples, steps, neurons), 0 or 1."""


def round_layers(
    sources: Sequence[Source], unit: float | None = None
) -> tuple[LoihiNetwork, RoundingReport]:
    """Integers of a chain of layers whose neurons may differ from layer to layer.

    Args:
        sources: of each layer a network of two, the one below and itself.
        unit: integer steps that stand for 1.0; without, one at which no current can wrap around.
    """
    unit = min(unit_of_weights(source) for source in sources) if unit is None else unit
    parts = [round_network(source, unit) for source in sources]
    first = parts[0][0]
    network = LoihiNetwork(
        first.input_size,
        tuple(part.layers[0] for part, _ in parts),
        tuple(part.couplings[0] for part, _ in parts),
        first.nudge,
        unit,
    )
    arrays = {name: found for _, report in parts for name, found in report.arrays.items()}
    scalars = {
        f"{part.layers[0].name} {name}": found
        for part, report in parts
        for name, found in report.scalars.items()
        if name != "nudge"
    }
    return network, RoundingReport(arrays, scalars)


def simulate(network: LoihiNetwork, sent: Raster) -> tuple[dict[str, Raster], dict[str, Extremes]]:
    """Spikes of every layer, and the largest register values met.

    Args:
        sent: spikes of the input, (samples, steps, inputs).
    """
    rasters, extremes = {}, {}
    for coupling, layer in zip(network.couplings, network.layers, strict=True):
        arriving = _arriving(coupling, sent)
        sent, extremes[layer.name] = _stepped(layer, arriving)
        rasters[layer.name] = sent
    return rasters, extremes


def _arriving(coupling: LoihiCoupling, sent: Raster) -> NDArray[np.int64]:
    """Synaptic input of each step, (samples, steps, neurons): what was sent in the step before."""
    # Sums of integers below 2^53 are exact in float64, whose products are far faster.
    sums = sent.astype(np.float64) @ coupling.mantissas.astype(np.float64)
    arriving = np.zeros(sums.shape, np.int64)
    arriving[:, 1:] = shifted(sums[:, :-1].astype(np.int64), coupling.exponent)
    return arriving


def _stepped(layer: LoihiLayer, arriving: NDArray[np.int64]) -> tuple[Raster, Extremes]:
    """A layer through all steps, from registers of zero."""
    samples, steps, size = arriving.shape
    neuron, bias = layer.neuron, shifted(layer.bias_mantissas, layer.bias_exponent)
    current: Any = np.zeros((samples, size), np.int64)
    potential: Any = np.zeros((samples, size), np.int64)
    raster = np.zeros((samples, steps, size), np.uint8)
    largest = lowest = highest = wraps = saturations = 0
    for step in range(steps):
        wide = decayed(current, neuron.current_decay + 1) + (arriving[:, step] << STATE_SHIFT)
        current = next_current(current, arriving[:, step], neuron.current_decay)
        sums = decayed(potential, neuron.voltage_decay) + current + bias
        potential = next_potential(potential, current, bias, neuron.voltage_decay)
        fired = spikes(potential, neuron.threshold)
        raster[:, step], potential = fired, after_reset(potential, fired)
        largest = max(largest, int(abs(wide).max()))
        lowest, highest = min(lowest, int(sums.min())), max(highest, int(sums.max()))
        wraps += int((wide != current).sum())
        saturations += int((abs(sums) >= REGISTER_LIMIT).sum())
    met = Extremes(int(abs(arriving).max()), largest, lowest, highest, wraps, saturations)
    return raster, met
