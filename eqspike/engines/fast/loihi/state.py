"""What one thread works on, and what it hands back, in integers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi.scale import Extremes
from eqspike.engines.fast.layout import Ints, Layout
from eqspike.tasks.encoders import LEVELS

Words = NDArray[np.int32]


class State(NamedTuple):
    """Registers of the free neurons, all (neurons,), and their last spikes as lists.

    Attributes:
        current, potential: u and v; spikes: 0 or 1.
        ahead, back: sums of mantissas arriving from the layer below and from that above.
        arriving: synaptic input of this step, exponents applied.
        full_current, full_potential: u before it wraps, v before it saturates and resets.
        relay: of the outputs, 1 where the relay neuron fired in the last step.
        spiking: indices within the layer, listed from the layer's start; spiking_count: (layers,).
    """

    current: Words
    potential: Words
    spikes: Words
    ahead: Words
    back: Words
    arriving: Words
    full_current: Words
    full_potential: Words
    relay: Words
    spiking: Ints
    spiking_count: Ints


class Scratch(NamedTuple):
    """Working arrays of one thread, allocated once; the input's as in `engines.fast.spikes.state.Scratch`.

    Attributes:
        zero: (1,) the word 0: a plain 0 would widen what it is written to.
        peaks: (4, neurons) largest |arriving|, |full_current|, smallest and largest full_potential.
        overflows: (2,) times a current wrapped around, a potential was saturated.
    """

    rows: Words
    base: Words
    columns: Ints
    slots: Ints
    members: Ints
    fan_outs: Ints
    chosen: Ints
    group_of: Ints
    coefficients: Words
    signs: Words
    drawn: NDArray[np.uint8]
    spike_counts: Words
    zero: Words
    peaks: Words
    overflows: Ints


class Record(NamedTuple):
    """Results of a block of samples; each thread writes the rows of its samples.

    Attributes:
        scores: (samples, outputs) spikes in the read-out window plus the remainder left in the membrane.
        raster, potentials, currents: (samples or 0, steps, neurons), if asked for.
    """

    scores: NDArray[np.float64]
    raster: NDArray[np.uint8]
    potentials: Words
    currents: Words


def make_state(layout: Layout) -> State:
    """State for one thread."""
    neurons = int(layout.starts[-1])
    vectors = (np.zeros(neurons, np.int32) for _ in range(9))
    lists = (np.zeros(neurons, np.int64), np.zeros(len(layout.sizes), np.int64))
    return State._make([*vectors, *lists])


def make_scratch(layout: Layout, poisson: bool, steps: int) -> Scratch:
    """Working arrays for one thread."""
    neurons, width = int(layout.starts[-1]), int(layout.widths[1])
    groups = int(layout.sizes[0]) if poisson else LEVELS
    return Scratch(
        rows=np.zeros((groups, width), np.int32),
        base=np.zeros(width, np.int32),
        columns=np.zeros(groups, np.int64),
        slots=np.zeros(groups, np.int64),
        members=np.zeros(groups, np.int64),
        fan_outs=np.zeros(groups, np.int64),
        chosen=np.zeros(groups + 1, np.int64),
        group_of=np.zeros(max(groups, LEVELS), np.int64),
        coefficients=np.zeros(groups, np.int32),
        signs=np.zeros(groups, np.int32),
        drawn=np.zeros((steps if poisson else 0, groups), np.uint8),
        spike_counts=np.zeros((2, neurons), np.int32),
        zero=np.zeros(1, np.int32),
        peaks=np.zeros((4, neurons), np.int32),
        overflows=np.zeros(2, np.int64),
    )


def make_record(layout: Layout, samples: int, traced_steps: int = 0) -> Record:
    """Result arrays for a block; rasters only if `traced_steps` > 0."""
    neurons = int(layout.starts[-1])
    shape = (samples if traced_steps else 0, traced_steps, neurons)
    return Record(
        np.zeros((samples, layout.sizes[-1])),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.int32),
        np.zeros(shape, np.int32),
    )


def extremes(scratches: list[Scratch], part: slice) -> Extremes:
    """What the neurons of one layer met, over all threads; overflows are those of the whole network."""
    peaks: Any = np.stack([scratch.peaks[:, part] for scratch in scratches])
    wraps, saturations = np.sum([scratch.overflows for scratch in scratches], axis=0)
    return Extremes(
        int(peaks[:, 0].max()),
        int(peaks[:, 1].max()),
        int(peaks[:, 2].min()),
        int(peaks[:, 3].max()),
        int(wraps),
        int(saturations),
    )
