"""What one thread works on, and what it hands back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eqspike.core.phases import Phase
from eqspike.engines.fast.layout import Floats, Ints, Layout, coupling_shape
from eqspike.tasks.encoders import LEVELS


class Schedule(NamedTuple):
    """The phases of a sample.

    Attributes:
        steps: (phases,); learns: (phases,).
        learning_at: (learning steps,) step of the sample in which the rule is evaluated.
        readout_from: step from which output spikes are counted, to the end of the first phase.
    """

    steps: Ints
    learns: NDArray[np.bool_]
    learning_at: Ints
    readout_from: int


class State(NamedTuple):
    """Dynamic state of the free neurons, all (neurons,), and their last spikes as lists.

    Attributes:
        filtered: synaptic low-pass (or current), relaxed: relaxed drive, potential: membrane potential.
        traces: (traces, neurons); spikes: 0 or 1; nudge: teaching signal; drive: synaptic sums of this step.
        spiking: indices within the layer, listed from the layer's start; spiking_count: (layers,).
    """

    filtered: Floats
    relaxed: Floats
    potential: Floats
    traces: Floats
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
        spike_history: (learning steps, neurons); combinations: (1 or 2, learning steps, neurons) of the traces.
        learning_steps: (learning steps,) list of steps; combination_sum: (neurons,).
        spike_counts: (neurons,) of the current sample and phase.
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
    combinations: Floats
    learning_steps: Ints
    combination_sum: Floats
    spike_counts: NDArray[np.int32]


class Tally(NamedTuple):
    """Event counts of one thread.

    Attributes:
        spikes: (phases, layers); of the input: its events.
        forward_effective, backward_effective: (phases, layers) operations through non-zero weights caused by each
            layer's spikes, in both directions.
        writes: (couplings, 2) candidate and applied.
        neurons: (phases, neurons) spikes of each free neuron, where samples were presented in batches.
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


def make_schedule(phases: Sequence[Phase], readout_steps: int) -> Schedule:
    """Write a rule's phases for the kernels."""
    steps = np.array([phase.steps for phase in phases], np.int64)
    learns = np.array([phase.learns for phase in phases])
    return Schedule(
        steps,
        learns,
        np.flatnonzero(np.repeat(learns, steps)),
        int(steps[0]) - readout_steps,
    )


def make_state(layout: Layout, traces: int, precision: str) -> State:
    """State for one thread."""
    neurons = int(layout.starts[-1])
    filtered, relaxed, potential, spikes, nudge, drive = (
        np.zeros(neurons, precision) for _ in range(6)
    )
    lists = (np.zeros(neurons, np.int64), np.zeros(len(layout.sizes), np.int64))
    by_trace = np.zeros((traces, neurons), precision)
    return State(filtered, relaxed, potential, by_trace, spikes, nudge, drive, *lists)


def make_scratch(
    layout: Layout, poisson: bool, schedule: Schedule, sides: int, precision: str
) -> Scratch:
    """Working arrays for one thread; `sides` rows of the rule's coefficients."""
    learning = len(schedule.learning_at)
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
        drawn=np.zeros((int(schedule.steps.sum()) if poisson else 0, groups), np.uint8),
        spike_history=np.zeros((learning, neurons), precision),
        combinations=np.zeros((sides, learning, neurons), precision),
        learning_steps=np.zeros(learning + 1, np.int64),
        combination_sum=np.zeros(neurons, precision),
        spike_counts=np.zeros(neurons, np.int32),
    )


def make_tally(layout: Layout, phases: int) -> Tally:
    """Zero counts."""
    layers = len(layout.sizes)
    return Tally(
        np.zeros((phases, layers), np.int64),
        np.zeros((phases, layers), np.int64),
        np.zeros((phases, layers), np.int64),
        np.zeros((layers - 1, 2), np.int64),
        np.zeros((phases, int(layout.starts[-1])), np.int64),
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
