"""What the child process is told of a rate-based network: numbers by name, for one of Lava's two arithmetics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.graded import GradedNetwork
from eqspike.core.learner import Arrays
from eqspike.core.neurons import BinaryNeuron, RateNeuron
from eqspike.core.neurons.twins import no_twin
from eqspike.engines.integers.graded import Batch
from eqspike.engines.lava.presenter import FIXED, FLOATING
from eqspike.rules.known import nudging_of
from eqspike.systems import RateSystem

MESSAGE_BITS = 31
"""The most that Lava's connections take; messages have 14 with their sign, levels of the input 8."""


@dataclass(frozen=True, eq=False)
class RateForm:
    """A network and the steps of its samples.

    Attributes:
        tag: Lava's name of the arithmetic.
        binary: whether neurons send bits; sparse: whether connections leave out zeros.
        inputs: input lines; layers: name and biases of each free layer.
        couplings: `weights`, `exponent` and `both` of each.
        parameters: of the neurons, as `processes.rates` takes them.
        free_steps, nudged_steps, passes: of a sample, whose first step is its onset.
        lessons: of each coupling, if they learn: its name, and what its process takes beside the weights.
        bias_rates: learning rate / |beta| of each layer, if biases learn.
    """

    tag: str
    binary: bool
    sparse: bool
    inputs: int
    layers: tuple[tuple[str, NDArray[Any]], ...]
    couplings: tuple[Mapping[str, Any], ...]
    parameters: Mapping[str, Any]
    free_steps: int
    nudged_steps: int
    passes: int
    message_bits: int = MESSAGE_BITS
    lessons: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    bias_rates: tuple[float, ...] = ()

    @property
    def period(self) -> int:
        """Steps of a sample."""
        return 1 + self.free_steps + self.passes * self.nudged_steps

    @property
    def number(self) -> type[np.generic]:
        """Type of what is recorded."""
        return np.int32 if self.tag == FIXED else np.float64


def integer_form(network: GradedNetwork, batch: Batch, sparse: bool) -> RateForm:
    """A network in integers."""
    return RateForm(
        FIXED,
        network.neuron.binary,
        sparse,
        network.input_size,
        tuple((layer.name, layer.biases) for layer in network.layers),
        tuple(
            {
                "weights": coupling.mantissas,
                "exponent": coupling.exponent,
                "both": coupling.bidirectional,
            }
            for coupling in network.couplings
        ),
        {"neuron": network.neuron, "nudge": network.nudge},
        batch.free_steps,
        batch.nudged_steps,
        batch.passes,
    )


def float_form(system: RateSystem, weights: Arrays, batch: Batch) -> RateForm:
    """A network in float64."""
    neuron, network = system.neuron, system.network
    parameters: dict[str, Any] = {
        "initial": neuron.initial,
        "threshold": system.messages.threshold,
        "beta": nudging_of(system.rule).beta,
    }
    if type(neuron) is BinaryNeuron:
        parameters["filter"] = neuron.filter
    elif type(neuron) is RateNeuron:
        parameters["activation"] = neuron.activation.name
    else:
        raise no_twin("engine 'lava'", neuron, (RateNeuron, BinaryNeuron))
    return RateForm(
        FLOATING,
        neuron.sends_bits,
        False,
        network.input.size,
        tuple((layer.name, weights[f"{layer.name}.bias"]) for layer in network.free_layers),
        tuple(
            {"weights": weights[c.name], "exponent": 0, "both": c.bidirectional}
            for c in network.couplings
        ),
        parameters,
        batch.free_steps,
        batch.nudged_steps,
        batch.passes,
    )


def teacher_words(batch: Batch) -> NDArray[np.int32]:
    """sign (1 + target) for each sample and nudged phase, (samples x passes, outputs)."""
    words = batch.signs[:, None] * (1 + batch.targets)
    passes = [words, -words][: batch.passes]
    return np.stack(passes, 1).reshape(-1, words.shape[1]) if passes else words[:0]
