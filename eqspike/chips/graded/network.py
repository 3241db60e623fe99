"""A rate-based network or bits in the integers of a chip whose spikes carry a number, such as Loihi 2.

It is the integer form of `core.messages` with kind `changes`. Rates have a unity, the number that stands for 1:

    input         255: its messages are the levels of the image
    rate neuron   2^state_bits: its state s is its rate, hard-sigmoid
    bit neuron    1: it sends +1 or -1; its state s, of unity 2^state_bits, is compared with one half

`2^drive_bits` steps of a drive stand for 1 in the whole network. One step of all layers, synchronous:

    a <- wrap24(a + sum over couplings of (sum of mantissas x messages of the step before) << exponent)
    d = a + (bias mantissa << bias exponent) [+ sign beta_mantissa (y 2^state_bits - s) << beta_exponent]
    s <- clip(s + round((d - (s << r)) / 2^(r + filter_shift)), 0, 2^state_bits)      r = drive_bits - state_bits
    v = s (rate), or [2 s >= 2^state_bits] (bit)
    |v - q| > threshold: message m = v - q, q <- v

A sample begins with a step of its own, the onset: a = 0, s = q = the initial state, the input sends its levels and
neurons whose initial v is not 0 send it. Sums of messages are exact and wrap, so their order cannot matter.

Every hop costs one step: what is sent in step t arrives in step t + 1, as `core.messages` has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[Any]

INPUT_UNITY = 255
"""A level of the image that stands for rate 1."""


@dataclass(frozen=True)
class GradedNeuron:
    """Parameters of all free neurons.

    Attributes:
        binary: whether it sends bits.
        state_bits: 2^state_bits stands for a state of 1.
        drive_bits: 2^drive_bits stands for a drive of 1; at least `state_bits`.
        filter_shift: the state moves 2^-filter_shift of the way to the drive in a step; 0 for rates.
        initial: state at the onset; threshold: largest change of v that is not sent, in steps of v.
    """

    binary: bool
    state_bits: int
    drive_bits: int
    filter_shift: int
    initial: int
    threshold: int

    @property
    def unity(self) -> int:
        """The v that stands for 1."""
        return 1 if self.binary else self.state_unity

    @property
    def state_unity(self) -> int:
        """The state that stands for 1."""
        return 1 << self.state_bits

    @property
    def state_shift(self) -> int:
        """How far a state is shifted left to be compared with a drive."""
        return self.drive_bits - self.state_bits


@dataclass(frozen=True, eq=False)
class GradedLayer:
    """A free layer: its name and biases, (size,) mantissas in -4096..4095 and an exponent 0..7."""

    name: str
    bias_mantissas: NDArray[np.int32]
    bias_exponent: int

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.bias_mantissas)

    @property
    def biases(self) -> NDArray[np.int32]:
        """In steps of the drive."""
        return self.bias_mantissas << self.bias_exponent


@dataclass(frozen=True, eq=False)
class GradedCoupling:
    """A coupling between successive layers; both directions, where there are two, have the same weights.

    Attributes:
        name: undirected name, such as `hidden-output`.
        mantissas: (presynaptic, postsynaptic), even, -254..254.
        exponent: 0..7; a message m adds `mantissa m << exponent` to the drive.
        bidirectional: whether the postsynaptic layer sends back.
    """

    name: str
    mantissas: NDArray[np.int32]
    exponent: int
    bidirectional: bool


@dataclass(frozen=True)
class GradedNudge:
    """The teacher: beta as a mantissa, 1..255, and an exponent, 0 or more."""

    mantissa: int
    exponent: int


@dataclass(frozen=True, eq=False)
class GradedNetwork:
    """The whole network: size of the input, neurons, free layers and couplings from the input, teacher."""

    input_size: int
    neuron: GradedNeuron
    layers: tuple[GradedLayer, ...]
    couplings: tuple[GradedCoupling, ...]
    nudge: GradedNudge
