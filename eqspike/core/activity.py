"""How spikes are shared out among the neurons of a layer: silent ones, and a histogram of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import ConfigError

SCHEMA = "eqspike-activity-1"
BINS = 20


@dataclass(frozen=True)
class LayerActivity:
    """Neurons of one layer by their mean number of spikes in a presentation.

    Attributes:
        silent: neurons that never spiked.
        largest: mean spikes per presentation of the neuron that spiked most; 0 if all are silent.
        neurons: numbers of neurons in bins of equal width; bin i of n holds those above i/n and up to (i+1)/n of
            `largest`.
    """

    silent: int
    largest: float
    neurons: tuple[int, ...]

    @property
    def size(self) -> int:
        """Neurons of the layer."""
        return self.silent + sum(self.neurons)

    @staticmethod
    def of(spikes: NDArray[np.int64], samples: int) -> LayerActivity:
        """Activity of a layer from the spikes of each neuron, (neurons,), over at least one presentation."""
        most = int(spikes.max(initial=0))
        firing = spikes[spikes > 0]
        # In whole numbers, so that a mean at an edge falls into the same bin everywhere.
        bins = (firing * BINS + most - 1) // most - 1 if most else firing
        counts = np.bincount(bins, minlength=BINS)
        silent = int((spikes == 0).sum())
        return LayerActivity(silent, most / samples, tuple(int(n) for n in counts))


def activity_json(layers: Mapping[str, LayerActivity]) -> dict[str, Any]:
    """Plain JSON data; `read_activity` reads it back."""
    return {
        "schema": SCHEMA,
        "layers": {
            name: {"silent": a.silent, "largest": a.largest, "neurons": list(a.neurons)}
            for name, a in layers.items()
        },
    }


def read_activity(data: Any, source: str) -> dict[str, LayerActivity]:
    """Read what `activity_json` wrote.

    Raises:
        ConfigError: if the data do not follow the schema, naming `source`.
    """
    if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
        raise ConfigError(f"{source}: schema must be '{SCHEMA}'")
    try:
        return {str(name): _layer(layer) for name, layer in data["layers"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{source}: does not follow schema '{SCHEMA}': {error!r}") from error


def _layer(data: Mapping[str, Any]) -> LayerActivity:
    neurons = tuple(int(number) for number in data["neurons"])
    activity = LayerActivity(int(data["silent"]), float(data["largest"]), neurons)
    if not neurons or min(*neurons, activity.silent) < 0 or not 0.0 <= activity.largest < 1e9:
        raise ValueError(f"numbers out of range: {dict(data)!r}")
    return activity
