"""Compiled twin of `chips.graded.arithmetic`: neurons that send changes, message by message.

The time of a step follows the messages: a neuron that sends has its row of weights added once, in each direction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.graded import GradedNetwork
from eqspike.core.threads import thread_count
from eqspike.engines.fast.compilation import announce_first_use, inlined, kernel
from eqspike.engines.fast.workers import Workers
from eqspike.engines.integers.graded import Batch, Presented

Words = NDArray[np.int32]

_REST = np.int32(8)
"""A word of 32 bits shifted left and right by this keeps 24 bits with their sign."""


class Wiring(NamedTuple):
    """A network as the kernels read it.

    Attributes:
        sizes, starts: of the layers from the input; places in vectors of all neurons.
        forward, backward: mantissas << exponent of all couplings in a row, each (pre, post) and (post, pre).
        offsets: where each coupling begins.
        bias: (neurons,), 0 for the input.
        numbers: state bits, drive bits, filter shift, initial, threshold, 1 if binary, mantissa and exponent of
            the nudge.
    """

    sizes: NDArray[np.int64]
    starts: NDArray[np.int64]
    forward: Words
    backward: Words
    offsets: NDArray[np.int64]
    bias: Words
    numbers: NDArray[np.int64]


def wire(network: GradedNetwork) -> Wiring:
    """Print a network for the kernels."""
    neuron = network.neuron
    sizes = np.array([network.input_size, *(layer.size for layer in network.layers)], np.int64)
    forward = [coupling.mantissas << coupling.exponent for coupling in network.couplings]
    ends = np.cumsum([0, *(array.size for array in forward)])
    numbers = (
        neuron.state_bits, neuron.drive_bits, neuron.filter_shift, neuron.initial, neuron.threshold,
        neuron.binary, network.nudge.mantissa, network.nudge.exponent,
    )  # fmt: skip
    return Wiring(
        sizes,
        np.concatenate([[0], np.cumsum(sizes)]),
        np.concatenate([array.ravel() for array in forward]).astype(np.int32),
        np.concatenate([array.T.ravel() for array in forward]).astype(np.int32),
        ends[:-1].astype(np.int64),
        np.concatenate(
            [np.zeros(network.input_size), *(layer.biases for layer in network.layers)]
        ).astype(np.int32),
        np.array(numbers, np.int64),
    )


class Registers(NamedTuple):
    """State of all neurons of one thread's sample, and copies of it at the end of the free phase.

    Attributes:
        drive, state, sent, message: a, s, q and m of the last step, (neurons,), the input's first.
        kept: (4, neurons) of the same.
    """

    drive: Words
    state: Words
    sent: Words
    message: Words
    kept: Words


def make_registers(neurons: int) -> Registers:
    """For one thread."""
    drive, state, sent, message = (np.zeros(neurons, np.int32) for _ in range(4))
    return Registers(drive, state, sent, message, np.zeros((4, neurons), np.int32))


@inlined
def value_of(state: Any, numbers: Any) -> Any:
    """v of a state."""
    if numbers[5]:
        return np.int32(1) if 2 * state >= 1 << numbers[0] else np.int32(0)
    return np.int32(state)


@inlined
def add_row(drive: Any, weights: Any, message: Any) -> None:
    """Add weights x message."""
    for i in range(drive.shape[0]):
        drive[i] = np.int32(drive[i] + np.int32(weights[i] * message))


@inlined
def deliver(wiring: Any, registers: Any) -> None:
    """Messages of the last step arrive; sums keep 32 bits, of which 24 will be read."""
    sizes, starts, offsets = wiring.sizes, wiring.starts, wiring.offsets
    drive, message = registers.drive, registers.message
    layers = sizes.shape[0]
    for layer in range(layers):
        for i in range(sizes[layer]):
            sent = message[starts[layer] + i]
            if sent == 0:
                continue
            if layer + 1 < layers:
                width = sizes[layer + 1]
                row = offsets[layer] + i * width
                add_row(
                    drive[starts[layer + 1] : starts[layer + 1] + width],
                    wiring.forward[row : row + width],
                    sent,
                )
            if layer > 1:
                width = sizes[layer - 1]
                row = offsets[layer - 1] + i * width
                add_row(
                    drive[starts[layer - 1] : starts[layer - 1] + width],
                    wiring.backward[row : row + width],
                    sent,
                )


@inlined
def begin(wiring: Any, registers: Any, image: Any, counts: Any) -> None:
    """The onset of a sample."""
    numbers, pixels = wiring.numbers, wiring.sizes[0]
    first = value_of(numbers[3], numbers)
    for i in range(registers.drive.shape[0]):
        registers.drive[i] = np.int32(0)
        registers.state[i] = np.int32(numbers[3])
        registers.sent[i] = first
        registers.message[i] = np.int32(image[i]) if i < pixels else first
        counts[i] += np.int64(registers.message[i] != 0)


@inlined
def advance(wiring: Any, registers: Any, targets: Any, sign: Any, counts: Any) -> None:
    """All free neurons, once their messages have arrived; `sign` 0 where there is no nudge."""
    drive, state, sent, message = (
        registers.drive, registers.state, registers.sent, registers.message,
    )  # fmt: skip
    numbers = wiring.numbers
    unity, align = np.int64(1) << numbers[0], numbers[1] - numbers[0]
    shift = align + numbers[2]
    half = (np.int64(1) << shift) >> 1
    outputs = wiring.starts[wiring.sizes.shape[0] - 1]
    for i in range(wiring.sizes[0]):
        message[i] = np.int32(0)
    for i in range(wiring.sizes[0], drive.shape[0]):
        arrived = np.int32(np.int32(drive[i] << _REST) >> _REST)
        drive[i] = arrived
        total = np.int64(arrived) + wiring.bias[i]
        if sign != 0 and i >= outputs:
            away = targets[i - outputs] * unity - state[i]
            total += (sign * numbers[6] * away) << numbers[7]
        moved = state[i] + ((total - (np.int64(state[i]) << align) + half) >> shift)
        state[i] = np.int32(min(max(moved, np.int64(0)), unity))
        change = value_of(state[i], numbers) - sent[i]
        message[i] = np.int32(0)
        if abs(change) > numbers[4]:
            message[i] = np.int32(change)
            sent[i] = np.int32(sent[i] + change)
            counts[i] += 1


@inlined
def swap(registers: Any, keep: Any) -> None:
    """Keep all registers, or put them back."""
    kept = registers.kept
    for i in range(registers.drive.shape[0]):
        if keep:
            kept[0, i], kept[1, i] = registers.drive[i], registers.state[i]
            kept[2, i], kept[3, i] = registers.sent[i], registers.message[i]
        else:
            registers.drive[i], registers.state[i] = kept[0, i], kept[1, i]
            registers.sent[i], registers.message[i] = kept[2, i], kept[3, i]


@inlined
def note(place: Any, registers: Any, pixels: Any, states: Any, sent: Any) -> None:
    """Record the registers after a step, where room for it was made."""
    if states.shape[1] == 0:
        return
    for i in range(states.shape[1]):
        states[place, i] = registers.state[pixels + i]
        sent[place, i] = registers.sent[pixels + i]


@kernel
def present(
    first: Any, last: Any, images: Any, targets: Any, signs: Any, free_steps: Any, nudged_steps: Any,
    passes: Any, wiring: Any, registers: Any, ends: Any, counts: Any, states: Any, sent: Any,
) -> None:  # fmt: skip
    """Present samples `first` to `last` - 1; results as in `engines.integers.graded.Presented`."""
    pixels, outputs = wiring.sizes[0], wiring.starts[wiring.sizes.shape[0] - 1]
    for sample in range(first, last):
        begin(wiring, registers, images[sample], counts[0])
        place = np.int64(0)
        for _ in range(free_steps):
            deliver(wiring, registers)
            advance(wiring, registers, targets[sample], 0, counts[0])
            note(place, registers, pixels, states[sample], sent[sample])
            place += 1
        for j in range(ends.shape[1]):
            ends[sample, j] = registers.state[outputs + j]
        swap(registers, True)
        for turn in range(passes):
            swap(registers, False)
            sign = signs[sample] * (1 - 2 * turn)
            for _ in range(nudged_steps):
                deliver(wiring, registers)
                advance(wiring, registers, targets[sample], sign, counts[1])
                note(place, registers, pixels, states[sample], sent[sample])
                place += 1


class CompiledPresenter:
    """See `engines.integers.graded.Presenter`."""

    def __init__(self, threads: int | None = None) -> None:
        self._workers = Workers(threads or thread_count())
        self._finish_announcement = announce_first_use("rates-int32")

    def load(self, network: GradedNetwork) -> None:
        """Replace the integers."""
        self.wiring = wire(network)

    def present(self, batch: Batch, traced: bool) -> Presented:
        """Present samples, each from its onset."""
        wiring, samples = self.wiring, len(batch.images)
        neurons, pixels = int(wiring.starts[-1]), int(wiring.sizes[0])
        shape = (samples, batch.steps if traced else 0, neurons - pixels if traced else 0)
        states, sent = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
        ends = np.zeros((samples, int(wiring.sizes[-1])), np.int32)
        counts = np.zeros((self._workers.threads, 2, neurons), np.int64)

        def work(thread: int, first: int, last: int) -> None:
            present(
                first, last, batch.images, batch.targets, batch.signs, batch.free_steps,
                batch.nudged_steps, batch.passes, wiring, make_registers(neurons), ends,
                counts[thread], states, sent,
            )  # fmt: skip

        self._workers.share(samples, work)
        self._finish_announcement()
        return Presented(ends, counts.sum(0), states, sent)

    def close(self) -> None:
        """End the threads."""
        self._workers.close()
