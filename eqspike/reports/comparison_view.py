"""What the templates of a comparison show, as ready texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eqspike.chips import ChipProfile
from eqspike.core.counts import EventCounts
from eqspike.core.quantities import Interval
from eqspike.energy import text
from eqspike.energy.model import Estimate
from eqspike.energy.text import Amount
from eqspike.energy.wording import memory_words
from eqspike.reports import charts
from eqspike.reports.comparison import (
    ComparedSystem,
    SystemComparison,
    SystemEnergy,
    energy_ratio,
    events_per_sample,
)
from eqspike.reports.quantity_view import total_amount
from eqspike.reports.tables import provenance_lines

QUANTITIES = ("inference", "training")
SHORT = {"inference": "inference", "training": "training sample"}


@dataclass(frozen=True)
class SystemLine:
    """One system of the overview; all texts."""

    anchor: str
    label: str
    task: str
    accuracy: str
    memory: str
    weights: str
    operations: tuple[str, str]
    writes: str
    unpriced: str
    provenance: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class EventTable:
    """Events per sample: systems down, categories across."""

    title: str
    categories: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class EnergyEntry:
    """One quantity of one system on one chip; no span where there is nothing to draw."""

    quantity: str
    title: str
    amount: Amount
    ratio: str
    span: charts.Span | None


@dataclass(frozen=True)
class SystemRow:
    """One system on one chip: an entry for each quantity that has counts."""

    label: str
    entries: tuple[EnergyEntry, ...]
    unpriced: bool


@dataclass(frozen=True)
class ChipPanel:
    """All systems on one chip; no ticks if there is nothing above zero."""

    anchor: str
    chip: ChipProfile
    rows: tuple[SystemRow, ...]
    ticks: tuple[charts.Tick, ...]
    notes: tuple[str, ...]


def system_line(index: int, system: ComparedSystem) -> SystemLine:
    """Texts of one system; `index` makes its anchor, so that a label never has to be one."""
    provenance = system.provenance
    accuracy = provenance.get("accuracy")
    counted = (system.inference, system.training)
    return SystemLine(
        f"system-{index}",
        system.label,
        str(provenance.get("task", "not given")),
        "not given" if accuracy is None else f"{100.0 * accuracy:.2f} %",
        memory_words(provenance),
        text.count(sum(system.weights.values())) if system.weights else "not given",
        (
            _per_sample(counted[0], "synaptic operations"),
            _per_sample(counted[1], "synaptic operations"),
        ),
        _per_sample(system.training, "weight writes"),
        system.unpriced,
        provenance_lines(provenance),
    )


def event_table(title: str, pairs: Sequence[tuple[str, EventCounts | None]]) -> EventTable:
    """Events per sample of all systems, without categories that are zero in all of them."""
    known = [(label, events_per_sample(counts)) for label, counts in pairs if counts is not None]
    categories = tuple(
        name for name in (known[0][1] if known else ()) if any(events[name] for _, events in known)
    )
    lines = tuple(
        (label, tuple(text.count(events[c]) for c in categories)) for label, events in known
    )
    return EventTable(title, categories, lines)


def chip_panels(comparison: SystemComparison) -> tuple[ChipPanel, ...]:
    """One panel for each chip. Chips share one axis, references another."""
    axes = {kind: _axis(comparison, kind) for kind in (False, True)}
    return tuple(
        _panel(f"chip-{index}", chip, comparison.systems, energies, axes[chip.reference])
        for index, (chip, energies) in enumerate(
            zip(comparison.chips, comparison.energies, strict=True), start=1
        )
    )


def _axis(comparison: SystemComparison, reference: bool) -> charts.LogAxis | None:
    drawable = [
        interval
        for chip, energies in zip(comparison.chips, comparison.energies, strict=True)
        if chip.reference is reference
        for energy in energies
        for estimate in (energy.inference, energy.training)
        if estimate and (interval := estimate.per_sample) and interval.low > 0.0
    ]
    return charts.LogAxis(drawable) if drawable else None


def _panel(
    anchor: str, chip: ChipProfile, systems: Sequence[ComparedSystem], energies: Sequence[SystemEnergy],
    axis: charts.LogAxis | None,
) -> ChipPanel:  # fmt: skip
    rows = tuple(
        SystemRow(
            system.label,
            tuple(
                _entry(
                    name,
                    estimate,
                    None if energy is energies[0] else getattr(energies[0], name),
                    axis,
                )
                for name in QUANTITIES
                if (estimate := getattr(energy, name)) is not None
            ),
            bool(system.unpriced),
        )
        for system, energy in zip(systems, energies, strict=True)
    )
    estimates = [
        e for energy in energies for e in (energy.inference, energy.training) if e is not None
    ]
    drawn = any(entry.span for row in rows for entry in row.entries)
    return ChipPanel(anchor, chip, rows, axis.ticks() if axis and drawn else (), _notes(estimates))


def _entry(
    name: str, estimate: Estimate, first: Estimate | None, axis: charts.LogAxis | None
) -> EnergyEntry:
    interval = estimate.per_sample
    drawable = axis is not None and interval is not None and interval.low > 0.0
    ratio = None if first is None else energy_ratio(estimate, first)
    return EnergyEntry(
        name,
        SHORT[name],
        total_amount(estimate),
        "" if ratio is None else ratio_words(ratio),
        axis.span(interval) if drawable and axis and interval else None,
    )


def ratio_words(ratio: Interval) -> str:
    """A ratio and its interval, such as `× 0.84 (0.8 – 0.91)`; one number where they agree."""
    low, typical, high = (f"{value:.3g}" for value in (ratio.low, ratio.typical, ratio.high))
    return f"×\u00a0{typical}" if low == high else f"×\u00a0{typical} ({low} – {high})"


def _notes(estimates: Iterable[Estimate]) -> tuple[str, ...]:
    """What a reader must know of all systems on one chip: gaps, and figures of low confidence, once each."""
    items = tuple(estimates)
    gaps = dict.fromkeys(gap.what for estimate in items for gap in estimate.gaps)
    notes = [f"Lower bounds: {', '.join(gaps)} not modelled."] if gaps else []
    doubts = [estimate.doubt for estimate in items if estimate.doubt]
    if doubts:
        names = ", ".join(dict.fromkeys(name for doubt in doubts for name in doubt.names))
        most = text.percent(max(doubt.share for doubt in doubts))
        notes.append(
            f"Figures of low confidence ({names}) carry up to {most} of a typical total: confirm them "
            "before quoting it."
        )
    return tuple(notes)


def _per_sample(counts: EventCounts | None, category: str) -> str:
    return "no counts" if counts is None else text.count(events_per_sample(counts)[category])
