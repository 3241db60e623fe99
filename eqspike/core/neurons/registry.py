"""All neurons by the name used in a model's `neuron` section."""

from __future__ import annotations

from typing import Any

from eqspike.core.config import Section
from eqspike.core.neurons.binary import BinaryNeuron
from eqspike.core.neurons.current_based import CurrentBased
from eqspike.core.neurons.protocol import AnyRateNeuron, Neuron
from eqspike.core.neurons.rate import RateNeuron
from eqspike.core.neurons.sigma_delta import SigmaDelta
from eqspike.core.registry import Registry, lacks_signal

NEURONS: Registry[type[Neuron] | type[AnyRateNeuron]] = Registry(
    "neuron",
    "eqspike.neurons",
    {neuron.kind: neuron for neuron in (RateNeuron, BinaryNeuron, SigmaDelta, CurrentBased)},
    lacks_signal,
    members=("kind",),
)


def read_neuron(section: Section, signal: str | None = None) -> Any:
    """Read a model's `neuron` section: `kind` and the parameters of that kind.

    Args:
        signal: only neurons that send this, one of `core.registry.SIGNALS`.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
    """
    return NEURONS.read(section, signal=signal)
