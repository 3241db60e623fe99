"""How kernels see a rate-based network: flat arrays, so that one compiled kernel serves every depth.

Free neurons are numbered through all free layers. The weights of all couplings stand one after the other, once by
the rows of the senders below and once by the rows of the senders above: a message adds one contiguous row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eqspike.core.neurons import BinaryNeuron, RateNeuron
from eqspike.core.neurons.twins import no_twin
from eqspike.systems import RateSystem

Floats = NDArray[Any]
Whole = NDArray[np.int64]
Flags = NDArray[np.uint8]

HARD_SIGMOID, SIGMOID_4, TANH, BINARY = 0, 1, 2, 3
KINDS = {"hard-sigmoid": HARD_SIGMOID, "sigmoid-4": SIGMOID_4, "tanh": TANH}


class RateLayout(NamedTuple):
    """Sizes and places. Layers are counted from the input, 0; coupling c is between layers c and c + 1.

    Attributes:
        sizes: (layers,) neurons of each layer.
        starts: (layers + 1,) number of the first free neuron of each layer; the input has none, so 0, 0, ...
        weights_at: (couplings + 1,) place of the first weight of each coupling.
    """

    sizes: Whole
    starts: Whole
    weights_at: Whole


class RateWeights(NamedTuple):
    """Weights by sender, flat: `up` (pre, post), `down` (post, pre) of each coupling; `bias` of free neurons."""

    up: Floats
    down: Floats
    bias: Floats


class RatePhysics(NamedTuple):
    """Neurons and the order of their updates.

    Attributes:
        kind: of neuron and activation.
        parameters: (3,) threshold of messages, filter of binary neurons, initial state.
        inside: whether the nudge is part of the drive.
        turns: 1, or 2 where layers are updated in turn.
    """

    kind: int
    parameters: Floats
    inside: bool
    turns: int


class RateState(NamedTuple):
    """A batch.

    Attributes:
        inputs: rates of the clamped layer, (samples, pixels).
        drive, state, sent: a, s and q, (samples, free neurons); before: q before the last step that was followed.
        awake: (samples, layers) whether an update may change a layer: a message came, or the last one changed it.
    """

    inputs: Floats
    drive: Floats
    state: Floats
    sent: Floats
    before: Floats
    awake: Flags


class Outbox(NamedTuple):
    """Messages of one step of one sample: who sends, in which layer, and what; each (free neurons,)."""

    neurons: Whole
    layers: Whole
    values: Floats


def lay_out(system: RateSystem) -> RateLayout:
    """The layout of a system."""
    sizes = np.array([layer.size for layer in system.network.layers], np.int64)
    starts = np.concatenate(([0, 0], np.cumsum(sizes[1:])))
    return RateLayout(sizes, starts, np.concatenate(([0], np.cumsum(sizes[:-1] * sizes[1:]))))


def make_physics(system: RateSystem) -> RatePhysics:
    """The physics of a system.

    Raises:
        UnsupportedError: for a neuron without a compiled twin.
    """
    neuron = system.neuron
    if type(neuron) is BinaryNeuron:
        kind, share = BINARY, neuron.filter
    elif type(neuron) is RateNeuron:
        kind, share = KINDS[neuron.activation.name], 1.0
    else:
        raise no_twin("engine 'fast'", neuron, (RateNeuron, BinaryNeuron))
    return RatePhysics(
        kind,
        np.array([system.messages.threshold, share, neuron.initial], system.precision),
        system.dynamics.nudge == "inside",
        2 if system.dynamics.updates == "even-odd" else 1,
    )


def make_weights(layout: RateLayout, precision: str) -> RateWeights:
    """Weights of 0."""
    number = int(layout.weights_at[-1])
    return RateWeights(
        np.zeros(number, precision),
        np.zeros(number, precision),
        np.zeros(int(layout.starts[-1]), precision),
    )


def make_state(layout: RateLayout, samples: int, precision: str) -> RateState:
    """Room for a batch."""
    shape = (samples, int(layout.starts[-1]))
    drive, state, sent, before = (np.zeros(shape, precision) for _ in range(4))
    inputs = np.zeros((samples, int(layout.sizes[0])), precision)
    return RateState(
        inputs, drive, state, sent, before, np.zeros((samples, len(layout.sizes)), np.uint8)
    )


def make_outbox(layout: RateLayout, precision: str) -> Outbox:
    """Room for a message of every free neuron."""
    neurons = int(layout.starts[-1])
    return Outbox(
        np.zeros(neurons, np.int64), np.zeros(neurons, np.int64), np.zeros(neurons, precision)
    )
