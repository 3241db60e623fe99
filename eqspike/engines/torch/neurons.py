"""Rate neurons on the device: the twins of `core.neurons`, by exact class."""

from __future__ import annotations

from typing import NamedTuple

from eqspike.core.neurons import AnyRateNeuron, BinaryNeuron, RateNeuron
from eqspike.core.neurons.twins import no_twin
from eqspike.nn.activations import LINEAR, SQUASHES, Squash


class Twin(NamedTuple):
    """What a step does with a drive.

    Attributes:
        squash: activation in place.
        filter: share of a new drive in the state of binary neurons; None: the state is the squashed drive.
    """

    squash: Squash
    filter: float | None


def twin_of(neuron: AnyRateNeuron) -> Twin:
    """The twin of a neuron.

    Raises:
        UnsupportedError: for a class of neurons without one.
    """
    if type(neuron) is RateNeuron:
        return Twin(SQUASHES[neuron.activation.name], None)
    if type(neuron) is BinaryNeuron:
        return Twin(LINEAR, neuron.filter)
    raise no_twin("engine 'torch'", neuron, (RateNeuron, BinaryNeuron))
