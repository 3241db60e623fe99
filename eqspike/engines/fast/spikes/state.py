"""What one thread works on, and what it hands back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eqspike.engines.fast.layout import Floats, Ints, Layout, coupling_shape
from eqspike.tasks.encoders import LEVELS


class State(NamedTuple):
    """Dynamic state of the free neurons, all (neurons,), and their last spikes as lists.

    Attributes:
        filtered: synaptic low-pass (or current), relaxed: relaxed drive, potential: membrane potential.
        fast, slow: traces; spikes: 0 or 1; nudge: teaching signal; drive: synaptic sums of this step.
        spiking: indices within the layer, listed from the layer's start; spiking_count: (layers,).
    """

    filtered: Floats
    relaxed: Floats
    potential: Floats
    fast: Floats
    slow: Floats
    spikes: Floats
    nudge: Floats
    drive: Floats
    spiking: Ints
    spiking_count: Ints


class Scratch(NamedTuple):
    """Working arrays of one thread, allocated once.

    Attributes:
        rows: (groups, width 1) weight rows of the input groups; base: (width 1,) constant input.
        columns: (groups or pixels,) column of each group in the toggles; slots: its place in the gradient record;
            chosen: list of those that send.
        members, fan_outs: (groups,); coefficients, signs: (groups,);
        group_of: (256 or groups,).
        drawn: (steps, groups) spikes drawn for poisson, else empty.
        spike_history, derivative_history: (nudged steps, neurons).
        learning_steps: (nudged steps,) list of steps; derivative_sum: (neurons,).
        spike_counts: (2, neurons) of the current sample.
    """

    rows: Floats
    base: Floats
    columns: Ints
    slots: Ints
    members: Ints
    fan_outs: Ints
    chosen: Ints
    group_of: Ints
    coefficients: Floats
    signs: Floats
    drawn: NDArray[np.uint8]
    spike_history: Floats
    derivative_history: Floats
    learning_steps: Ints
    derivative_sum: Floats
    spike_counts: NDArray[np.int32]


class Tally(NamedTuple):
    """Event counts of one thread.

    Attributes:
        spikes: (2 phases, layers); of the input: its events.
        forward_effective: (2, layers) operations through non-zero weights caused by each layer's spikes, forward;
            backward_effective: likewise backward.
        writes: (couplings, 2) candidate and applied.
        neurons: (2, neurons) spikes of each free neuron, where samples were presented in batches.
    """

    spikes: Ints
    forward_effective: Ints
    backward_effective: Ints
    writes: Ints
    neurons: Ints


class Record(NamedTuple):
    """Results of a block of samples; each thread writes the rows of its samples.

    Attributes:
        scores: (samples, outputs) spikes in the read-out window plus the remainder left in the membrane.
        input_gradients: (samples, groups, width 1) change asked by the rule for each input group.
        gradients: (samples, couplings - 1, above, below) the same for the other couplings, transposed.
        bias_gradients: (samples, neurons).
        raster: (samples or 0, steps, neurons) spikes, if asked for.
        potentials: (samples or 0, steps, neurons) membrane potentials, if asked for.
    """

    scores: Floats
    input_gradients: Floats
    gradients: Floats
    bias_gradients: Floats
    raster: NDArray[np.uint8]
    potentials: Floats


def make_state(layout: Layout, precision: str) -> State:
    """State for one thread."""
    neurons = int(layout.starts[-1])
    vectors = (np.zeros(neurons, precision) for _ in range(8))
    lists = (np.zeros(neurons, np.int64), np.zeros(len(layout.sizes), np.int64))
    return State._make([*vectors, *lists])


def make_scratch(layout: Layout, poisson: bool, free: int, nudged: int, precision: str) -> Scratch:
    """Working arrays for one thread."""
    neurons, width = int(layout.starts[-1]), int(layout.widths[1])
    groups = int(layout.sizes[0]) if poisson else LEVELS
    # Learning online, every pixel is listed by itself, whatever its level.
    listed = max(groups, int(layout.sizes[0]))
    return Scratch(
        rows=np.zeros((groups, width), precision),
        base=np.zeros(width, precision),
        columns=np.zeros(listed, np.int64),
        slots=np.zeros(listed, np.int64),
        members=np.zeros(groups, np.int64),
        fan_outs=np.zeros(groups, np.int64),
        chosen=np.zeros(listed + 1, np.int64),
        group_of=np.zeros(max(groups, LEVELS), np.int64),
        coefficients=np.zeros(groups, precision),
        signs=np.zeros(groups, precision),
        drawn=np.zeros((free + nudged if poisson else 0, groups), np.uint8),
        spike_history=np.zeros((nudged, neurons), precision),
        derivative_history=np.zeros((nudged, neurons), precision),
        learning_steps=np.zeros(nudged + 1, np.int64),
        derivative_sum=np.zeros(neurons, precision),
        spike_counts=np.zeros((2, neurons), np.int32),
    )


def make_tally(layout: Layout) -> Tally:
    """Zero counts."""
    layers = len(layout.sizes)
    return Tally(
        np.zeros((2, layers), np.int64),
        np.zeros((2, layers), np.int64),
        np.zeros((2, layers), np.int64),
        np.zeros((layers - 1, 2), np.int64),
        np.zeros((2, int(layout.starts[-1])), np.int64),
    )


def make_record(
    layout: Layout, samples: int, groups: int, precision: str, traced_steps: int = 0
) -> Record:
    """Result arrays for a block; gradients only if `groups` > 0, rasters only if `traced_steps` > 0."""
    neurons = int(layout.starts[-1])
    couplings, below, above = coupling_shape(layout)
    learning = samples if groups else 0
    traced = samples if traced_steps else 0
    return Record(
        np.zeros((samples, layout.sizes[-1]), precision),
        np.zeros((learning, groups, layout.widths[1]), precision),
        np.zeros((learning, couplings, above, below), precision),
        np.zeros((learning, neurons), precision),
        np.zeros((traced, traced_steps, neurons), np.uint8),
        np.zeros((traced, traced_steps, neurons), precision),
    )


def total(tallies: list[Tally]) -> Tally:
    """Sum of several threads' counts, in arrays of its own."""
    return Tally(*(np.sum(parts, axis=0) for parts in zip(*tallies, strict=True)))


def clear(tally: Tally) -> None:
    """Set all counts to zero."""
    for counts in tally:
        counts[:] = 0
