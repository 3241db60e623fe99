"""From recorded spikes to event counts, by the definitions of `core.counts`."""

from __future__ import annotations

from collections.abc import Sequence
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
from eqspike.core.learner import Arrays, Images
from eqspike.core.phases import Phase, by_step, total_steps
from eqspike.engines.brian2.presenting import Recording
from eqspike.memory import Writes
from eqspike.systems import System


@dataclass(frozen=True)
class Activity:
    """Spikes of one phase of a block.

    Attributes:
        spikes: by layer name, number of spikes of each neuron (none of an input that sends currents).
        reached: deliveries through non-zero weights, by name of the direction.
    """

    spikes: dict[str, NDArray[np.int64]]
    reached: dict[str, int]


def block_counts(
    system: System, recording: Recording, weights: Arrays, images: Images, learns: bool
) -> EventCounts:
    """Counts of one run, but for the weight writes; `weights` are those stored before it."""
    ran = system.rule.phases if learns else system.rule.phases[:1]
    taught = [phase for phase in ran if phase.learns]
    learning = Activity(_spikes(system, recording, ran, taught), {})
    evaluations = _evaluations(system, learning, recording.samples, total_steps(taught), images)
    phases = {}
    for name in dict.fromkeys(phase.kind for phase in ran):
        chosen = [phase for phase in ran if phase.kind == name]
        spikes = _spikes(system, recording, ran, chosen)
        activity = Activity(spikes, _reached(system, recording, name, spikes, weights))
        sample_steps = recording.samples * total_steps(chosen)
        phases[name] = PhaseCounts(
            sample_steps,
            _layers(system, activity, sample_steps, learns),
            _couplings(system, activity),
            evaluations if name == "nudged" else {},
        )
    return EventCounts(recording.samples, phases)


def write_counts(writes: dict[str, Writes], phase: str) -> EventCounts:
    """Counts of the writes in a phase, by weight or bias name."""
    plasticity = {
        name: PlasticityCounts(0, of_name.candidate, of_name.applied)
        for name, of_name in writes.items()
    }
    return EventCounts(0, {phase: PhaseCounts(plasticity=plasticity)})


def _reached(
    system: System, recording: Recording, phase: str, spikes: dict[str, NDArray[np.int64]],
    weights: Arrays,
) -> dict[str, int]:  # fmt: skip
    """Deliveries through non-zero weights: counted one by one where weights change, else from the spikes."""
    if recording.written is not None:
        counted = recording.written.reached
        return {
            direction: number for (where, direction), number in counted.items() if where == phase
        }
    result = {}
    for coupling in system.network.couplings:
        read = snap(weights[coupling.name])
        ways = [(coupling.pre.name, read), (coupling.post.name, read.T)]
        for direction, (source, fan_out) in zip(coupling.directions, ways, strict=False):
            result[direction] = int(spikes[source] @ np.count_nonzero(fan_out, axis=1))
    return result


def _spikes(
    system: System, recording: Recording, ran: Sequence[Phase], chosen: Sequence[Phase]
) -> dict[str, NDArray[np.int64]]:
    """Spikes of each neuron in some of the phases of every sample."""
    counted = by_step(ran, [phase in chosen for phase in ran])
    result = {}
    for layer in system.network.layers:
        if layer.name not in recording.spikes:
            result[layer.name] = np.zeros(layer.size, np.int64)
            continue
        step, neuron = recording.spikes[layer.name]
        within = neuron[counted[step % recording.period]]
        result[layer.name] = np.bincount(within, minlength=layer.size)
    return result


def _layers(
    system: System, activity: Activity, sample_steps: int, learns: bool
) -> dict[str, LayerCounts]:
    traces = len(system.rule.reading.rule.traces) if learns else 0
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
        ways = [(coupling.pre, coupling.post), (coupling.post, coupling.pre)]
        for direction, (source, target) in zip(coupling.directions, ways, strict=False):
            operations = int(activity.spikes[source.name].sum()) * target.size
            result[direction] = CouplingCounts(operations, activity.reached[direction])
    return result


def _evaluations(
    system: System, activity: Activity, samples: int, steps: int, images: Images
) -> dict[str, PlasticityCounts]:
    """Synapses that a spike (or an input current) of either side reached, summed over the steps that learn."""
    result = {}
    for coupling in system.network.couplings:
        events = int(activity.spikes[coupling.pre.name].sum())
        if not (coupling.bidirectional or system.encoder.spikes):
            events = int(np.count_nonzero(system.encoder.currents()[images])) * steps
        count = events * coupling.post.size
        if coupling.bidirectional:
            count += int(activity.spikes[coupling.post.name].sum()) * coupling.pre.size
        result[coupling.name] = PlasticityCounts(count)
    for layer in system.network.free_layers:
        result[f"{layer.name}.bias"] = PlasticityCounts(samples * steps * layer.size)
    return result
