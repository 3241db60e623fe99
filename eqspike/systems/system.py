"""The description of a spiking or a rate-based network: all its physics, whatever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Labels
from eqspike.core.messages import VALUES, Messages
from eqspike.core.network import Network
from eqspike.core.neurons import AnyRateNeuron, Neuron
from eqspike.core.rates import Dynamics, Feedback, Readout
from eqspike.memory import WeightMemory
from eqspike.rules import EqSpike, RateRule
from eqspike.tasks.encoders import Encoder

Values = TypeVar("Values")

SINGLE = Readout()
"""One output for each class."""


@dataclass(frozen=True)
class System:
    """Everything that defines the physics of a trained system, whatever runs it.

    Attributes:
        precision: `float64` or `float32`, of the simulated dynamics (stored weights are always float64).
        learning_rates: one per coupling, from the input.
        initial_gain: weights start uniform in +- gain / sqrt(fan-in); biases start at 0.
    """

    network: Network
    neuron: Neuron
    encoder: Encoder
    rule: EqSpike
    memory: WeightMemory
    precision: str
    learning_rates: tuple[float, ...]
    initial_gain: tuple[float, ...]

    @property
    def classes(self) -> int:
        """Classes that the output layer tells apart."""
        return self.network.output.size


@dataclass(frozen=True)
class RateSystem:
    """Everything that defines the physics of a trained rate-based network, whatever runs it.

    The input's rates are the levels of an image divided by 255.

    Attributes:
        precision: `float64` or `float32`, of the dynamics and of the stored weights; or `bfloat16`, of the
            dynamics alone, with stored weights of float32.
        learning_rates: one per coupling, from the input.
        initial_gain: weights and biases start uniform in +- gain / sqrt(fan-in) of the forward coupling.
        readout: how classes are read from the output layer.
        bias_rates: learning rates of the biases that each coupling ends in; None: those of the couplings.
        messages: what neurons send to each other: their rates, or changes of them.
    """

    network: Network
    neuron: AnyRateNeuron
    dynamics: Dynamics
    feedback: Feedback
    rule: RateRule
    memory: WeightMemory
    precision: str
    learning_rates: tuple[float, ...]
    initial_gain: tuple[float, ...]
    readout: Readout = SINGLE
    bias_rates: tuple[float, ...] | None = None
    messages: Messages = VALUES

    @property
    def classes(self) -> int:
        """Classes that the output layer tells apart."""
        return self.network.output.size // self.readout.replicas

    @property
    def rates_of_biases(self) -> tuple[float, ...]:
        """Learning rates of the biases that each coupling ends in."""
        return self.learning_rates if self.bias_rates is None else self.bias_rates

    def scores(self, outputs: Values, states: Values | None = None) -> Values:
        """What outputs (samples, outputs) say of each class, (samples, classes): means over its replicas R.

        Where `output.ties` is `state`, mean(outputs) + mean(states) / R: states are from 0 to 1, so that they
        count less than one more output that sends.

        Args:
            outputs: what they send; arrays of NumPy or tensors of torch.
            states: what they hold; needed where ties are decided by it.

        Raises:
            UnsupportedError: if ties are decided by states and there are none.
        """
        scores = self._by_class(outputs)
        if self.readout.ties == "state":
            if states is None:
                raise UnsupportedError(
                    "output.ties state needs outputs that hold more than they send, got none; use ties first"
                )
            scores = scores + self._by_class(states) / self.readout.replicas
        found: Values = scores
        return found

    def _by_class(self, outputs: Any) -> Any:
        return outputs.reshape(len(outputs), self.classes, -1).mean(2)

    def targets(self, labels: Labels) -> NDArray[np.float64]:
        """Rates asked of the outputs, (samples, outputs): 1 of all that stand for the right class, else 0."""
        return np.repeat(np.eye(self.classes)[labels], self.readout.replicas, axis=1)


AnySystem = System | RateSystem
