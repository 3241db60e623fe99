"""All neurons by the name used in a model's `neuron` section: spiking ones, and those of rate-based networks."""

from __future__ import annotations

from typing import Protocol

from eqspike.core.config import Section
from eqspike.core.neurons.binary import BinaryNeuron
from eqspike.core.neurons.current_based import CurrentBased
from eqspike.core.neurons.protocol import AnyRateNeuron, Neuron
from eqspike.core.neurons.rate import RateNeuron
from eqspike.core.neurons.sigma_delta import SigmaDelta


class NeuronKind(Protocol):
    """A class of spiking neurons that can be read from a model."""

    def read(self, section: Section) -> Neuron:
        """Read the parameters of a `neuron` section; the caller closes it."""
        ...


class RateNeuronKind(Protocol):
    """A class of rate neurons that can be read from a model."""

    def read(self, section: Section) -> AnyRateNeuron:
        """Read a `neuron` section and close it."""
        ...


NEURONS: dict[str, NeuronKind] = {
    "sigma-delta": SigmaDelta,
    "current-based": CurrentBased,
}

RATE_NEURONS: dict[str, RateNeuronKind] = {"rate": RateNeuron, "binary": BinaryNeuron}


def read_neuron(section: Section) -> Neuron:
    """Read a model's `neuron` section: `kind` and the parameters of that kind.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
    """
    kind = section.choice("kind", tuple(NEURONS))
    neuron = NEURONS[kind].read(section)
    section.close()
    return neuron


def read_rate_neuron(section: Section) -> AnyRateNeuron:
    """Read a model's `neuron` section: `kind` and the parameters of that kind."""
    return RATE_NEURONS[section.choice("kind", tuple(RATE_NEURONS))].read(section)
