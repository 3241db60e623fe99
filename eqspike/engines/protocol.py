"""What an engine is given and what the training loop sees of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.messages import VALUES, Messages
from eqspike.core.network import Network
from eqspike.core.neurons import Neuron
from eqspike.core.rates import AnyRateNeuron, Dynamics, Feedback, Readout
from eqspike.memory import Fixed, Ideal, Memory
from eqspike.rules import EqSpike, RateRule
from eqspike.tasks.encoders import Encoder

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Keys = NDArray[np.uint64]
Arrays = dict[str, NDArray[np.float64]]

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
    memory: Ideal | Fixed
    precision: str
    learning_rates: tuple[float, ...]
    initial_gain: tuple[float, ...]

    @property
    def classes(self) -> int:
        """Classes that the output layer tells apart."""
        return self.network.output.size


@dataclass(frozen=True)
class RateSystem:
    """Everything that defines the physics of a trained network of rates, whatever runs it.

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
    memory: Memory
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

    def targets(self, labels: Labels) -> NDArray[np.float64]:
        """Rates asked of the outputs, (samples, outputs): 1 of all that stand for the right class, else 0."""
        return np.repeat(np.eye(self.classes)[labels], self.readout.replicas, axis=1)


@dataclass(frozen=True)
class RateTrace:
    """What a batch of samples of a network of rates did, by layer, (samples, steps, neurons) through all phases.

    Attributes:
        values: v after each step; sent: q after each step, what rules see.
        messages: 1 where a neuron sent in the step; empty where values are sent.
    """

    values: Arrays
    sent: Arrays
    messages: Arrays

    @staticmethod
    def of(steps: Sequence[Sequence[Mapping[str, NDArray[Any]]]]) -> RateTrace:
        """From what each step showed of each kind, by layer, (samples, neurons)."""
        kinds = [
            {name: np.stack([step[kind][name] for step in steps], 1) for name in of_kind}
            for kind, of_kind in enumerate(steps[0])
        ]
        return RateTrace(kinds[0], kinds[1], kinds[2] if len(kinds) > 2 else {})


AnySystem = System | RateSystem


class Session(Protocol):
    """A network with weights inside an engine: the only mutable thing. A context manager.

    `images` are (samples, pixels) levels 0..255, `keys` (samples,) the random stream of each presentation.
    """

    def __enter__(self) -> Session: ...

    def __exit__(self, *exception: Any) -> None: ...

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> int:
        """Learn from one batch; returns how many samples the free phase classified rightly.

        `rate_factor` multiplies the learning rates; `write_key` is the random stream of the weight writes.
        """
        ...

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Read-out of the free phase: (samples, outputs), in spikes, or rates at its end."""
        ...

    def weights(self) -> Arrays:
        """Stored weights and biases by name: `input-hidden` (pre, post), `hidden.bias` (neurons,)...

        And what the memory keeps beside them (`memory.RememberingMemory`), such as `input-hidden.inertia`.
        """
        ...

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases, and what the memory keeps: anew, if it is not given."""
        ...

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        ...


@runtime_checkable
class CountsNeurons(Protocol):
    """A session that also knows which neurons the counted spikes were of."""

    def neuron_spikes(self) -> dict[str, NDArray[np.int64]]:
        """Spikes in the free phase of each neuron, (neurons,) by free layer, in what `scores` was given before the
        last `take_counts`."""
        ...
