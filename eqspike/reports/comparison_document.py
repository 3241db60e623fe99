"""Comparison of several systems, as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import starmap
from pathlib import Path

from eqspike.chips import ChipProfile
from eqspike.core.counts import EventCounts
from eqspike.core.quantities import Interval
from eqspike.energy import text
from eqspike.energy.model import Estimate
from eqspike.energy.wording import comparison_cautions, memory_words
from eqspike.reports import document as doc
from eqspike.reports.charts import LogAxis, Tick
from eqspike.reports.comparison import (
    ComparedSystem,
    SystemComparison,
    SystemEnergy,
    energy_ratio,
    events_per_sample,
)
from eqspike.reports.differing import settings_parts
from eqspike.reports.export import comparison_json
from eqspike.reports.files import write_document
from eqspike.reports.precision import precision_parts
from eqspike.reports.ranges import QUANTITIES, RangeEntry, RangeRow, common_axis, range_entry
from eqspike.reports.sections import (
    EVENTS,
    KEY,
    LEAD,
    accuracy_words,
    conditions_section,
    provenance_parts,
    reading_section,
)
from eqspike.reports.spreadsheet import comparison_table

_SYSTEMS = (
    doc.Column("system"), doc.Column("task", under=0), doc.Column("accuracy", True), doc.Column("weights"),
    doc.Column("number of weights and biases", True, under=3, words=" weights and biases"),
    *doc.numbers(
        "synaptic operations per inference", "synaptic operations per training sample",
        "weight writes per training sample",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class SystemLine:
    """One system of the overview; all texts."""

    label: str
    task: str
    accuracy: str
    memory: str
    weights: str
    operations: tuple[str, str]
    writes: str


@dataclass(frozen=True)
class ChipPanel:
    """All systems on one chip; no ticks if there is nothing above zero."""

    chip: ChipProfile
    rows: tuple[RangeRow, ...]
    ticks: tuple[Tick, ...]
    notes: tuple[str, ...]


def write_comparison(comparison: SystemComparison, folder: Path | str) -> tuple[Path, Path, Path]:
    """Write `comparison.json`, `.md`, `.html` and `.csv`; returns the paths of the first three in that order.

    Raises:
        RunError: if the folder or a file cannot be written.
        MissingPackageError: without the package `jinja2`.
    """
    return write_document(comparison_document(comparison), Path(folder))


def comparison_document(comparison: SystemComparison) -> doc.Document:
    """The comparison as a document."""
    systems = comparison.systems
    tasks = dict.fromkeys(str(system.provenance.get("task", "")) for system in systems)
    on = f" on {next(iter(tasks))}" if len(tasks) == 1 and "" not in tasks else ""
    precision = precision_parts(comparison)
    width = "Weight precision"
    data = comparison_json(comparison)
    return doc.Document(
        "comparison",
        data,
        f"{len(systems)} systems compared{on}",
        (doc.Paragraph((f"{LEAD} All systems are priced with the same figures.",)),),
        (
            doc.Section("result", "Systems", tuple(_overview(systems)), "Systems"),
            doc.Section("settings", "Settings", tuple(settings_parts(systems)), "Settings"),
            *([doc.Section("precision", width, precision, width)] if precision else []),
            doc.Section("events", "Events", (EVENTS, *_events(systems)), "Events"),
            doc.Section("energy", "Energy", tuple(_energies(comparison))),
            reading_section(
                ", and a ratio is one of what is left. Sources and confidence of each figure are in the report of "
                "each system."
            ),
            *conditions_section(comparison.conditions),
            doc.Section("provenance", "Provenance", tuple(_provenance(comparison)), "Provenance"),
        ),
        tables={"comparison": comparison_table(data)},
    )  # fmt: skip


def system_line(system: ComparedSystem) -> SystemLine:
    """Texts of one system."""
    operations = [
        _per_sample(counts, "synaptic operations") for counts in (system.inference, system.training)
    ]
    return SystemLine(
        system.label,
        str(system.provenance.get("task", "not given")),
        accuracy_words(system.provenance),
        memory_words(system.provenance),
        text.count(sum(system.weights.values())) if system.weights else "not given",
        (operations[0], operations[1]),
        _per_sample(system.training, "weight writes"),
    )


def chip_panels(comparison: SystemComparison) -> tuple[ChipPanel, ...]:
    """One panel for each chip. Chips share one axis, references another."""
    pairs = list(zip(comparison.chips, comparison.energies, strict=True))
    axes = {
        kind: common_axis(
            each for chip, row in pairs if chip.reference is kind for e in row for each in _both(e)
        )
        for kind in (False, True)
    }
    return tuple(_panel(chip, comparison.systems, row, axes[chip.reference]) for chip, row in pairs)


def ratio_words(ratio: Interval) -> str:
    """A ratio and its interval, such as `× 0.84 (0.8 – 0.91)`; one number where they agree."""
    low, typical, high = (f"{value:.3g}" for value in (ratio.low, ratio.typical, ratio.high))
    return f"×\u00a0{typical}" if low == high else f"×\u00a0{typical} ({low} – {high})"


def _overview(systems: tuple[ComparedSystem, ...]) -> Iterator[doc.Part]:
    for caution in comparison_cautions([system.provenance for system in systems]):
        yield doc.Paragraph((caution,), "warning")
    rows = tuple(starmap(_row, enumerate(systems, start=1)))
    caption = "Accuracy on the test set, and what drives the energy, per sample"
    yield doc.Table(caption, _SYSTEMS, rows, "wide")
    for system in systems:
        if system.unpriced:
            label = doc.Run(system.label, "strong")
            yield doc.Paragraph((label, f" is not priced: {system.unpriced}"), "note")


def _row(index: int, system: ComparedSystem) -> tuple[str | doc.Run, ...]:
    """The index makes the anchor, so that a label never has to be one."""
    line = system_line(system)
    label, accuracy = (
        doc.Run(line.label, "link", f"#system-{index}"),
        doc.Run(line.accuracy, "strong"),
    )
    return label, line.task, accuracy, line.memory, line.weights, *line.operations, line.writes


def _events(systems: tuple[ComparedSystem, ...]) -> Iterator[doc.Table]:
    """Events per sample of all systems, without categories that are zero in all of them."""
    for name, title in QUANTITIES.items():
        counted = ((system.label, getattr(system, name)) for system in systems)
        known = [(label, events_per_sample(counts)) for label, counts in counted if counts]
        categories = [
            name for name in (known[0][1] if known else ()) if any(each[name] for _, each in known)
        ]
        rows = tuple((label, *(text.count(each[c]) for c in categories)) for label, each in known)
        if rows:
            columns = (doc.Column("system"), *(doc.Column(name, True) for name in categories))
            yield doc.Table(f"Events per {title}", columns, rows, "wide")


def _energies(comparison: SystemComparison) -> Iterator[doc.Part]:
    ratios = (
        f"Typical value and interval; ≥ marks a lower bound. × is the ratio to {comparison.systems[0].label}, "
        "over all values the chip's figures may have, equal for both systems: it is known better than the "
        "energies are."
    )
    yield doc.Paragraph((ratios,))
    explained = set()
    for index, panel in enumerate(chip_panels(comparison), start=1):
        chip = panel.chip
        reference = (" ", doc.Run("(reference)", "soft")) if chip.reference else ()
        yield doc.Heading(3, (f"{chip.name}: {chip.title}", *reference), f"chip-{index}", chip.name)
        if chip.reference:
            said = "A processor by the energy of its arithmetic at full use, never a peer of the chips."
            yield doc.Paragraph((said,), "note")
        kind = "references" if chip.reference else "chips"
        caption: doc.Runs = ()
        if panel.ticks and kind not in explained:
            caption = (f"Logarithmic axis, one for all {kind}. ", *KEY)
            explained.add(kind)
        yield doc.Ranges(caption, panel.rows, panel.ticks, "system")
        yield doc.Paragraph(
            (f"One synaptic operation includes: {', '.join(chip.includes) or 'unknown'}.",), "soft"
        )
        yield from (doc.Paragraph((note,), "soft") for note in panel.notes)


def _provenance(comparison: SystemComparison) -> Iterator[doc.Part]:
    for index, system in enumerate(comparison.systems, start=1):
        yield doc.Heading(3, (system.label,), f"system-{index}")
        yield from provenance_parts(system.provenance)
    yield doc.Heading(3, ("Profiles of the chips",))
    yield doc.Pairs(
        tuple((chip.name, doc.Run(f"SHA-256 {chip.digest}", "code")) for chip in comparison.chips)
    )


def _panel(
    chip: ChipProfile, systems: tuple[ComparedSystem, ...], energies: tuple[SystemEnergy, ...],
    axis: LogAxis | None,
) -> ChipPanel:  # fmt: skip
    rows = []
    for system, energy in zip(systems, energies, strict=True):
        entries = tuple(_entries(energy, energies[0], axis))
        remark = "" if entries else "not priced" if system.unpriced else "no counts"
        rows.append(RangeRow(system.label, entries, remark))
    estimates = [each for energy in energies for each in _both(energy) if each is not None]
    drawn = any(entry.span for row in rows for entry in row.entries)
    return ChipPanel(chip, tuple(rows), axis.ticks() if axis and drawn else (), _notes(estimates))


def _entries(
    energy: SystemEnergy, first: SystemEnergy, axis: LogAxis | None
) -> Iterator[RangeEntry]:
    for name, estimate, other in zip(QUANTITIES, _both(energy), _both(first), strict=True):
        if estimate is not None:
            comparable = other is not None and energy is not first
            ratio = energy_ratio(estimate, other) if comparable and other else None
            yield range_entry(name, estimate, axis, "" if ratio is None else ratio_words(ratio))


def _both(energy: SystemEnergy) -> tuple[Estimate | None, Estimate | None]:
    return energy.inference, energy.training


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
