"""From a rate-based network in floating point to the integers of `chips.graded.network`, and what was lost.

    weight    mantissa 2^exponent ~ w 2^drive_bits / unity of the sender
    bias      mantissa 2^exponent ~ b 2^drive_bits
    nudge     mantissa 2^exponent ~ beta 2^(drive_bits - state_bits)
    filter    2^-filter_shift

`drive_bits` is the largest number at which nothing can leave its register: drives of rates between 0 and 1 stay
within 24 bits whatever the rates, and all mantissas and exponents within theirs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.graded.arithmetic import DRIVE_LIMIT
from eqspike.chips.graded.network import (
    INPUT_UNITY,
    GradedCoupling,
    GradedLayer,
    GradedNetwork,
    GradedNeuron,
    GradedNudge,
)
from eqspike.core.errors import UnsupportedError
from eqspike.core.network import Network
from eqspike.core.neurons import AnyRateNeuron, BinaryNeuron, RateNeuron
from eqspike.core.neurons.twins import no_twin

Arrays = Mapping[str, NDArray[np.float64]]

LARGEST_MANTISSA, LARGEST_BIAS, LARGEST_NUDGE, LARGEST_EXPONENT = 254, 4095, 255, 7
SMALLEST_BITS, LARGEST_BITS, DEFAULT_BITS = 4, 12, 12
MOST_DRIVE_BITS = 22


@dataclass(frozen=True)
class Source:
    """What is rounded.

    Attributes:
        network, neuron: of the trained system; weights: weights and biases by name.
        beta: nudging strength, above 0; threshold: of the messages, in rates.
        state_bits: 4..12.
        signs_flip: whether weights may change their signs: drives must then fit whatever these are.
    """

    network: Network
    neuron: AnyRateNeuron
    weights: Arrays
    beta: float
    threshold: float
    state_bits: int = DEFAULT_BITS
    signs_flip: bool = False


@dataclass(frozen=True)
class GradedRounding:
    """What was lost.

    Attributes:
        drive_bits: of the network.
        exponents: of each array of weights or biases, by name.
        errors: root mean square of the error over that of the values, by name.
        beta, threshold: as the integers have them.
    """

    drive_bits: int
    exponents: Mapping[str, int]
    errors: Mapping[str, float]
    beta: float
    threshold: float


def round_rates(source: Source) -> tuple[GradedNetwork, GradedRounding]:
    """Integers of a rate-based network.

    Raises:
        UnsupportedError: for neurons, or weights, that these integers do not hold.
    """
    bits = drive_bits(source)
    network = round_at(source, bits)
    while largest_drive(network, source.signs_flip) >= DRIVE_LIMIT:  # roundings can add up
        bits -= 1
        network = round_at(source, bits)
    neuron, got = network.neuron, represented(network)
    exponents = {coupling.name: coupling.exponent for coupling in network.couplings}
    exponents.update({f"{layer.name}.bias": layer.bias_exponent for layer in network.layers})
    return network, GradedRounding(
        bits,
        exponents,
        {name: _relative(source.weights[name], array) for name, array in got.items()},
        network.nudge.mantissa * 2.0 ** (network.nudge.exponent - neuron.state_shift),
        neuron.threshold / neuron.unity,
    )


def round_at(source: Source, bits: int) -> GradedNetwork:
    """Integers where 2^bits stands for a drive of 1."""
    neuron = _neuron(source, bits)
    layers, couplings = [], []
    for index, coupling in enumerate(source.network.couplings):
        wanted = source.weights[coupling.name] * (2.0**bits / _unity(index, neuron))
        exponent = _exponent(wanted, LARGEST_MANTISSA)
        mantissas = 2 * np.rint(wanted / 2.0 ** (exponent + 1)).astype(np.int32)
        couplings.append(GradedCoupling(coupling.name, mantissas, exponent, coupling.bidirectional))
    for layer in source.network.free_layers:
        biases = source.weights[f"{layer.name}.bias"] * 2.0**bits
        exponent = _exponent(biases, LARGEST_BIAS)
        rounded = np.rint(biases / 2.0**exponent).astype(np.int32)
        layers.append(GradedLayer(layer.name, rounded, exponent))
    nudge = _nudge(source.beta * 2.0**neuron.state_shift)
    return GradedNetwork(source.network.input.size, neuron, tuple(layers), tuple(couplings), nudge)


def largest_drive(network: GradedNetwork, signs_flip: bool = False) -> int:
    """The largest magnitude that rates between 0 and 1 can add up to in any register, also with other signs."""
    largest, couplings = 0, network.couplings
    for index, coupling in enumerate(couplings):
        unity = _unity(index, network.neuron)
        rows = [(coupling.mantissas.astype(np.int64) * unity) << coupling.exponent]
        if index + 1 < len(couplings):
            above = couplings[index + 1]
            rows.append(
                (above.mantissas.T.astype(np.int64) * network.neuron.unity) << above.exponent
            )
        largest = max(largest, int(_largest_sum(rows, signs_flip)))
    return largest


def _largest_sum(rows: list[NDArray[Any]], signs_flip: bool) -> Any:
    """The largest sum of weights (pre, post) of one sign that end in a neuron; or of all, as if of one sign."""
    if signs_flip:
        return np.max(sum(np.abs(weights).sum(0) for weights in rows))
    return max(
        np.max(sum(np.maximum(sign * weights, 0).sum(0) for weights in rows)) for sign in (1, -1)
    )


def represented(network: GradedNetwork) -> dict[str, NDArray[np.float64]]:
    """Weights and biases the integers stand for."""
    scale = 2.0**network.neuron.drive_bits
    found: dict[str, NDArray[np.float64]] = {}
    for index, coupling in enumerate(network.couplings):
        one = 2.0**coupling.exponent * _unity(index, network.neuron) / scale
        found[coupling.name] = coupling.mantissas * one
    for layer in network.layers:
        found[f"{layer.name}.bias"] = layer.biases / scale
    return found


def drive_bits(source: Source) -> int:
    """The largest number at which nothing leaves its register, but for what rounding adds.

    Raises:
        UnsupportedError: if it is below the bits of a state.
    """
    unity = 1 if source.neuron.sends_bits else 1 << source.state_bits
    limits = [DRIVE_LIMIT / source.beta, DRIVE_LIMIT / max(_largest_drive(source), 1e-9)]
    for index, coupling in enumerate(source.network.couplings):
        sender = INPUT_UNITY if index == 0 else unity
        largest = max(float(np.abs(source.weights[coupling.name]).max()), 1e-9)
        limits.append((LARGEST_MANTISSA << LARGEST_EXPONENT) * sender / largest)
    for layer in source.network.free_layers:
        largest = max(float(np.abs(source.weights[f"{layer.name}.bias"]).max()), 1e-9)
        limits.append((LARGEST_BIAS << LARGEST_EXPONENT) / largest)
    bits = min(math.floor(math.log2(min(limits))), MOST_DRIVE_BITS)
    if bits < source.state_bits:
        raise UnsupportedError(
            f"drives of 24 bits leave {bits} bits for a rate of 1, fewer than the {source.state_bits} of a state: "
            "weights or biases are too large; use fewer bits of state"
        )
    return bits


def _neuron(source: Source, of_drive: int) -> GradedNeuron:
    neuron, bits = source.neuron, source.state_bits
    if not SMALLEST_BITS <= bits <= LARGEST_BITS:
        raise UnsupportedError(
            f"states of graded neurons have {SMALLEST_BITS} to {LARGEST_BITS} bits, got {bits}"
        )
    binary, shift = neuron.sends_bits, 0
    if type(neuron) is BinaryNeuron:
        shift = round(-math.log2(neuron.filter))
        if 2.0**-shift != neuron.filter or shift > 8:
            raise UnsupportedError(
                "neuron.filter must be a power of two from 2^-8 to 1, which integers do by a shift, got "
                f"{neuron.filter:g}; use 0.5"
            )
    elif type(neuron) is not RateNeuron:
        raise no_twin("rounding to integers", neuron, (RateNeuron, BinaryNeuron))
    elif neuron.activation.name != "hard-sigmoid":
        raise UnsupportedError(
            f"integer neurons saturate, which is neuron.activation hard-sigmoid, got {neuron.activation.name}; "
            "use that, or an engine that computes in floating point"
        )
    unity = 1 if binary else 1 << bits
    return GradedNeuron(
        binary,
        bits,
        of_drive,
        shift,
        min(max(round(neuron.initial * 2**bits), 0), 2**bits),
        math.floor(source.threshold * unity),
    )


def _unity(coupling: int, neuron: GradedNeuron) -> int:
    """Of the layer that a coupling's forward direction starts from."""
    return INPUT_UNITY if coupling == 0 else neuron.unity


def _largest_drive(source: Source) -> float:
    """As `largest_drive`, of the weights before rounding."""
    couplings, largest = source.network.couplings, 0.0
    for index, coupling in enumerate(couplings):
        rows = [source.weights[coupling.name]]
        if index + 1 < len(couplings):
            rows.append(source.weights[couplings[index + 1].name].T)
        largest = max(largest, float(_largest_sum(rows, source.signs_flip)))
    return largest


def _exponent(wanted: NDArray[np.float64], largest_mantissa: int) -> int:
    """The smallest exponent, from 0, at which the largest value fits a mantissa."""
    largest = float(np.abs(wanted).max()) if wanted.size else 0.0
    return max(0, math.ceil(math.log2(max(largest, 1.0) / largest_mantissa)))


def _nudge(wanted: float) -> GradedNudge:
    exponent = max(0, math.ceil(math.log2(max(wanted, 1.0) / LARGEST_NUDGE)))
    return GradedNudge(max(1, round(wanted / 2**exponent)), exponent)


def _relative(wanted: NDArray[np.float64], got: NDArray[np.float64]) -> float:
    size = float(np.sqrt(np.mean(wanted**2)))
    return float(np.sqrt(np.mean((got - wanted) ** 2))) / size if size else 0.0
