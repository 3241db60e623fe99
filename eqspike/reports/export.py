"""Reports and comparisons as plain JSON data, schemas `eqspike-energy-report-1` and `eqspike-comparison-1`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from eqspike.chips import ChipProfile, IncludedIn
from eqspike.chips.figures import Figure
from eqspike.core.activity import activity_json
from eqspike.core.quantities import Interval
from eqspike.energy.endurance import Wear
from eqspike.energy.events import CATEGORIES, Row
from eqspike.energy.model import Estimate
from eqspike.energy.wording import EXCLUSIONS
from eqspike.reports.comparison import (
    ComparedSystem,
    SystemComparison,
    SystemEnergy,
    energy_ratio,
    events_per_sample,
)
from eqspike.reports.contents import ChipEnergy, EnergyReport, Priced
from eqspike.reports.differing import differing_settings

SCHEMA = "eqspike-energy-report-1"
COMPARISON_SCHEMA = "eqspike-comparison-1"


def report_json(report: EnergyReport) -> dict[str, Any]:
    """All of a report as JSON data, described in `docs/energy.md`; energies in joules, null for unknown."""
    return {
        "schema": SCHEMA,
        "title": report.title,
        "provenance": dict(report.provenance),
        "conditions": report.conditions.to_json(),
        "chips": {
            entry.chip.name: _chip(entry, report.samples_per_second) for entry in report.chips
        },
        "excluded": list(EXCLUSIONS),
        "counts": {
            "inference": None if report.inference is None else report.inference.to_json(),
            "training": None if report.training is None else report.training.to_json(),
        },
        **({"activity": activity_json(report.activity)} if report.activity else {}),
    }


def _chip(entry: ChipEnergy, samples_per_second: float) -> dict[str, Any]:
    inference, training = entry.inference, entry.training
    return {
        "title": entry.chip.title,
        "reference": entry.chip.reference,
        "inference_j": interval_data(None if inference is None else inference.estimate.per_sample),
        "training_sample_j": interval_data(
            None if training is None else training.estimate.per_sample
        ),
        "training_run_j": interval_data(None if training is None else training.estimate.total),
        "inference": None if inference is None else _estimate(inference),
        "training": None if training is None else _estimate(training),
        "wear": [_wear(item, samples_per_second) for item in entry.wear],
        "profile": profile_data(entry.chip),
    }


def _estimate(priced: Priced) -> dict[str, Any]:
    estimate = priced.estimate
    return {
        "samples": estimate.samples,
        "statement": estimate.statement,
        "lower_bound": estimate.lower_bound,
        "total_j": interval_data(estimate.total),
        "dynamic_j": interval_data(estimate.dynamic),
        "static_j": {name: interval_data(part) for name, part in estimate.static.items()},
        "by_category_j": {
            name: interval_data(estimate.energy(category=name)) for name in CATEGORIES
        },
        "by_phase_j": {
            name: interval_data(estimate.energy(phase=name)) for name in estimate.phases
        },
        "by_direction_j": {
            name: interval_data(part) for name, part in estimate.by_direction.items()
        },
        "latency_s": interval_data(estimate.latency),
        "seconds": {name: interval_data(part) for name, part in estimate.seconds.items()},
        "sensitivity_j": [
            {"figure": swing.figure, "low": swing.low, "high": swing.high}
            for swing in priced.swings
        ],
        "rows": [_row(row) for row in estimate.rows],
        "not_modelled": [
            {"what": gap.what, "count": gap.count, "reason": gap.reason} for gap in estimate.gaps
        ],
        "assumptions": list(estimate.assumptions),
        "warnings": list(estimate.warnings),
    }


def _wear(item: Wear, samples_per_second: float) -> dict[str, Any]:
    return {
        "place": item.place,
        "writes_per_weight_and_sample": item.writes,
        "training_samples": interval_data(item.samples),
        "samples_per_second": samples_per_second,
        "years": interval_data(item.years(samples_per_second)),
    }


def _row(row: Row) -> dict[str, Any]:
    event = row.event
    return {
        "place": event.place,
        "phase": event.phase,
        "category": event.category,
        "count": event.count,
        "copies": event.copies,
        "energy_j": interval_data(row.energy),
        "included_in": row.included_in or None,
    }


def profile_data(chip: ChipProfile) -> dict[str, Any]:
    """Figures of a profile, their sources and its digest."""
    return {
        "sha256": chip.digest,
        "synaptic_operation_includes": list(chip.includes),
        "energy": {event: _figure(figure) for event, figure in chip.energy.items()},
        "static_w": _figure(chip.static),
        "per_core_w": _figure(chip.per_core),
        "step_s": _figure(chip.timestep.duration),
        "endurance": _figure(chip.weights.endurance),
        "sources": dict(chip.sources),
    }


def _figure(figure: Figure) -> dict[str, Any] | None:
    if figure is None:
        return None
    if isinstance(figure, IncludedIn):
        return {"included_in": figure.event, "note": figure.note}
    return {
        "low": figure.low,
        "typical": figure.typical,
        "high": figure.high,
        "unit": figure.unit,
        "confidence": figure.confidence,
        "sources": list(figure.sources),
        "note": figure.note,
        "published": [asdict(item) for item in figure.published],
    }


def interval_data(interval: Interval | None) -> dict[str, float] | None:
    """An interval by the names of its ends; null for unknown."""
    if interval is None:
        return None
    return {"low": interval.low, "typical": interval.typical, "high": interval.high}


def comparison_json(comparison: SystemComparison) -> dict[str, Any]:
    """All of a comparison as JSON data, described in `docs/energy.md`; energies in joules, null for unknown."""
    return {
        "schema": COMPARISON_SCHEMA,
        "conditions": comparison.conditions.to_json(),
        "first": comparison.systems[0].label,
        "differing_settings": {
            key: list(values) for key, values in differing_settings(comparison.systems).items()
        },
        "systems": {
            system.label: _system(system, index, comparison)
            for index, system in enumerate(comparison.systems)
        },
        "chips": {
            chip.name: {
                "title": chip.title,
                "reference": chip.reference,
                "profile": profile_data(chip),
            }
            for chip in comparison.chips
        },
        "excluded": list(EXCLUSIONS),
    }


def _system(system: ComparedSystem, index: int, comparison: SystemComparison) -> dict[str, Any]:
    accuracy = system.provenance.get("accuracy")
    chips = {
        chip.name: _energy(energies[index], energies[0])
        for chip, energies in zip(comparison.chips, comparison.energies, strict=True)
    }
    counted = {"inference": system.inference, "training": system.training}
    return {
        "accuracy": accuracy,
        "weights": dict(system.weights),
        "events_per_sample": {
            name: None if counts is None else events_per_sample(counts)
            for name, counts in counted.items()
        },
        "unpriced": system.unpriced or None,
        "chips": chips,
        "provenance": dict(system.provenance),
    }


def _energy(energy: SystemEnergy, first: SystemEnergy) -> dict[str, Any]:
    return {
        "inference_j": _per_sample(energy.inference),
        "training_sample_j": _per_sample(energy.training),
        "inference_to_first": _ratio(energy.inference, first.inference),
        "training_sample_to_first": _ratio(energy.training, first.training),
        "not_modelled": sorted(
            {gap.what for e in (energy.inference, energy.training) if e for gap in e.gaps}
        ),
    }


def _per_sample(estimate: Estimate | None) -> dict[str, float] | None:
    return interval_data(None if estimate is None else estimate.per_sample)


def _ratio(one: Estimate | None, other: Estimate | None) -> dict[str, float] | None:
    return None if one is None or other is None else interval_data(energy_ratio(one, other))
