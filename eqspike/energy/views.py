"""What the templates show, as ready texts: no template computes, no template reads an estimate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eqspike.chips import ChipProfile, IncludedIn
from eqspike.chips.figures import Figure
from eqspike.core.counts import EventCounts
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy import charts, text
from eqspike.energy.contents import ChipEnergy, EnergyReport
from eqspike.energy.events import EVENT_OF, Row, events_of
from eqspike.energy.model import Estimate

CONFIDENCE_MEANING = {
    "high": "read in a primary source",
    "medium": "read in a secondary source",
    "low": "recalled or inferred, to be confirmed",
}
CONFIDENCE_MARKS = {"high": "●●●", "medium": "●●○", "low": "●○○"}


@dataclass(frozen=True)
class Amount:
    """An energy as texts: the typical value (with its sign of a lower bound) and the interval."""

    typical: str
    interval: str


@dataclass(frozen=True)
class Comparison:
    """One line of the comparison of chips; without a span where there is nothing to draw."""

    chip: str
    quantity: str
    amount: Amount
    span: charts.Span | None


@dataclass(frozen=True)
class PartLine:
    """One part of an estimate: events and energy per sample, share and evidence."""

    part: int
    name: str
    count: str
    amount: Amount
    share: str
    confidence: str


@dataclass(frozen=True)
class PlaceLine:
    """One category at one place: count and energy per sample."""

    place: str
    category: str
    count: str
    amount: Amount


@dataclass(frozen=True)
class QuantityView:
    """One estimate: inference or training sample."""

    title: str
    amount: Amount
    statement: str
    bars: tuple[charts.Bar, ...]
    parts: tuple[PartLine, ...]
    places: tuple[PlaceLine, ...]
    gaps: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class FigureLine:
    """One figure of a profile and its evidence."""

    event: str
    amount: Amount
    confidence: str
    sources: str
    note: str


@dataclass(frozen=True)
class ChipView:
    """One chip of the report."""

    anchor: str
    chip: ChipProfile
    quantities: tuple[QuantityView, ...]
    headline: tuple[Amount | None, Amount | None]
    figures: tuple[FigureLine, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class CountTable:
    """Counts per sample: places and categories down, phases across."""

    title: str
    samples: str
    phases: tuple[str, ...]
    lines: tuple[tuple[str, str, tuple[str, ...]], ...]


TITLES = {"inference": "Energy per inference", "training": "Energy per training sample"}


def chip_view(index: int, entry: ChipEnergy) -> ChipView:
    """Texts of one chip; `index` makes its anchor, so that a name never has to be one."""
    pairs = (("inference", entry.inference), ("training", entry.training))
    given = [(name, estimate) for name, estimate in pairs if estimate is not None]
    return ChipView(
        f"chip-{index}",
        entry.chip,
        tuple(_quantity(TITLES[name], estimate, entry.chip) for name, estimate in given),
        (_headline(entry.inference), _headline(entry.training)),
        _figures(entry.chip),
        _unique(note for _, estimate in given for note in estimate.assumptions),
        _unique(f"{TITLES[n]}: {warning}" for n, e in given for warning in e.warnings),
    )


def comparison(report: EnergyReport) -> tuple[tuple[Comparison, ...], tuple[charts.Tick, ...]]:
    """Lines and axis of the comparison of chips; no axis if there is nothing above zero."""
    estimates = [
        (entry.chip.name, name, estimate)
        for entry in report.chips
        for name, estimate in (("inference", entry.inference), ("training", entry.training))
        if estimate is not None
    ]
    drawable = [each for _, _, e in estimates if (each := e.per_sample) and each.low > 0.0]
    axis = charts.LogAxis(drawable) if drawable else None
    lines = tuple(
        Comparison(chip, name, _amount(estimate), _span(axis, estimate.per_sample))
        for chip, name, estimate in estimates
    )
    return lines, axis.ticks() if axis else ()


def _span(axis: charts.LogAxis | None, interval: Interval | None) -> charts.Span | None:
    """Nothing and zero have no place on a logarithmic axis."""
    if axis is None or interval is None or interval.low == 0.0:
        return None
    return axis.span(interval)


def count_table(title: str, counts: EventCounts) -> CountTable:
    """Counts per sample by place, category and phase, without lines that are all zero."""
    phases = tuple(counts.phases)
    cells: dict[tuple[str, str], dict[str, int]] = {}
    for event in events_of(counts):
        cells.setdefault((event.place, event.category), {})[event.phase] = event.count
    lines = tuple(
        (
            _arrow(place),
            category,
            tuple(text.count(line.get(p, 0) / counts.samples) for p in phases),
        )
        for (place, category), line in cells.items()
        if any(line.values())
    )
    return CountTable(title, text.count(counts.samples), phases, lines)


def provenance_lines(provenance: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Provenance as flat lines, nested names joined by dots."""
    lines: list[tuple[str, str]] = []
    for key, value in provenance.items():
        if isinstance(value, dict):
            lines += [(f"{key}.{name}", shown) for name, shown in provenance_lines(value)]
        else:
            lines.append((key, value if isinstance(value, str) else json.dumps(value)))
    return tuple(lines)


def _shown(interval: Interval, unit: str = "J", sign: str = "") -> Amount:
    typical, span = text.si(interval.typical, unit), text.si_range(interval, unit)
    return Amount(sign + typical, "" if span == typical else span)


def _amount(estimate: Estimate) -> Amount:
    each = estimate.per_sample
    if each is None:
        return Amount("not modelled", "")
    return _shown(each, sign="≥\u00a0" if estimate.lower_bound else "")


def _headline(estimate: Estimate | None) -> Amount | None:
    return None if estimate is None else _amount(estimate)


def _quantity(title: str, estimate: Estimate, chip: ChipProfile) -> QuantityView:
    samples = estimate.samples
    return QuantityView(
        title,
        _amount(estimate),
        estimate.statement,
        charts.phase_bars(estimate),
        tuple(_part(index, name, estimate, chip) for index, name in enumerate(charts.PARTS)),
        _places(estimate),
        tuple(
            (gap.what, "" if gap.count is None else text.count(gap.count / samples), gap.reason)
            for gap in estimate.gaps
        ),
    )


def _part(index: int, name: str, estimate: Estimate, chip: ChipProfile) -> PartLine:
    energy = charts.part_energy(estimate, name)
    rows = estimate.select(category=name)
    shown = "" if name == charts.STATIC else text.count(_events(rows, estimate))
    if energy is None:
        amount = Amount(_why_none(rows), "")
        return PartLine(index, name, shown, amount, "", "")
    total = estimate.per_sample
    share = energy.typical / total.typical if total is not None and total.typical else 0.0
    figure = chip.static if name == charts.STATIC else chip.energy[EVENT_OF[name]]
    confidence = figure.confidence if isinstance(figure, Quantity) and energy.typical else ""
    return PartLine(index, name, shown, _shown(energy), text.percent(share), confidence)


def _places(estimate: Estimate) -> tuple[PlaceLine, ...]:
    keys = dict.fromkeys(
        (row.event.place, row.event.category) for row in estimate.rows if row.event.count
    )
    return tuple(_place(place, category, estimate) for place, category in keys)


def _place(place: str, category: str, estimate: Estimate) -> PlaceLine:
    rows = estimate.select(place=place, category=category)
    shown = text.count(_events(rows, estimate))
    energy = estimate.energy(place=place, category=category)
    if energy is None:
        return PlaceLine(_arrow(place), category, shown, Amount(_why_none(rows), ""))
    return PlaceLine(_arrow(place), category, shown, _shown(energy.scaled(1.0 / estimate.samples)))


def _events(rows: Iterable[Row], estimate: Estimate) -> float:
    """Events on the chip per sample."""
    return sum(row.event.count * row.event.copies for row in rows) / estimate.samples


def _why_none(rows: Iterable[Row]) -> str:
    container = next((row.included_in for row in rows if row.included_in), "")
    return f"in {container}" if container else "not modelled"


def _figures(chip: ChipProfile) -> tuple[FigureLine, ...]:
    lines = [_figure(event.replace("_", " "), figure) for event, figure in chip.energy.items()]
    return (*lines, _figure("static power", chip.static), _figure("power per core", chip.per_core))


def _figure(event: str, figure: Figure) -> FigureLine:
    if isinstance(figure, Quantity):
        return FigureLine(
            event,
            _shown(figure.interval, figure.unit),
            figure.confidence,
            ", ".join(figure.sources),
            figure.note,
        )
    if isinstance(figure, IncludedIn):
        where = figure.event.replace("_", " ")
        return FigureLine(event, Amount(f"in {where}", ""), "", "", figure.note)
    return FigureLine(event, Amount("unknown", ""), "", "", "")


def _arrow(place: str) -> str:
    """Directed couplings with an arrow, which no browser breaks over two lines."""
    return place.replace("->", "→")


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
