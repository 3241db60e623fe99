"""What the templates show, as ready texts: no template computes, no template reads an estimate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eqspike.chips import ChipProfile
from eqspike.core.quantities import Interval
from eqspike.energy import text
from eqspike.energy.text import Amount
from eqspike.reports import charts
from eqspike.reports.contents import ChipEnergy, EnergyReport, Priced
from eqspike.reports.evidence import FigureLine, figure_lines
from eqspike.reports.quantity_view import QuantityView, dynamic_amount, quantity_view, total_amount

TITLES = {"inference": "Energy per inference", "training": "Energy per training sample"}
SHARE_OF = {"inference": "of an inference", "training": "of a training sample"}
WHOLE = {"inference": "", "training": "whole training"}


@dataclass(frozen=True)
class Comparison:
    """One line of the comparison of chips; without a span where there is nothing to draw."""

    chip: str
    quantity: str
    amount: Amount
    span: charts.Span | None


@dataclass(frozen=True)
class Chart:
    """A comparison on one axis; no ticks if there is nothing above zero."""

    lines: tuple[Comparison, ...]
    ticks: tuple[charts.Tick, ...]


@dataclass(frozen=True)
class WearLine:
    """Wear of one coupling's weights."""

    place: str
    writes: str
    samples: str
    years: str


@dataclass(frozen=True)
class ChipView:
    """One chip of the report.

    Attributes:
        anchor: name of its section.
        chip: its profile.
        quantities: one for each kind of counts.
        headline: energy per inference and per training sample; None without counts.
        dynamic: the same without static power, where that differs; else None.
        latency: time on the chip per inference; None if unknown.
        figures: evidence.
        wear: by coupling; empty where the profile has no endurance.
        assumptions, warnings: texts; low confidence is in `doubt_lines`.
    """

    anchor: str
    chip: ChipProfile
    quantities: tuple[QuantityView, ...]
    headline: tuple[Amount | None, Amount | None]
    dynamic: tuple[Amount | None, Amount | None]
    latency: Amount | None
    figures: tuple[FigureLine, ...]
    wear: tuple[WearLine, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]


def chip_view(index: int, entry: ChipEnergy, samples_per_second: float) -> ChipView:
    """Texts of one chip; `index` makes its anchor, so that a name never has to be one."""
    given = _priced_of(entry)
    latency = None if entry.inference is None else entry.inference.estimate.latency
    return ChipView(
        f"chip-{index}",
        entry.chip,
        tuple(quantity_view(TITLES[n], priced, entry.chip, WHOLE[n]) for n, priced in given),
        (_headline(entry.inference), _headline(entry.training)),
        (_dynamic(entry.inference), _dynamic(entry.training)),
        None if latency is None else text.amount(latency, "s"),
        figure_lines(entry.chip),
        _wear(entry, samples_per_second),
        _unique(note for _, priced in given for note in priced.estimate.assumptions),
        _unique(
            f"{TITLES[n]}: {warning}"
            for n, p in given
            for warning in p.estimate.warnings
            if p.estimate.doubt is None or warning != p.estimate.doubt.warning
        ),
    )


def doubt_lines(report: EnergyReport) -> tuple[tuple[str, str], ...]:
    """Chips whose totals rest on figures of low confidence, and how far, for one note on all of them."""
    lines = []
    for entry in report.chips:
        pairs = ((priced, SHARE_OF[name]) for name, priced in _priced_of(entry))
        doubts = [(p.estimate.doubt, what) for p, what in pairs if p.estimate.doubt is not None]
        if doubts:
            shares = ", ".join(f"{text.percent(doubt.share)} {what}" for doubt, what in doubts)
            names = ", ".join(dict.fromkeys(name for doubt, _ in doubts for name in doubt.names))
            lines.append((entry.chip.name, f"{shares} ({names})"))
    return tuple(lines)


def _priced_of(entry: ChipEnergy) -> list[tuple[str, Priced]]:
    pairs = (("inference", entry.inference), ("training", entry.training))
    return [(name, priced) for name, priced in pairs if priced is not None]


def comparison(report: EnergyReport, *, reference: bool) -> Chart:
    """Lines and axis of the comparison of chips, or of the processors they are held against.

    The two never share a chart: a bound from a rated power is no peer of an energy per event.
    """
    estimates = [
        (entry.chip.name, name, priced.estimate)
        for entry in report.chips
        if entry.chip.reference is reference
        for name, priced in _priced_of(entry)
    ]
    drawable = [each for _, _, e in estimates if (each := e.per_sample) and each.low > 0.0]
    axis = charts.LogAxis(drawable) if drawable else None
    lines = tuple(
        Comparison(chip, name, total_amount(estimate), _span(axis, estimate.per_sample))
        for chip, name, estimate in estimates
    )
    return Chart(lines, axis.ticks() if axis else ())


def _span(axis: charts.LogAxis | None, interval: Interval | None) -> charts.Span | None:
    """Nothing and zero have no place on a logarithmic axis."""
    if axis is None or interval is None or interval.low == 0.0:
        return None
    return axis.span(interval)


def _headline(priced: Priced | None) -> Amount | None:
    return None if priced is None else total_amount(priced.estimate)


def _dynamic(priced: Priced | None) -> Amount | None:
    return dynamic_amount(priced.estimate) if priced and priced.estimate.static else None


def _wear(entry: ChipEnergy, samples_per_second: float) -> tuple[WearLine, ...]:
    return tuple(
        WearLine(
            item.place,
            f"{item.writes:.3g}",
            _powers(item.samples),
            _powers(item.years(samples_per_second)),
        )
        for item in entry.wear
    )


def _powers(interval: Interval) -> str:
    """Typical and ends with two digits: an endurance is known to powers of ten."""
    low, typical, high = map(text.scientific, (interval.low, interval.typical, interval.high))
    return f"{typical} ({low} – {high})"


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
