"""How many integer steps stand for 1.0: the unit of a network on Loihi.

A larger unit uses more of the mantissas and loses less to the decays' rounding; too large a unit makes currents
wrap around. Three bounds hold it down:

    registers     the synaptic input, the current and the membrane potential must fit their registers
    parameters    the largest weight, bias, threshold and nudge must fit mantissa and exponent
    mantissas     within a factor of two, the unit is free to fit the weights to whole mantissas
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi.arithmetic import (
    DECAY_UNITY,
    INPUT_LIMIT,
    LARGEST_BIAS,
    LARGEST_BIAS_EXPONENT,
    LARGEST_DECAY,
    LARGEST_EXPONENT,
    LARGEST_THRESHOLD,
    REGISTER_LIMIT,
    STATE_SHIFT,
)
from eqspike.core.network import Network
from eqspike.core.neurons import CurrentBased

Arrays = Mapping[str, NDArray[np.float64]]

HEADROOM = 2.0
"""Registers are filled to at most 1 / HEADROOM of their limits."""


@dataclass(frozen=True)
class Source:
    """What is rounded: a trained network of current-based neurons and its teacher.

    Attributes:
        network, neuron, weights: of the trained system; weights and biases by name.
        beta: nudging strength; target_rate: spikes per step of the target train.
        random_sign: whether beta is negative in some samples.
        steps: smallest difference of two weights of each coupling, from the input, if its memory has one.
        plastic: whether the chip is to change the weights: their mantissas then have a step of 1, else of 2.
    """

    network: Network
    neuron: CurrentBased
    weights: Arrays
    beta: float
    target_rate: float
    random_sign: bool
    steps: tuple[float, ...] | None = None
    plastic: bool = False

    @property
    def nudge(self) -> float:
        """Weight of one teaching spike: with it, the current of a train of spikes averages beta times its rate."""
        return self.beta * self.neuron.current_decay

    @property
    def mantissa_step(self) -> int:
        """Difference of neighbouring mantissas: eight bits with a sign leave even numbers."""
        return 1 if self.plastic else 2

    @property
    def largest_mantissa(self) -> int:
        """254, or 255 where odd mantissas exist."""
        return 256 - self.mantissa_step

    @property
    def smallest_exponent(self) -> int:
        """Below it the chip would round sums of mantissas, always downwards."""
        return 0 if self.plastic else -1


@dataclass(frozen=True)
class Extremes:
    """Largest values a simulation met, in integer steps, before anything wrapped or saturated.

    Attributes:
        synaptic_input: largest magnitude of a neuron's input in one step, before the shift by 6.
        current: largest magnitude of a current.
        lowest_potential, highest_potential: of membrane potentials, before the reset.
        wraps, saturations: how often a current wrapped around, a potential was clipped.
    """

    synaptic_input: int
    current: int
    lowest_potential: int
    highest_potential: int
    wraps: int
    saturations: int

    @property
    def fill(self) -> Mapping[str, float]:
        """Part of each register used, 1 being its limit."""
        potential = max(-self.lowest_potential, self.highest_potential)
        return {
            "synaptic_input": self.synaptic_input / INPUT_LIMIT,
            "current": self.current / REGISTER_LIMIT,
            "potential": potential / REGISTER_LIMIT,
        }


def extent(source: Source, coupling: int) -> float:
    """Largest magnitude a weight of a coupling can have: of plastic weights, what the memory can hold."""
    if source.plastic and source.steps is not None:
        return source.largest_mantissa * source.steps[coupling]
    return float(abs(source.weights[source.network.couplings[coupling].name]).max())


def current_decay(neuron: CurrentBased) -> int:
    """du: the chip decays by (du + 1) / 4096."""
    return int(np.clip(round(neuron.current_decay * DECAY_UNITY) - 1, 0, LARGEST_DECAY))


def voltage_decay(neuron: CurrentBased) -> int:
    """dv: the chip decays by dv / 4096."""
    return int(np.clip(round(neuron.voltage_decay * DECAY_UNITY), 0, LARGEST_DECAY))


def exponent_for(source: Source, largest: float, unit: float) -> int:
    """Smallest exponent at which a weight of this magnitude fits the mantissa."""
    if largest <= 0:
        return max(0, source.smallest_exponent)
    wanted = np.log2(largest * unit / 2**STATE_SHIFT / source.largest_mantissa)
    return int(np.clip(np.ceil(wanted - 1e-6), source.smallest_exponent, LARGEST_EXPONENT))


def unit_of_weights(source: Source) -> float:
    """A unit at which no current can wrap around, whatever the input; depends on the weights alone.

    In the worst case every neuron spikes in every step and only weights of one sign count. Rounding to the
    nearest mantissa at most doubles a weight, which the head-room of two covers. Membrane potentials may
    saturate, which only shortens deep excursions below zero.
    """
    worst = max(_worst_input(source, sign) for sign in (1.0, -1.0))
    if worst == 0:
        return _best(source, _parameter_bound(source))
    keep = 1 - (current_decay(source.neuron) + 1) / DECAY_UNITY
    limits = (
        INPUT_LIMIT * 2**STATE_SHIFT / worst,
        REGISTER_LIMIT * (1 - keep) / worst,
    )
    return _best(source, min(*limits, HEADROOM * _parameter_bound(source)) / HEADROOM)


def unit_of_extremes(source: Source, unit: float, extremes: Extremes) -> float:
    """A unit at which what was met at `unit` fills at most half of each register."""
    largest = unit / (HEADROOM * max(*extremes.fill.values(), 1e-9))
    return _best(source, min(largest, _parameter_bound(source)))


def rounded_mantissas(source: Source, values: NDArray[Any], exponent: int, unit: float) -> Any:
    """Nearest mantissas, before clipping."""
    step = source.mantissa_step
    return step * np.rint(values * (unit / (step * 2.0 ** (STATE_SHIFT + exponent))))


def _worst_input(source: Source, sign: float) -> float:
    """Largest sum of weights of one sign into one neuron, teacher included, both directions."""
    layers = source.network.free_layers
    sums = {layer.name: np.zeros(layer.size) for layer in layers}
    for coupling in source.network.couplings:
        part = np.maximum(sign * source.weights[coupling.name], 0)
        sums[coupling.post.name] += part.sum(0)
        if coupling.bidirectional:
            sums[coupling.pre.name] += part.sum(1)
    sums[source.network.output.name] += source.nudge
    return max(float(total.max()) for total in sums.values())


def _parameter_bound(source: Source) -> float:
    """Largest unit at which every parameter still fits mantissa and exponent."""
    synapse = source.largest_mantissa * 2.0 ** (STATE_SHIFT + LARGEST_EXPONENT)
    bounds = [
        LARGEST_THRESHOLD * 2**STATE_SHIFT / source.neuron.threshold,
        synapse / max(source.nudge, 1e-12),
    ]
    for coupling in source.network.couplings:
        bounds.append(synapse / max(float(abs(source.weights[coupling.name]).max()), 1e-12))
    for layer in source.network.free_layers:
        largest = float(abs(source.weights[f"{layer.name}.bias"]).max())
        bounds.append(LARGEST_BIAS * 2**LARGEST_BIAS_EXPONENT / max(largest, 1e-12))
    return float(min(bounds))


def _best(source: Source, largest: float) -> float:
    """Of the units in (largest / 2, largest], the one that rounds the weights best.

    Tried are `largest` itself, units at which the largest weight of a coupling meets the largest mantissa, and,
    where a memory has steps, units at which a step becomes a step of the mantissa.
    """
    candidates = [largest]
    for index, coupling in enumerate(source.network.couplings):
        extent = float(abs(source.weights[coupling.name]).max())
        ends = [(source.largest_mantissa, extent)]
        if source.steps is not None:
            ends.append((source.mantissa_step, source.steps[index]))
        for mantissa, weight in ends:
            if weight > 0:
                whole = mantissa * 2.0**STATE_SHIFT / weight
                candidates.append(whole * 2.0 ** np.floor(np.log2(largest / whole)))
    return float(min(candidates, key=lambda unit: (_relative_error(source, unit), -unit)))


def _relative_error(source: Source, unit: float) -> float:
    """Sum over couplings of the root mean square of rounding, relative to that of the weights."""
    total = 0.0
    for coupling in source.network.couplings:
        weights = source.weights[coupling.name]
        size = float(np.sqrt(np.mean(weights**2)))
        if size > 0:
            exponent = exponent_for(source, float(abs(weights).max()), unit)
            scale = unit / 2.0 ** (STATE_SHIFT + exponent)
            mantissas = rounded_mantissas(source, weights, exponent, unit)
            total += float(np.sqrt(np.mean((mantissas / scale - weights) ** 2))) / size
    return total
