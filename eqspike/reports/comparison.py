"""Several trained systems on the same chips, with the same figures and under the same conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from eqspike.chips import ChipProfile
from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError
from eqspike.core.quantities import Interval
from eqspike.energy.conditions import Conditions
from eqspike.energy.events import CATEGORIES, events_of
from eqspike.energy.model import Estimate, estimate
from eqspike.reports.contents import check_chips, checked_provenance, refuse_learning


@dataclass(frozen=True)
class ComparedSystem:
    """One system of a comparison.

    Attributes:
        label: name under which it is shown, each once.
        provenance: as in `EnergyReport`.
        training, inference: counts, or None.
        weights: numbers of weights by place; empty if unknown.
        unpriced: why its events have no price; empty where they have.
    """

    label: str
    provenance: Mapping[str, Any]
    training: EventCounts | None
    inference: EventCounts | None
    weights: Mapping[str, int] = field(default_factory=dict)
    unpriced: str = ""


@dataclass(frozen=True)
class SystemEnergy:
    """Energy of one system on one chip; None for a quantity without counts or price."""

    inference: Estimate | None
    training: Estimate | None


@dataclass(frozen=True)
class SystemComparison:
    """Everything a comparison shows.

    Attributes:
        systems: at least two, in the order asked for; ratios are to the first.
        chips: profiles, each once.
        energies: by chip, then by system.
        conditions: how the chips are operated.
    """

    systems: tuple[ComparedSystem, ...]
    chips: tuple[ChipProfile, ...]
    energies: tuple[tuple[SystemEnergy, ...], ...]
    conditions: Conditions


def build_comparison(
    systems: Sequence[ComparedSystem],
    chips: Sequence[ChipProfile],
    conditions: Conditions | None = None,
) -> SystemComparison:
    """Estimate several systems on the same chips.

    Raises:
        ConfigError: for fewer than two systems, a label or chip that comes twice, a system without counts, and
            what `build_report` refuses.
    """
    if len(systems) < 2:
        raise ConfigError(f"a comparison needs at least two systems, got {len(systems)}")
    check_chips(chips)
    labels = [system.label for system in systems]
    for system in systems:
        if labels.count(system.label) > 1:
            raise ConfigError(f"system '{system.label}' is given more than once; give each once")
        if system.training is None and system.inference is None:
            raise ConfigError(
                f"system '{system.label}' has counts neither of training nor inference"
            )
        if system.inference is not None:
            refuse_learning(system.inference)
        checked_provenance(system.provenance)
    given = conditions or Conditions()
    given.check_layers(*(c for system in systems for c in (system.inference, system.training)))
    energies = tuple(tuple(_energy(system, chip, given) for system in systems) for chip in chips)
    return SystemComparison(tuple(systems), tuple(chips), energies, given)


def events_per_sample(counts: EventCounts) -> dict[str, float]:
    """Events by category and sample, all phases and places, as the simulation counted them."""
    sums = dict.fromkeys((name for name in CATEGORIES if name != "hops"), 0.0)
    for event in events_of(counts):
        sums[event.category] += event.count
    return {name: total / counts.samples for name, total in sums.items()}


def energy_ratio(one: Estimate, other: Estimate) -> Interval | None:
    """Energy per sample of `one` over that of `other` on the same chip.

    Whatever a figure of the chip is, it is the same for both. So each figure goes over its own interval, once
    for both systems; a ratio of sums over a box is largest and smallest at corners of the box.

    Returns:
        The ratio of what is modelled; None if that is nothing, or nothing happened in `other`.
    """
    parts = list(zip(_parts(one), _parts(other), strict=True))
    corners = []
    for ends in product((0, 2), repeat=len(parts)):
        corners.append(_ratio([(a[end], b[end]) for (a, b), end in zip(parts, ends, strict=True)]))
    typical = _ratio([(a[1], b[1]) for a, b in parts])
    known = [corner for corner in corners if corner is not None]
    if typical is None or len(known) < len(corners):
        return None
    return Interval(min(*known, typical), typical, max(*known, typical))


def _energy(system: ComparedSystem, chip: ChipProfile, conditions: Conditions) -> SystemEnergy:
    counted = (system.inference, system.training)
    inference, training = (
        None
        if counts is None or system.unpriced
        else estimate(counts, chip, conditions.within(counts))
        for counts in counted
    )
    return SystemEnergy(inference, training)


def _parts(each: Estimate) -> list[tuple[float, float, float]]:
    """Low, typical and high joules per sample of each category and of static power."""
    static = Interval.total(each.static.values())
    intervals = [each.energy(category=name) for name in CATEGORIES]
    known = [Interval(0.0, 0.0, 0.0) if part is None else part for part in [*intervals, static]]
    share = 1.0 / each.samples
    return [(part.low * share, part.typical * share, part.high * share) for part in known]


def _ratio(parts: Sequence[tuple[float, float]]) -> float | None:
    above, below = (sum(column) for column in zip(*parts, strict=True))
    return above / below if below > 0.0 else None
