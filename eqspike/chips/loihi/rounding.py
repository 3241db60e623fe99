"""From a trained network in floating point to the integers Loihi is loaded with, and what was lost.

    current decay     du = round(4096 current_decay) - 1        voltage decay  dv = round(4096 voltage_decay)
    weight            mantissa 2^(6 + exponent) ~ unit w        threshold      mantissa 2^6 ~ unit theta
    bias              mantissa 2^exponent ~ unit bias           nudge          as a weight of beta current_decay

`unit` integer steps stand for 1.0; `scale` chooses it. Nothing is clipped at a unit chosen there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi.arithmetic import (
    DECAY_UNITY,
    LARGEST_BIAS,
    LARGEST_BIAS_EXPONENT,
    LARGEST_THRESHOLD,
    SMALLEST_BIAS,
    SMALLEST_WEIGHT,
    STATE_SHIFT,
)
from eqspike.chips.loihi.network import (
    LoihiCoupling,
    LoihiLayer,
    LoihiNetwork,
    LoihiNeuron,
    LoihiNudge,
)
from eqspike.chips.loihi.scale import (
    Source,
    current_decay,
    exponent_for,
    extent,
    rounded_mantissas,
    unit_of_weights,
    voltage_decay,
)


@dataclass(frozen=True)
class ArrayRounding:
    """What rounding did to the weights of a coupling or the biases of a layer.

    Attributes:
        exponent: common to the array; step: difference of neighbouring values, in the model's units.
        clipped: fraction beyond the mantissas' range; rounded: fraction whose value changed.
        lost: of the values that are not 0, the fraction that became 0; one value that is far larger than the
            others loses them all while the root mean square of the errors stays small.
        mean_error, max_error: absolute, in the model's units; relative_error: root mean square of the error
            over that of the values.
    """

    exponent: int
    step: float
    clipped: float
    rounded: float
    lost: float
    mean_error: float
    max_error: float
    relative_error: float


@dataclass(frozen=True)
class ScalarRounding:
    """A parameter as wanted and as the chip has it, both in the model's units."""

    wanted: float
    got: float


@dataclass(frozen=True)
class RoundingReport:
    """What was lost.

    Attributes:
        arrays: by the names of weights and biases.
        scalars: `current_decay`, `voltage_decay`, `threshold`, `nudge`.
    """

    arrays: Mapping[str, ArrayRounding]
    scalars: Mapping[str, ScalarRounding]


def round_network(source: Source, unit: float | None = None) -> tuple[LoihiNetwork, RoundingReport]:
    """Integers of a trained network.

    Args:
        source: what is rounded.
        unit: integer steps that stand for 1.0; without, `scale.unit_of_weights` decides.
    """
    unit = unit_of_weights(source) if unit is None else unit
    arrays: dict[str, ArrayRounding] = {}
    couplings = []
    for index, coupling in enumerate(source.network.couplings):
        mantissas, arrays[coupling.name] = _weights(source, index, unit)
        exponent = arrays[coupling.name].exponent
        couplings.append(LoihiCoupling(coupling.name, mantissas, exponent, coupling.bidirectional))
    neuron = LoihiNeuron(
        current_decay(source.neuron),
        voltage_decay(source.neuron),
        int(np.clip(round(unit * source.neuron.threshold / 2**STATE_SHIFT), 1, LARGEST_THRESHOLD)),
    )
    layers = []
    for layer in source.network.free_layers:
        name = f"{layer.name}.bias"
        mantissas, arrays[name] = _biases(source.weights[name], unit)
        layers.append(LoihiLayer(layer.name, neuron, mantissas, arrays[name].exponent))
    rounded = LoihiNetwork(
        source.network.input.size, tuple(layers), tuple(couplings), _nudge(source, unit), unit
    )
    return rounded, RoundingReport(arrays, _scalars(source, rounded))


def represented(network: LoihiNetwork) -> dict[str, NDArray[np.float64]]:
    """Weights and biases the integers stand for, in the model's units."""
    values = {
        coupling.name: coupling.mantissas
        * (2.0 ** (STATE_SHIFT + coupling.exponent) / network.unit)
        for coupling in network.couplings
    }
    for layer in network.layers:
        values[f"{layer.name}.bias"] = layer.bias_mantissas * (
            2.0**layer.bias_exponent / network.unit
        )
    return values


def _weights(source: Source, coupling: int, unit: float) -> tuple[NDArray[np.int32], ArrayRounding]:
    weights = source.weights[source.network.couplings[coupling].name]
    exponent = exponent_for(source, extent(source, coupling), unit)
    wanted = rounded_mantissas(source, weights, exponent, unit)
    mantissas = np.clip(wanted, SMALLEST_WEIGHT, source.largest_mantissa).astype(np.int32)
    scale = unit / 2.0 ** (STATE_SHIFT + exponent)
    report = _compared(weights, mantissas, wanted, exponent, scale, float(source.mantissa_step))
    return mantissas, report


def _biases(biases: NDArray[Any], unit: float) -> tuple[NDArray[np.int32], ArrayRounding]:
    largest = float(abs(biases).max()) * unit
    wanted_exponent = np.ceil(np.log2(max(largest, 1.0) / LARGEST_BIAS) - 1e-12)
    exponent = int(np.clip(wanted_exponent, 0, LARGEST_BIAS_EXPONENT))
    scale = unit / 2.0**exponent
    wanted = np.rint(biases * scale)
    mantissas = np.clip(wanted, SMALLEST_BIAS, LARGEST_BIAS).astype(np.int32)
    return mantissas, _compared(biases, mantissas, wanted, exponent, scale, 1.0)


def _compared(
    values: NDArray[Any], mantissas: NDArray[Any], wanted: NDArray[Any], exponent: int, scale: float,
    step: float,
) -> ArrayRounding:  # fmt: skip
    error = abs(mantissas / scale - values)
    size = float(np.sqrt(np.mean(values**2)))
    given = np.count_nonzero(values)
    return ArrayRounding(
        exponent,
        step / scale,
        float(np.mean(mantissas != wanted)),
        float(np.mean(error > 1e-9 * max(float(abs(values).max()), 1e-300))),
        np.count_nonzero((values != 0) & (mantissas == 0)) / given if given else 0.0,
        float(error.mean()),
        float(error.max()),
        float(np.sqrt(np.mean(error**2))) / size if size else 0.0,
    )


def _nudge(source: Source, unit: float) -> LoihiNudge:
    """Even mantissa of the teaching spikes, at least 2; its exponent never lets the chip round a sum."""
    fixed = replace(source, plastic=False)
    exponent = exponent_for(fixed, source.nudge, unit)
    mantissa = int(rounded_mantissas(fixed, np.array(source.nudge), exponent, unit))
    return LoihiNudge(
        int(np.clip(mantissa, 2, fixed.largest_mantissa)),
        exponent,
        source.target_rate,
        source.random_sign,
    )


def _scalars(source: Source, rounded: LoihiNetwork) -> dict[str, ScalarRounding]:
    neuron, nudge, wanted = rounded.layers[0].neuron, rounded.nudge, source.neuron
    return {
        "current_decay": ScalarRounding(
            wanted.current_decay, (neuron.current_decay + 1) / DECAY_UNITY
        ),
        "voltage_decay": ScalarRounding(wanted.voltage_decay, neuron.voltage_decay / DECAY_UNITY),
        "threshold": ScalarRounding(
            wanted.threshold, neuron.threshold * 2**STATE_SHIFT / rounded.unit
        ),
        "nudge": ScalarRounding(
            source.nudge, nudge.mantissa * 2.0 ** (STATE_SHIFT + nudge.exponent) / rounded.unit
        ),
    }
