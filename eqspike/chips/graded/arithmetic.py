"""Integer arithmetic of neurons that send changes: what a step does to each register, and to a whole network.

Pure functions of integer arrays, written to be read; engines compute the same by other means. See
`chips.graded.network` for the equations.

Legend: a accumulated drive (24 bits), s state, v transmitted value, q last value sent, m message.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eqspike.chips.graded.network import GradedNetwork, GradedNeuron, GradedNudge, Integers

DRIVE_LIMIT = 2**23
"""A drive is in -2^23 .. 2^23 - 1."""


def rounded_shift(values: Integers, shift: int) -> Integers:
    """values / 2^shift to the nearest whole number, halves upwards."""
    wide = np.asarray(values, np.int64)
    return (wide + (1 << shift >> 1)) >> shift


def wrapped(drive: Integers) -> Integers:
    """A sum as its register of 24 bits keeps it: but for a multiple of 2^24, so that order cannot matter."""
    return (np.asarray(drive, np.int64) + DRIVE_LIMIT) % (2 * DRIVE_LIMIT) - DRIVE_LIMIT


def accumulated(mantissas: Integers, messages: Integers, exponent: int) -> Integers:
    """What messages (..., presynaptic) add to the drives (..., postsynaptic), not yet wrapped."""
    return (np.asarray(messages, np.int64) @ np.asarray(mantissas, np.int64)) << exponent


def nudge_drive(
    state: Integers, target: Integers, sign: Integers, neuron: GradedNeuron, nudge: GradedNudge
) -> Integers:
    """sign beta (y - s) in steps of the drive.

    Args:
        state: of the outputs; target: 0 or 1 for each; sign: of beta, 0 where there is no nudge.
    """
    away = target * np.int64(neuron.state_unity) - state
    return np.asarray(sign * np.int64(nudge.mantissa) * away << nudge.exponent)


def next_state(state: Integers, drive: Integers, neuron: GradedNeuron) -> Integers:
    """s <- clip(s + round((d - (s << r)) / 2^(r + filter_shift)), 0, 2^state_bits)."""
    wide = np.asarray(state, np.int64)
    way = np.asarray(drive, np.int64) - (wide << neuron.state_shift)
    moved = wide + rounded_shift(way, neuron.state_shift + neuron.filter_shift)
    return np.clip(moved, 0, neuron.state_unity)


def transmitted(state: Integers, neuron: GradedNeuron) -> Integers:
    """v: the state itself, or whether it is one half or more."""
    wide = np.asarray(state, np.int64)
    return np.asarray(2 * wide >= neuron.state_unity, np.int64) if neuron.binary else wide


def messages(value: Integers, sent: Integers, threshold: int) -> Integers:
    """m = v - q where |v - q| > threshold, else 0."""
    change = np.asarray(value, np.int64) - sent
    return np.where(np.abs(change) > threshold, change, 0)


@dataclass(frozen=True)
class GradedState:
    """All registers, by free layer from the input, (samples, neurons).

    Attributes:
        drives: a, what has arrived included; states: s; sent: q.
        messages: m of the last step, not yet arrived; that of the input first.
    """

    drives: tuple[Integers, ...]
    states: tuple[Integers, ...]
    sent: tuple[Integers, ...]
    messages: tuple[Integers, ...]


def onset(network: GradedNetwork, images: Integers) -> GradedState:
    """The first step of samples, images (samples, pixels): levels and initial values are sent."""
    shapes = [(len(images), layer.size) for layer in network.layers]
    states = tuple(np.full(shape, network.neuron.initial, np.int64) for shape in shapes)
    sent = tuple(transmitted(state, network.neuron) for state in states)
    drives = tuple(np.zeros(shape, np.int64) for shape in shapes)
    return GradedState(drives, states, sent, (np.asarray(images, np.int64), *sent))


def arrived(network: GradedNetwork, old: GradedState) -> tuple[Integers, ...]:
    """Drives with the messages of the last step added."""
    drives = []
    for index, drive in enumerate(old.drives):
        coupling = network.couplings[index]
        total = drive + accumulated(coupling.mantissas, old.messages[index], coupling.exponent)
        if index + 1 < len(old.drives):
            above = network.couplings[index + 1]
            total += accumulated(above.mantissas.T, old.messages[index + 2], above.exponent)
        drives.append(wrapped(total))
    return tuple(drives)


def step(
    network: GradedNetwork, old: GradedState, target: Integers | None = None, sign: Integers | None = None
) -> GradedState:  # fmt: skip
    """One step of all layers from what was before; `target` (samples, outputs) and `sign` (samples, 1) nudge."""
    neuron, last = network.neuron, len(network.layers) - 1
    drives, states, sent, sends = arrived(network, old), [], [], []
    for index, layer in enumerate(network.layers):
        drive = drives[index] + layer.biases
        if index == last and target is not None and sign is not None:
            drive = drive + nudge_drive(old.states[index], target, sign, neuron, network.nudge)
        states.append(next_state(old.states[index], drive, neuron))
        message = messages(transmitted(states[index], neuron), old.sent[index], neuron.threshold)
        sends.append(message)
        sent.append(old.sent[index] + message)
    silent = np.zeros_like(old.messages[0])
    return GradedState(drives, tuple(states), tuple(sent), (silent, *sends))
