"""What a deployment consists of, and its form in `deployment.json`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips import ChipProfile
from eqspike.chips.loihi import (
    LoihiCoupling,
    LoihiLayer,
    LoihiNetwork,
    LoihiNeuron,
    LoihiNudge,
)
from eqspike.chips.loihi.scale import HEADROOM, Extremes
from eqspike.core.errors import ConfigError
from eqspike.deploy.calibration import Calibration
from eqspike.deploy.mapping import CoreMapping

SCHEMA = "eqspike-deployment-1"


@dataclass(frozen=True)
class Outcome:
    """What the test samples gave: accuracy (a fraction) and the mean rate of each layer in the free phase."""

    accuracy: float
    rates: Mapping[str, float]


@dataclass(frozen=True)
class Deployment:
    """A run rounded for a chip.

    Attributes:
        chip: the chip's profile.
        provenance: model, task and configuration it comes from.
        calibration: the integers, what rounding lost and what registers held.
        mapping: layers on cores.
        samples: number of test samples; floats, integers: what they gave before and after rounding.
    """

    chip: ChipProfile
    provenance: Mapping[str, Any]
    calibration: Calibration
    mapping: CoreMapping
    samples: int
    floats: Outcome
    integers: Outcome

    @property
    def network(self) -> LoihiNetwork:
        """The integers."""
        return self.calibration.network


def deployment_json(deployment: Deployment) -> dict[str, Any]:
    """Everything but the weights, as plain JSON data."""
    calibration, report = deployment.calibration, deployment.calibration.report
    return {
        "schema": SCHEMA,
        "chip": {"name": deployment.chip.name, "profile_sha256": deployment.chip.digest},
        **deployment.provenance,
        "accuracy_float": deployment.floats.accuracy,
        "accuracy_integer": deployment.integers.accuracy,
        "samples": deployment.samples,
        "rates": {
            name: {"float": rate, "integer": deployment.integers.rates[name]}
            for name, rate in deployment.floats.rates.items()
        },
        "network": network_json(deployment.network),
        "rounding": {
            "arrays": {name: asdict(found) for name, found in report.arrays.items()},
            "parameters": {name: asdict(found) for name, found in report.scalars.items()},
        },
        "registers": {
            "calibration_samples": calibration.samples,
            "headroom_wanted": HEADROOM,
            "layers": {name: _registers(met) for name, met in calibration.extremes.items()},
        },
        "mapping": {
            "cores": deployment.mapping.cores,
            "limits": dict(deployment.mapping.limits),
            "layers": {
                layer.layer: {"neurons_of_core": layer.cores, "fullest_core": dict(layer.used)}
                for layer in deployment.mapping.layers
            },
        },
    }


def network_json(network: LoihiNetwork) -> dict[str, Any]:
    """All parameters of the integers but their mantissas."""
    return {
        "unit": network.unit,
        "input_size": network.input_size,
        "layers": [
            {
                "name": layer.name,
                "size": layer.size,
                **asdict(layer.neuron),
                "bias_exponent": layer.bias_exponent,
            }
            for layer in network.layers
        ],
        "couplings": [
            {
                "name": coupling.name,
                "shape": list(coupling.mantissas.shape),
                "exponent": coupling.exponent,
                "bidirectional": coupling.bidirectional,
                "mantissas": [int(coupling.mantissas.min()), int(coupling.mantissas.max())],
            }
            for coupling in network.couplings
        ],
        "nudge": asdict(network.nudge),
    }


def read_network(
    data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], source: str
) -> LoihiNetwork:
    """The integers of a deployment from its `network` entry and the arrays of `network.safetensors`.

    Raises:
        ConfigError: if they do not belong together, naming `source`.
    """
    try:
        layers = tuple(
            LoihiLayer(
                layer["name"],
                LoihiNeuron(layer["current_decay"], layer["voltage_decay"], layer["threshold"]),
                arrays[f"{layer['name']}.bias"].astype(np.int32),
                layer["bias_exponent"],
            )
            for layer in data["layers"]
        )
        couplings = tuple(
            LoihiCoupling(
                coupling["name"],
                arrays[coupling["name"]].astype(np.int32),
                coupling["exponent"],
                coupling["bidirectional"],
            )
            for coupling in data["couplings"]
        )
        nudge = LoihiNudge(**data["nudge"])
        return LoihiNetwork(data["input_size"], layers, couplings, nudge, data["unit"])
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{source}: not a deployed network: {error!r}") from error


def _registers(met: Extremes) -> dict[str, Any]:
    """Observed extremes, as parts of the registers' limits and as free bits."""
    return {
        **asdict(met),
        "fill": dict(met.fill),
        "headroom_bits": {
            name: -math.log2(part) if part > 0 else None for name, part in met.fill.items()
        },
    }
