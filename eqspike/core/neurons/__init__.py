"""Neuron models, one a file: parameters, the step in NumPy and the text for Brian2."""

from eqspike.core.neurons.binary import BinaryNeuron
from eqspike.core.neurons.current_based import CurrentBased
from eqspike.core.neurons.protocol import (
    AnyRateNeuron,
    Neuron,
    NeuronText,
    State,
    StepsInNumpy,
    WrittenForBrian2,
)
from eqspike.core.neurons.rate import RateNeuron
from eqspike.core.neurons.registry import NEURONS, read_neuron
from eqspike.core.neurons.sigma_delta import SigmaDelta

__all__ = [
    "NEURONS",
    "AnyRateNeuron",
    "BinaryNeuron",
    "CurrentBased",
    "Neuron",
    "NeuronText",
    "RateNeuron",
    "SigmaDelta",
    "State",
    "StepsInNumpy",
    "WrittenForBrian2",
    "read_neuron",
]
