"""Texts of one estimate: energy per inference or per training sample."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eqspike.chips import ChipProfile
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy import text
from eqspike.energy.events import EVENT_OF, STATIC, Row
from eqspike.energy.model import Estimate
from eqspike.energy.text import Amount
from eqspike.reports import charts
from eqspike.reports.contents import Priced

MOST_SWINGS = 5
"""Figures named as moving the total most."""


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
class SwingLine:
    """One figure and what the typical total is with it low and high; change against the total."""

    figure: str
    low: str
    high: str
    change: str


@dataclass(frozen=True)
class QuantityView:
    """One estimate: inference or training sample.

    Attributes:
        title, statement: texts.
        amount: energy per sample.
        facts: further quantities by name, such as the energy without static power and the latency.
        bars: one for each phase.
        parts, places, directions, swings, gaps: lines of the tables.
    """

    title: str
    amount: Amount
    statement: str
    facts: tuple[tuple[str, Amount], ...]
    bars: tuple[charts.Bar, ...]
    parts: tuple[PartLine, ...]
    places: tuple[PlaceLine, ...]
    directions: tuple[tuple[str, Amount], ...]
    swings: tuple[SwingLine, ...]
    gaps: tuple[tuple[str, str, str], ...]


def quantity_view(title: str, priced: Priced, chip: ChipProfile, whole: str = "") -> QuantityView:
    """Texts of one estimate.

    Args:
        title: headline.
        priced: the estimate and its sensitivity.
        chip: profile that it was made with.
        whole: name of the energy of all samples together; empty to leave it out.
    """
    estimate = priced.estimate
    return QuantityView(
        title,
        total_amount(estimate),
        estimate.statement,
        _facts(estimate, whole),
        charts.phase_bars(estimate),
        _parts(estimate, chip),
        _places(estimate),
        tuple(
            (way, text.amount(energy.scaled(1.0 / estimate.samples)))
            for way, energy in estimate.by_direction.items()
            if energy is not None and energy.high
        ),
        _swings(priced),
        tuple(
            (
                gap.what,
                "" if gap.count is None else text.count(gap.count / estimate.samples),
                gap.reason,
            )
            for gap in estimate.gaps
        ),
    )


def total_amount(estimate: Estimate) -> Amount:
    """Energy per sample, marked where it is a lower bound."""
    return _known(estimate.per_sample, estimate)


def dynamic_amount(estimate: Estimate) -> Amount:
    """The same without static power."""
    return _known(estimate.dynamic_per_sample, estimate)


def _known(energy: Interval | None, estimate: Estimate) -> Amount:
    if energy is None:
        return Amount("not modelled", "")
    return text.amount(energy, sign="≥\u00a0" if estimate.lower_bound else "")


def _facts(estimate: Estimate, whole: str) -> tuple[tuple[str, Amount], ...]:
    facts = []
    if estimate.static:
        facts.append(("without static power", dynamic_amount(estimate)))
    if estimate.latency is not None:
        facts.append(("time on the chip", text.amount(estimate.latency, "s")))
    if whole:
        facts.append((whole, _known(estimate.total, estimate)))
    return tuple(facts)


def _parts(estimate: Estimate, chip: ChipProfile) -> tuple[PartLine, ...]:
    """All parts of the estimate, in the order of the charts."""
    return tuple(
        _part(index, name, estimate, chip)
        for index, name in enumerate(charts.PARTS)
        if name == STATIC or name in estimate.categories
    )


def _part(index: int, name: str, estimate: Estimate, chip: ChipProfile) -> PartLine:
    energy = charts.part_energy(estimate, name)
    rows = estimate.select(category=name)
    figure = chip.static if name == STATIC else chip.energy[EVENT_OF[name]]
    shown = "" if name == STATIC else text.count(_events(rows, estimate))
    if energy is None:
        why = _why_none(rows)
        if name == STATIC and figure is not None and not isinstance(figure, Quantity):
            why = f"in {figure.event.replace('_', ' ')}"
        return PartLine(index, name, shown, Amount(why, ""), "", "")
    total = estimate.per_sample
    share = energy.typical / total.typical if total is not None and total.typical else 0.0
    confidence = figure.confidence if isinstance(figure, Quantity) and energy.typical else ""
    return PartLine(index, name, shown, text.amount(energy), text.percent(share), confidence)


def _places(estimate: Estimate) -> tuple[PlaceLine, ...]:
    keys = dict.fromkeys(
        (row.event.place, row.event.category) for row in estimate.rows if row.event.count
    )
    return tuple(_place(place, category, estimate) for place, category in keys)


def _place(place: str, category: str, estimate: Estimate) -> PlaceLine:
    rows = estimate.select(place=place, category=category)
    energy = estimate.energy(place=place, category=category)
    amount = (
        Amount(_why_none(rows), "")
        if energy is None
        else text.amount(energy.scaled(1.0 / estimate.samples))
    )
    return PlaceLine(text.arrow(place), category, text.count(_events(rows, estimate)), amount)


def _swings(priced: Priced) -> tuple[SwingLine, ...]:
    total = priced.estimate.per_sample
    if total is None or not total.typical:
        return ()
    return tuple(
        SwingLine(
            swing.figure,
            text.joules(swing.low),
            text.joules(swing.high),
            text.percent(swing.change / total.typical),
        )
        for swing in priced.swings[:MOST_SWINGS]
    )


def _events(rows: Iterable[Row], estimate: Estimate) -> float:
    """Events on the chip per sample."""
    return sum(row.event.count * row.event.copies for row in rows) / estimate.samples


def _why_none(rows: Iterable[Row]) -> str:
    container = next((row.included_in for row in rows if row.included_in), "")
    return f"in {container}" if container else "not modelled"
