"""A feedforward network of another tool in Loihi's integers, beside itself in floating point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.feedforward import Raster, round_layers, simulate
from eqspike.chips.loihi.rounding import RoundingReport
from eqspike.chips.loihi.scale import HEADROOM, Extremes, Source, unit_of_extremes
from eqspike.core.errors import UnsupportedError
from eqspike.core.network import Network
from eqspike.deploy.foreign_network import Feedforward, ForeignLayer

_ROUNDS = 12
"""A unit that overflows is lowered at least by the excess seen, so a few rounds do."""

_BLOCK = 200
"""Samples simulated at a time: bounds the memory of their sums in all steps."""


@dataclass(frozen=True)
class Fitted:
    """Integers that were tried on the samples.

    Attributes:
        network: the integers; report: what rounding lost.
        rasters: spikes of each layer, (samples, steps, neurons); extremes: largest register values met.
    """

    network: LoihiNetwork
    report: RoundingReport
    rasters: dict[str, Raster]
    extremes: dict[str, Extremes]


def fit_to_loihi(given: Feedforward, sent: Raster) -> Fitted:
    """Round a network at the largest unit at which these samples fill at most half of every register.

    Args:
        sent: spikes of the input, (samples, steps, inputs).

    Raises:
        UnsupportedError: if no unit fits.
    """
    sources = tuple(_source(given, index) for index in range(len(given.layers)))
    unit: float | None = None
    for attempt in range(_ROUNDS):
        network, report = round_layers(sources, unit)
        rasters, extremes = _simulated(network, sent)
        wanted = min(
            unit_of_extremes(source, network.unit, met)
            for source, met in zip(sources, extremes.values(), strict=True)
        )
        fullest = max(part for met in extremes.values() for part in met.fill.values())
        if fullest * HEADROOM <= 1 and (attempt or wanted <= network.unit):
            return Fitted(network, report, rasters, extremes)
        unit = wanted
    raise UnsupportedError(
        f"no scale found at which registers of Loihi are at most half full, in {_ROUNDS} tries; the network's "
        "activity may be unbounded"
    )


def float_rasters(given: Feedforward, sent: Raster) -> dict[str, Raster]:
    """Spikes of the network in float64, with the chip's delays: a spike of step t acts in step t + 1."""
    rasters = {}
    for layer in given.layers:
        arriving = np.zeros((*sent.shape[:2], layer.layer.size))
        arriving[:, 1:] = sent[:, :-1].astype(np.float64) @ layer.weights
        sent = _stepped(layer, arriving)
        rasters[layer.layer.name] = sent
    return rasters


def _stepped(layer: ForeignLayer, arriving: NDArray[np.float64]) -> Raster:
    neuron = layer.neuron
    current: Any = np.zeros_like(arriving[:, 0])
    potential: Any = np.zeros_like(arriving[:, 0])
    raster = np.zeros(arriving.shape, np.uint8)
    for step in range(arriving.shape[1]):
        current = (1 - neuron.current_decay) * current + arriving[:, step]
        potential = (1 - neuron.voltage_decay) * potential + current + layer.bias
        raster[:, step] = fired = potential > neuron.threshold
        potential = np.where(fired, 0.0, potential)
    return raster


def _source(given: Feedforward, index: int) -> Source:
    """One layer and what is below it, as it is rounded; nobody teaches it."""
    layer = given.layers[index]
    below = given.input if not index else given.layers[index - 1].layer
    network = Network((below, layer.layer), one_way=True)
    weights = {network.couplings[0].name: layer.weights, f"{layer.layer.name}.bias": layer.bias}
    return Source(network, layer.neuron, weights, 0.0, 1.0, False)


def _simulated(
    network: LoihiNetwork, sent: Raster
) -> tuple[dict[str, Raster], dict[str, Extremes]]:
    parts = [
        simulate(network, sent[first : first + _BLOCK]) for first in range(0, len(sent), _BLOCK)
    ]
    names = [layer.name for layer in network.layers]
    rasters = {name: np.concatenate([raster[name] for raster, _ in parts]) for name in names}
    return rasters, {name: _largest([met[name] for _, met in parts]) for name in names}


def _largest(met: list[Extremes]) -> Extremes:
    return Extremes(
        max(each.synaptic_input for each in met),
        max(each.current for each in met),
        min(each.lowest_potential for each in met),
        max(each.highest_potential for each in met),
        sum(each.wraps for each in met),
        sum(each.saturations for each in met),
    )
