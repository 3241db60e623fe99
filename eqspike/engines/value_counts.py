"""Events of rate-based networks that send every value, by the definitions of `core.counts`: docs/counting.md."""

from __future__ import annotations

from collections.abc import Mapping

from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.network import Network
from eqspike.engines.tally import RateTally
from eqspike.rules.readings import writes_steps
from eqspike.systems import RateSystem
from eqspike.systems.weights import backward_name


def event_counts(
    system: RateSystem, tally: RateTally, effective: Mapping[str, int] | None = None
) -> EventCounts:
    """The counts of a tally.

    Args:
        effective: of each directed coupling, the synapses whose weight is not zero; by default all.
    """
    network, phases = system.network, {}
    synapses = {
        direction: coupling.synapses(bool(way))
        for coupling in network.couplings
        for way, direction in enumerate(coupling.directions)
    }
    filled = synapses if effective is None else effective
    for name, steps in tally.steps.items():
        phases[name] = PhaseCounts(
            steps,
            {
                layer.name: LayerCounts(0, steps * layer.size if layer in network.free_layers else 0, 0)
                for layer in network.layers
            },
            {
                direction: CouplingCounts(
                    *tally.operations.get(
                        (name, direction), (steps * number, steps * filled[direction])
                    )
                )
                for direction, number in synapses.items()
            },
            _evaluations(system, name, steps, tally),
        )  # fmt: skip
    if tally.writes:
        phase = "nudged" if writes_steps(system.rule.reading) else "update"
        writes = {
            name: PlasticityCounts(0, done.candidate, done.applied)
            for name, done in tally.writes.items()
        }
        of_writes = EventCounts(0, {phase: PhaseCounts(0, {}, {}, writes)})
        return EventCounts(tally.samples, phases) + of_writes
    return EventCounts(tally.samples, phases)


def _evaluations(
    system: RateSystem, phase: str, steps: int, tally: RateTally
) -> dict[str, PlasticityCounts]:
    """One at each synapse and each neuron's bias: a sample, or a nudged step where the rule is continual."""
    if not tally.learning or phase != "nudged":
        return {}
    times = steps if writes_steps(system.rule.reading) else tally.samples
    return {name: PlasticityCounts(times * size, 0, 0) for name, size in _sizes(system).items()}


def _sizes(system: RateSystem) -> dict[str, int]:
    network: Network = system.network
    sizes = {}
    for coupling in network.couplings:
        synapses = coupling.synapses(backward=True)
        sizes[coupling.name] = synapses
        if coupling.bidirectional and system.feedback.separate:
            sizes[backward_name(coupling)] = synapses
        sizes[f"{coupling.post.name}.bias"] = coupling.post.size
    return sizes
