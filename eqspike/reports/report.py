"""Energy report of one run on one or several chips, as a document.

Equal inputs give files of equal bytes: nothing is stamped with a time or a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eqspike.core.counts import EventCounts
from eqspike.energy import text
from eqspike.energy.events import events_of
from eqspike.reports import charts
from eqspike.reports import document as doc
from eqspike.reports.activity import histogram
from eqspike.reports.chip_parts import TITLES, chip_section, priced_of
from eqspike.reports.contents import ChipEnergy, EnergyReport, Priced
from eqspike.reports.evidence import CONFIDENCE_MEANING
from eqspike.reports.export import report_json
from eqspike.reports.files import write_document
from eqspike.reports.quantity import dynamic_amount
from eqspike.reports.ranges import RangeRow, common_axis, range_entry, total_amount
from eqspike.reports.sections import (
    EVENTS,
    KEY,
    LEAD,
    accuracy_words,
    beside,
    conditions_section,
    provenance_parts,
    reading_section,
)
from eqspike.reports.spreadsheet import events_table, totals_table

SHARE_OF = {"inference": "of an inference", "training": "of a training sample"}

_RESULT = doc.texts("chip", *map(str.lower, TITLES.values()), "time per inference")
_INCLUDES = (doc.Column("chip"), doc.Column("kind", under=0), doc.Column("included"))


def write_report(report: EnergyReport, folder: Path | str) -> tuple[Path, Path, Path]:
    """Write `energy.json`, `energy.md`, `energy.html`, `energy.csv` and `totals.csv`.

    Args:
        report: from `build_report`.
        folder: made if need be; existing reports in it are replaced.

    Returns:
        Paths of the first three, in that order.

    Raises:
        RunError: if the folder or a file cannot be written.
        MissingPackageError: without the package `jinja2`.
    """
    return write_document(report_document(report), Path(folder))


def report_document(report: EnergyReport) -> doc.Document:
    """The report as a document."""
    rate = report.samples_per_second
    data = report_json(report)
    accuracy = doc.Run(accuracy_words(report.provenance), "strong")
    counted = (("Inference", report.inference), ("Training", report.training))
    counts = tuple(_counts(name, each) for name, each in counted if each is not None)
    meanings = doc.Pairs(
        tuple(
            (doc.Run(name, "confidence"), meaning) for name, meaning in CONFIDENCE_MEANING.items()
        )
    )
    return doc.Document(
        "energy",
        data,
        report.title,
        (doc.Paragraph((LEAD,)), doc.Paragraph(("Accuracy of the run: ", accuracy))),
        (
            doc.Section("result", "Result", tuple(_result(report)), "Result"),
            *(chip_section(i, entry, rate) for i, entry in enumerate(report.chips, start=1)),
            doc.Section("counts", "Counts", (EVENTS, *counts), "Counts"),
            *_activity(report),
            reading_section(".", doc.Heading(3, ("Confidence",)), meanings),
            *conditions_section(report.conditions),
            doc.Section("provenance", "Provenance", provenance_parts(report.provenance), "Provenance"),
        ),
        charts.PARTS,
        {"energy": events_table(data), "totals": totals_table(data)},
    )  # fmt: skip


def _result(report: EnergyReport) -> Iterator[doc.Part]:
    caption = (
        "Typical value and interval; ≥ marks a lower bound, where something that costs energy has no published "
        "figure"
    )
    rows = tuple(_line(index, entry) for index, entry in enumerate(report.chips, start=1))
    yield doc.Table(caption, _RESULT, rows, "headline")
    for entry in report.chips:
        for warning in _warnings(entry):
            yield doc.Paragraph(
                (doc.Run(f"Warning, {entry.chip.name}.", "strong"), f" {warning}"), "warning"
            )
    doubts = tuple(_doubts(report))
    if doubts:
        lead = (
            doc.Run("Low confidence.", "strong"),
            " Figures of low confidence carry much of these typical totals; confirm them before quoting:",
        )
        yield doc.Bullets(doubts, lead, "warning")
    yield from _charts(report)
    chips = [entry.chip for entry in report.chips]
    yield doc.Table(
        "What one synaptic operation includes, which differs from chip to chip",
        _INCLUDES,
        tuple((chip.name, chip.kind, ", ".join(chip.includes) or "unknown") for chip in chips),
    )


def _line(index: int, entry: ChipEnergy) -> tuple[doc.Runs, ...]:
    reference = (doc.Run("a reference", "small"),) if entry.chip.reference else ()
    latency = None if entry.inference is None else entry.inference.estimate.latency
    return (
        (doc.Run(entry.chip.name, "link", f"#chip-{index}"), *reference),
        _headline(entry.inference),
        _headline(entry.training),
        (doc.Run("unknown", "soft"),) if latency is None else (text.amount(latency, "s"),),
    )


def _headline(priced: Priced | None) -> doc.Runs:
    if priced is None:
        return (doc.Run("no counts", "soft"),)
    found = priced.estimate
    notes = [f"without static power {dynamic_amount(found).typical}"] if found.static else []
    return beside(total_amount(found), *notes)


def _warnings(entry: ChipEnergy) -> tuple[str, ...]:
    """What must be known before quoting, but for low confidence, which is one note on all chips."""
    found = [
        f"{TITLES[name]}: {warning}"
        for name, priced in priced_of(entry)
        for warning in priced.estimate.warnings
        if priced.estimate.doubt is None or warning != priced.estimate.doubt.warning
    ]
    return tuple(dict.fromkeys(found))


def _doubts(report: EnergyReport) -> Iterator[doc.Runs]:
    """Chips whose totals rest on figures of low confidence, and how far."""
    for entry in report.chips:
        pairs = ((priced.estimate.doubt, SHARE_OF[name]) for name, priced in priced_of(entry))
        doubts = [(doubt, what) for doubt, what in pairs if doubt is not None]
        if doubts:
            shares = ", ".join(f"{text.percent(doubt.share)} {what}" for doubt, what in doubts)
            names = ", ".join(dict.fromkeys(name for doubt, _ in doubts for name in doubt.names))
            yield doc.Run(entry.chip.name, "strong"), f": {shares} ({names})"


def _charts(report: EnergyReport) -> Iterator[doc.Part]:
    """Chips, and the processors they are held against.

    The two never share a chart: a bound from a rated power is no peer of an energy per event.
    """
    for reference, caption in (
        (False, "Chips compared"),
        (True, "References: processors by the energy of their arithmetic at full use, never peers of the chips"),
    ):  # fmt: skip
        entries = [entry for entry in report.chips if entry.chip.reference is reference]
        axis = common_axis(p.estimate for entry in entries for _, p in priced_of(entry))
        if axis is not None:
            rows = tuple(
                RangeRow(
                    entry.chip.name,
                    tuple(range_entry(name, p.estimate, axis) for name, p in priced_of(entry)),
                )
                for entry in entries
            )
            yield doc.Ranges((f"{caption}, logarithmic axis. ", *KEY), rows, axis.ticks())


def _activity(report: EnergyReport) -> Iterator[doc.Section]:
    if report.activity:
        lead = (
            "Neurons by their mean number of spikes in an inference: how evenly the load is shared out. Silent "
            "neurons are in no bar."
        )
        layers = doc.Histograms(tuple(histogram(*item) for item in report.activity.items()))
        yield doc.Section("activity", "Activity", (doc.Paragraph((lead,)), layers), "Activity")


def _counts(title: str, counts: EventCounts) -> doc.Table:
    """Counts per sample by place, category and phase, without lines that are all zero."""
    phases = tuple(counts.phases)
    cells: dict[tuple[str, str], dict[str, float]] = {}
    for event in events_of(counts):
        cells.setdefault((event.place, event.category), {})[event.phase] = event.count
    rows = tuple(
        (
            text.arrow(place),
            category,
            *(text.count(line.get(p, 0) / counts.samples) for p in phases),
        )
        for (place, category), line in cells.items()
        if any(line.values())
    )
    steps = sum(phase.sample_steps for phase in counts.phases.values()) / counts.samples
    caption = f"{title}, mean of {text.count(counts.samples)} samples of {text.count(steps)} steps"
    columns = (
        doc.Column("where"), doc.Column("category", under=0),
        *(doc.Column(name, True, given=True) for name in phases),
    )  # fmt: skip
    return doc.Table(caption, columns, rows, "wide")
