"""From counts to events on a chip: which count is which event, and how often it happens there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eqspike.core.counts import EventCounts, PhaseCounts
from eqspike.core.quantities import Interval

EVENT_OF = {
    "synaptic operations": "synaptic_operation",
    "neuron updates": "neuron_update",
    "spikes": "spike",
    "trace updates": "trace_update",
    "rule evaluations": "rule_evaluation",
    "weight writes": "weight_write",
    "hops": "hop",
}
"""Event of a chip profile that prices each category of counts."""

CATEGORIES = tuple(EVENT_OF)

HOPS = "hops"
"""The one category that the counts do not hold: it needs a placement."""

STATIC = "static power"
"""Name of the part of a total that is no event."""


@dataclass(frozen=True)
class Event:
    """Count of one category at one place in one phase.

    Attributes:
        place: layer, directed coupling (`a->b`) or undirected coupling (`a-b`).
        phase: name of the phase.
        category: one of `CATEGORIES`.
        count: events counted, summed over samples; hops may be a fraction, as a mean over spikes.
        copies: how often each happens on a chip: 2 for learning at a weight stored both ways.
    """

    place: str
    phase: str
    category: str
    count: float
    copies: int = 1


@dataclass(frozen=True)
class Row:
    """An event and what it costs.

    Attributes:
        event: place, phase, category, count and copies.
        energy: joules of all samples, or None: not modelled, or counted in another category.
        included_in: the category whose figure contains this cost, or empty.
    """

    event: Event
    energy: Interval | None
    included_in: str = ""


@dataclass(frozen=True)
class Gap:
    """Something that costs energy and is missing from a total.

    Attributes:
        what: category, or kind of power.
        count: events on the chip, summed over samples; None for power.
        reason: why there is no energy for it.
    """

    what: str
    count: float | None
    reason: str


def events_of(
    counts: EventCounts, hops_per_spike: Mapping[str, float] | None = None
) -> tuple[Event, ...]:
    """All events of the counts, in the order of the counts; zero counts are kept.

    Args:
        counts: events of one or more samples.
        hops_per_spike: see `Conditions`; without it there are no events of the category `hops`.
    """
    twice = stored_twice(counts)
    return tuple(
        event
        for name, phase in counts.phases.items()
        for event in (*_phase_events(name, phase, twice), *_hops(name, phase, hops_per_spike))
    )


def direction(place: str, layers: Sequence[str]) -> str:
    """Way of a directed coupling through `layers`, which are given from the input on.

    Returns:
        `forward`, `backward` or `lateral`; `unplaced` if an end is not among the layers.
    """
    source, _, target = place.partition("->")
    if source not in layers or target not in layers:
        return "unplaced"
    start, end = layers.index(source), layers.index(target)
    return "forward" if start < end else "backward" if start > end else "lateral"


def stored_twice(counts: EventCounts) -> frozenset[str]:
    """Names of undirected couplings that carry spikes both ways.

    A spike finds its weights by its source neuron, so a chip holds one table of weights for each
    direction: a change of the shared weight is evaluated and written in both. Where each direction is written by
    itself, its weights are its own.
    """
    directed = {name for phase in counts.phases.values() for name in phase.couplings}
    written = {name for phase in counts.phases.values() for name in phase.plasticity}
    ends = (name.partition("->") for name in directed)
    return frozenset(
        f"{a}-{b}" for a, _, b in ends if f"{b}->{a}" in directed and f"{b}-{a}" not in written
    )


def _hops(name: str, phase: PhaseCounts, hops_per_spike: Mapping[str, float] | None) -> list[Event]:
    if hops_per_spike is None:
        return []
    return [
        Event(layer, name, HOPS, counts.spikes * hops_per_spike.get(layer, 0))
        for layer, counts in phase.layers.items()
    ]


def _phase_events(name: str, phase: PhaseCounts, twice: frozenset[str]) -> list[Event]:
    events = []
    for layer, layer_counts in phase.layers.items():
        events += [
            Event(layer, name, "spikes", layer_counts.spikes),
            Event(layer, name, "neuron updates", layer_counts.neuron_updates),
            Event(layer, name, "trace updates", layer_counts.trace_updates),
        ]
    for coupling, coupling_counts in phase.couplings.items():
        # Stored synapses, zero weights included: a densely stored table reads them all.
        operations = coupling_counts.synaptic_operations
        events.append(Event(coupling, name, "synaptic operations", operations))
    for weight, plasticity in phase.plasticity.items():
        copies = 2 if weight in twice else 1
        events += [
            Event(weight, name, "rule evaluations", plasticity.rule_evaluations, copies),
            Event(weight, name, "weight writes", plasticity.applied_writes, copies),
        ]
    return events
