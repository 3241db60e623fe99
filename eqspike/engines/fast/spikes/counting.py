"""From the kernels' tallies to event counts."""

from __future__ import annotations

from typing import Any

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
        learning: whether the nudged phase and the traces ran.
        bias_writes: (layers, 2) candidate and applied writes of biases.
        active_inputs: pixels with a current over all samples, for encoders that send a constant current.
    """
    rule, network = system.rule, system.network
    phases = {"free": _phase(network, tally, 0, samples * rule.free_steps, learning, {})}
    if learning:
        sample_steps = samples * rule.nudged_steps
        evaluations = _evaluations(system, tally, sample_steps, active_inputs)
        writes = _writes(network, tally, bias_writes)
        learnt = {
            name: PlasticityCounts(evaluations[name], *(writes[name] if rule.online else (0, 0)))
            for name in evaluations
        }
        phases["nudged"] = _phase(network, tally, 1, sample_steps, True, learnt)
        if not rule.online:
            update = {name: PlasticityCounts(0, *counts) for name, counts in writes.items()}
            phases["update"] = PhaseCounts(plasticity=update)
    return EventCounts(samples, phases)


def _phase(
    network: Network,
    tally: Tally,
    phase: int,
    sample_steps: int,
    traces: bool,
    plasticity: dict[str, PlasticityCounts],
) -> PhaseCounts:
    layers = {network.input.name: LayerCounts(int(tally.spikes[phase, 0]))}
    for index, layer in enumerate(network.free_layers, start=1):
        updates = sample_steps * layer.size
        layers[layer.name] = LayerCounts(
            int(tally.spikes[phase, index]), updates, 2 * updates if traces else 0
        )
    couplings = {}
    for index, coupling in enumerate(network.couplings):
        ways: list[tuple[Any, int, int]] = [(tally.forward_effective, index, coupling.post.size)]
        if coupling.bidirectional:
            ways.append((tally.backward_effective, index + 1, coupling.pre.size))
        for name, (effective, source, fan_out) in zip(coupling.directions, ways, strict=True):
            couplings[name] = CouplingCounts(
                int(tally.spikes[phase, source]) * fan_out, int(effective[phase, source])
            )
    return PhaseCounts(sample_steps, layers, couplings, plasticity)


def _evaluations(
    system: System, tally: Tally, sample_steps: int, active_inputs: int
) -> dict[str, int]:
    """Rule evaluations of the nudged phase: spikes of each side times the synapses they reach."""
    result = {}
    spikes = tally.spikes[1]
    for index, coupling in enumerate(system.network.couplings):
        presynaptic = int(spikes[index])
        if index == 0 and not system.encoder.spikes:
            presynaptic = active_inputs * system.rule.nudged_steps
        count = presynaptic * coupling.post.size
        if coupling.bidirectional:
            count += int(spikes[index + 1]) * coupling.pre.size
        result[coupling.name] = count
    for layer in system.network.free_layers:
        result[f"{layer.name}.bias"] = sample_steps * layer.size
    return result


def _writes(network: Network, tally: Tally, bias_writes: Ints) -> dict[str, tuple[int, int]]:
    result = {}
    for index, coupling in enumerate(network.couplings):
        result[coupling.name] = (int(tally.writes[index, 0]), int(tally.writes[index, 1]))
    for index, layer in enumerate(network.free_layers, start=1):
        result[f"{layer.name}.bias"] = (int(bias_writes[index, 0]), int(bias_writes[index, 1]))
    return result
