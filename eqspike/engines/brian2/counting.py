"""From recorded spikes to event counts, by the definitions of `core.counts`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.grid import snap
from eqspike.core.network import Coupling
from eqspike.engines.brian2.presenting import Recording
from eqspike.engines.protocol import Arrays, Images, System
from eqspike.memory import Writes


@dataclass(frozen=True)
class Activity:
    """Spikes of one phase of a block.

    Attributes:
        spikes: by layer name, number of spikes of each neuron (none of an input that sends currents).
        weights: the weights that delivered them, on the summation grid, by coupling name.
    """

    spikes: dict[str, NDArray[np.int64]]
    weights: Arrays


def block_counts(
    system: System, recording: Recording, weights: Arrays, images: Images, learns: bool
) -> EventCounts:
    """Counts of one run, but for the weight writes."""
    rule = system.rule
    ends = {"free": (0, rule.free_steps)}
    if learns:
        ends["nudged"] = (rule.free_steps, rule.free_steps + rule.nudged_steps)
    read = {coupling.name: snap(weights[coupling.name]) for coupling in system.network.couplings}
    phases = {}
    for name, (first, last) in ends.items():
        activity = Activity(_spikes(system, recording, first, last), read)
        sample_steps = recording.samples * (last - first)
        plasticity = _evaluations(system, activity, sample_steps, images) if first else {}
        phases[name] = PhaseCounts(
            sample_steps,
            _layers(system, activity, sample_steps, learns),
            _couplings(system, activity),
            plasticity,
        )
    return EventCounts(recording.samples, phases)


def write_counts(writes: dict[str, Writes]) -> EventCounts:
    """Counts of the writes at the end of a batch, by weight or bias name."""
    plasticity = {
        name: PlasticityCounts(0, of_name.candidate, of_name.applied)
        for name, of_name in writes.items()
    }
    return EventCounts(0, {"update": PhaseCounts(plasticity=plasticity)})


def _spikes(
    system: System, recording: Recording, first: int, last: int
) -> dict[str, NDArray[np.int64]]:
    """Spikes of each neuron in the steps `first` to `last` - 1 of every sample."""
    result = {}
    for layer in system.network.layers:
        if layer.name not in recording.spikes:
            result[layer.name] = np.zeros(layer.size, np.int64)
            continue
        step, neuron = recording.spikes[layer.name]
        within = step % recording.period
        chosen = neuron[(within >= first) & (within < last)]
        result[layer.name] = np.bincount(chosen, minlength=layer.size)
    return result


def _layers(
    system: System, activity: Activity, sample_steps: int, learns: bool
) -> dict[str, LayerCounts]:
    traces = len(system.rule.local_rule.traces) if learns else 0
    name = system.network.input.name
    result = {name: LayerCounts(int(activity.spikes[name].sum()))}
    for layer in system.network.free_layers:
        updates = sample_steps * layer.size
        spikes = int(activity.spikes[layer.name].sum())
        result[layer.name] = LayerCounts(spikes, updates, traces * updates)
    return result


def _couplings(system: System, activity: Activity) -> dict[str, CouplingCounts]:
    result = {}
    for coupling in system.network.couplings:
        weights = activity.weights[coupling.name]
        ways = [(coupling.pre.name, weights)]
        if coupling.bidirectional:
            ways.append((coupling.post.name, weights.T))
        for direction, (source, reached) in zip(coupling.directions, ways, strict=True):
            spikes = activity.spikes[source]
            effective = int(spikes @ np.count_nonzero(reached, axis=1))
            result[direction] = CouplingCounts(int(spikes.sum()) * reached.shape[1], effective)
    return result


def _evaluations(
    system: System, activity: Activity, sample_steps: int, images: Images
) -> dict[str, PlasticityCounts]:
    result = {
        coupling.name: PlasticityCounts(_reached(system, activity, coupling, images))
        for coupling in system.network.couplings
    }
    for layer in system.network.free_layers:
        result[f"{layer.name}.bias"] = PlasticityCounts(sample_steps * layer.size)
    return result


def _reached(system: System, activity: Activity, coupling: Coupling, images: Images) -> int:
    """Synapses that a spike (or an input current) of either side reached, summed over the steps."""
    events = int(activity.spikes[coupling.pre.name].sum())
    if not (coupling.bidirectional or system.encoder.spikes):
        active = int(np.count_nonzero(system.encoder.currents()[images]))
        events = active * system.rule.nudged_steps
    count = events * coupling.post.size
    if coupling.bidirectional:
        count += int(activity.spikes[coupling.post.name].sum()) * coupling.pre.size
    return count
