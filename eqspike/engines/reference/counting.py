"""From events counted one by one to event counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.engines.reference.presentation import Counts
from eqspike.systems import System


def event_counts(system: System, counts: Counts, samples: int, learning: bool) -> EventCounts:
    """Counts of `samples` presentations; `learning`: whether they had a nudged phase."""
    rule = system.rule
    shown = rule.phases if learning else rule.phases[:1]
    steps: Counter[str] = Counter()
    for phase in shown:
        steps[phase.kind] += phase.steps
    phases = {kind: _phase(system, counts, kind, samples * steps[kind]) for kind in steps}
    if learning and not rule.online:
        phases["update"] = PhaseCounts(plasticity=_plasticity(system, counts, "update"))
    return EventCounts(samples, phases)


def _phase(system: System, counts: Counts, phase: str, sample_steps: int) -> PhaseCounts:
    layers = {
        layer.name: LayerCounts(*_numbers(counts, phase, layer.name, LayerCounts))
        for layer in system.network.layers
    }
    couplings = {
        direction: CouplingCounts(*_numbers(counts, phase, direction, CouplingCounts))
        for coupling in system.network.couplings
        for direction in coupling.directions
    }
    learnt = _plasticity(system, counts, phase) if phase == "nudged" else {}
    return PhaseCounts(sample_steps, layers, couplings, learnt)


def _plasticity(system: System, counts: Counts, phase: str) -> dict[str, PlasticityCounts]:
    names = [coupling.name for coupling in system.network.couplings]
    names += [f"{layer.name}.bias" for layer in system.network.free_layers]
    return {
        name: PlasticityCounts(*_numbers(counts, phase, name, PlasticityCounts)) for name in names
    }


def _numbers(
    counts: Counts,
    phase: str,
    place: str,
    kind: type[LayerCounts] | type[CouplingCounts] | type[PlasticityCounts],
) -> list[int]:
    return [counts[phase, place, field.name] for field in fields(kind)]
