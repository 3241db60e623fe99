"""From the kernels' tallies to event counts."""

from __future__ import annotations

from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.network import Network
from eqspike.engines.fast.layout import Ints
from eqspike.engines.fast.spikes.state import Tally
from eqspike.systems import System


def event_counts(
    system: System,
    tally: Tally,
    samples: int,
    learning: bool,
    bias_writes: Ints,
    active_inputs: int,
) -> EventCounts:
    """Counts of `samples` presentations.

    Args:
        system: what was simulated.
        tally: the kernels' counts, over all threads.
        samples: number of presentations.
        learning: whether all phases and the traces ran.
        bias_writes: (layers, 2) candidate and applied writes of biases.
        active_inputs: pixels with a current over all samples, for encoders that send a constant current.
    """
    rule, network = system.rule, system.network
    traces = len(rule.reading.rule.traces) if learning else 0
    phases = {"free": _phase(system, tally, "free", samples, traces, {})}
    if learning:
        evaluations = _evaluations(system, tally, samples, active_inputs)
        writes = _writes(network, tally, bias_writes)
        learnt = {
            name: PlasticityCounts(evaluations[name], *(writes[name] if rule.online else (0, 0)))
            for name in evaluations
        }
        phases["nudged"] = _phase(system, tally, "nudged", samples, traces, learnt)
        if not rule.online:
            update = {name: PlasticityCounts(0, *counts) for name, counts in writes.items()}
            phases["update"] = PhaseCounts(plasticity=update)
    return EventCounts(samples, phases)


def _phase(
    system: System, tally: Tally, kind: str, samples: int, traces: int, plasticity: dict[str, PlasticityCounts]
) -> PhaseCounts:  # fmt: skip
    """Counts of all phases of one kind; without traces, only the first has run."""
    network, phases = system.network, system.rule.phases[: None if traces else 1]
    chosen = [place for place, phase in enumerate(phases) if phase.kind == kind]
    sample_steps = samples * sum(phases[place].steps for place in chosen)
    spikes, forward, backward = (
        counts[chosen].sum(0)
        for counts in (tally.spikes, tally.forward_effective, tally.backward_effective)
    )
    layers = {network.input.name: LayerCounts(int(spikes[0]))}
    for index, layer in enumerate(network.free_layers, start=1):
        updates = sample_steps * layer.size
        layers[layer.name] = LayerCounts(int(spikes[index]), updates, traces * updates)
    couplings = {}
    for index, coupling in enumerate(network.couplings):
        ways: list[tuple[Ints, int, int]] = [(forward, index, coupling.post.size)]
        if coupling.bidirectional:
            ways.append((backward, index + 1, coupling.pre.size))
        for name, (effective, source, fan_out) in zip(coupling.directions, ways, strict=True):
            couplings[name] = CouplingCounts(int(spikes[source]) * fan_out, int(effective[source]))
    return PhaseCounts(sample_steps, layers, couplings, plasticity)


def _evaluations(system: System, tally: Tally, samples: int, active_inputs: int) -> dict[str, int]:
    """Rule evaluations of the phases that learn: spikes of each side times the synapses they reach."""
    phases = system.rule.phases
    chosen = [place for place, phase in enumerate(phases) if phase.learns]
    spikes = tally.spikes[chosen].sum(0)
    steps = sum(phases[place].steps for place in chosen)
    result = {}
    for index, coupling in enumerate(system.network.couplings):
        presynaptic = int(spikes[index])
        if index == 0 and not system.encoder.spikes:
            presynaptic = active_inputs * steps
        count = presynaptic * coupling.post.size
        if coupling.bidirectional:
            count += int(spikes[index + 1]) * coupling.pre.size
        result[coupling.name] = count
    for layer in system.network.free_layers:
        result[f"{layer.name}.bias"] = samples * steps * layer.size
    return result


def _writes(network: Network, tally: Tally, bias_writes: Ints) -> dict[str, tuple[int, int]]:
    result = {}
    for index, coupling in enumerate(network.couplings):
        result[coupling.name] = (int(tally.writes[index, 0]), int(tally.writes[index, 1]))
    for index, layer in enumerate(network.free_layers, start=1):
        result[f"{layer.name}.bias"] = (int(bias_writes[index, 0]), int(bias_writes[index, 1]))
    return result
