"""How kernels see a network of bits: flat arrays of words, so that one compiled kernel serves every depth.

Free neurons are numbered through all free layers; the bits that a layer sends begin with a word of their own.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eqspike.core.neurons import BinaryNeuron
from eqspike.engines.fast.bits.words import WORD, Words, words_for
from eqspike.systems import RateSystem

Floats = NDArray[Any]
Whole = NDArray[np.int64]
Sums = NDArray[np.int32]

LEVELS = 255
PLANES = 8
"""Binary digits of a pixel's level."""


class BitLayout(NamedTuple):
    """Sizes and places. Layers are counted from the input, 0; coupling c is between layers c and c + 1.

    Attributes:
        sizes: (layers,) neurons of each layer.
        starts: (layers + 1,) number of the first free neuron of each layer; the input has none, so 0, 0, ...
        words_at: (layers + 1,) place of the first word of each free layer's bits.
        up_at, down_at: (couplings + 1,) place of the first word of each coupling's weights.
    """

    sizes: Whole
    starts: Whole
    words_at: Whole
    up_at: Whole
    down_at: Whole


class BitWeights(NamedTuple):
    """Signs of weights, a bit each: 1 for +1. A row is a word of senders, with a place for each receiver.

    Attributes:
        up: of each coupling (words of pre, post); down: of each but the input's (words of post, pre): a copy.
        scales: (couplings,) magnitude of a coupling's weights; bias: (free neurons,).
    """

    up: Words
    down: Words
    scales: Floats
    bias: Floats


class BitPhysics(NamedTuple):
    """Neurons and the order of their updates.

    Attributes:
        parameters: (5,) share of the old state and of the drive, then 0, 1/2 and 1 in the system's precision.
        initial: state at the start of a sample.
        turns: 1, or 2 where layers are updated in turn.
    """

    parameters: Floats
    initial: float
    turns: int


class Plan(NamedTuple):
    """What to run of every sample, stretch by stretch.

    Attributes:
        steps: (stretches,) of each; taught, back: whether its outputs are nudged; whether it begins where the
            stretch `kept` has ended.
        betas: (samples, stretches) signed strengths of the nudge; targets: (samples, outputs).
    """

    steps: Whole
    taught: NDArray[np.uint8]
    back: NDArray[np.uint8]
    kept: int
    betas: Floats
    targets: Floats


class Moment(NamedTuple):
    """What a stretch starts from: copies of these arrays of `Sample`."""

    below: Sums
    above: Sums
    state: Floats
    bits: Words


class Sample(NamedTuple):
    """One sample at work: one for each thread.

    Attributes:
        planes: (words of pixels, 8) digits of the levels.
        below, above: (free neurons,) sums of weight x what the layer below and the layer above send.
        drive, state: (free neurons,); bits, fresh: (words,) what is sent, and what will be after this step.
        settled, owed: (layers,) whether no bit can turn while the drive stays, and steps left out since then.
        at_rest, kept: where all samples start, and where a phase may start again.
    """

    planes: Words
    below: Sums
    above: Sums
    drive: Floats
    state: Floats
    bits: Words
    fresh: Words
    settled: NDArray[np.uint8]
    owed: Whole
    at_rest: Moment
    kept: Moment


def lay_out(system: RateSystem) -> BitLayout:
    """The layout of a system."""
    sizes = [layer.size for layer in system.network.layers]
    words = [words_for(size) for size in sizes]
    up = [words_for(pre) * post for pre, post in pairwise(sizes)]
    down = [words_for(post) * pre for pre, post in pairwise(sizes)]
    return BitLayout(
        np.array(sizes, np.int64),
        _places([0, *sizes[1:]]),
        _places([0, *words[1:]]),
        _places(up),
        _places([0, *down[1:]]),
    )


def make_physics(system: RateSystem, neuron: BinaryNeuron) -> BitPhysics:
    """The physics of a system with such neurons."""
    share = neuron.filter
    parameters = np.array([1 - share, share, 0.0, 0.5, 1.0], system.precision)
    turns = 2 if system.dynamics.updates == "even-odd" else 1
    return BitPhysics(parameters, neuron.initial, turns)


def make_weights(layout: BitLayout, precision: str) -> BitWeights:
    """Weights of -1, without a magnitude."""
    return BitWeights(
        np.zeros(layout.up_at[-1], np.uint32),
        np.zeros(layout.down_at[-1], np.uint32),
        np.zeros(len(layout.sizes) - 1, precision),
        np.zeros(layout.starts[-1], precision),
    )


def make_sample(layout: BitLayout, precision: str) -> Sample:
    """Room for a sample."""
    neurons, words = int(layout.starts[-1]), int(layout.words_at[-1])
    pixels = words_for(int(layout.sizes[0]))

    def sums() -> Sums:
        return np.zeros(neurons, np.int32)

    def floats() -> Floats:
        return np.zeros(neurons, precision)

    def bits() -> Words:
        return np.zeros(words, np.uint32)

    planes = np.zeros((pixels, PLANES), np.uint32)
    starts = [Moment(sums(), sums(), floats(), bits()) for _ in range(2)]
    layers = len(layout.sizes)
    return Sample(
        planes, sums(), sums(), floats(), floats(), bits(), bits(), np.zeros(layers, np.uint8),
        np.zeros(layers, np.int64), *starts,
    )  # fmt: skip


def columns(layout: BitLayout, layer: int) -> slice:
    """Places of a layer's neurons where each bit of each word has one."""
    first = int(layout.words_at[layer]) * WORD
    return slice(first, first + int(layout.sizes[layer]))


def _places(lengths: list[int]) -> Whole:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
