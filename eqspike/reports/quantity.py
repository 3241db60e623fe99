"""Parts of a document on one estimate: energy per inference or per training sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eqspike.chips import ChipProfile
from eqspike.core.quantities import Quantity
from eqspike.energy import text
from eqspike.energy.events import EVENT_OF, STATIC, Row
from eqspike.energy.model import Estimate
from eqspike.energy.text import Amount
from eqspike.reports import charts
from eqspike.reports import document as doc
from eqspike.reports.contents import Priced
from eqspike.reports.ranges import bounded, total_amount

MOST_SWINGS = 5
"""Figures named as moving the total most."""

_ENERGY = doc.Column("energy", True, "interval")
_PARTS = (
    doc.Column("category"), doc.Column("events", True), _ENERGY,
    doc.Column("share", True, under=0, words=" of the total"), doc.Column("confidence", under=0),
)  # fmt: skip
_PLACES = (
    doc.Column("where"), doc.Column("category", under=0),
    doc.Column("events on the chip", True), _ENERGY,
)  # fmt: skip
_SWINGS = (*doc.texts("figure"), *doc.numbers("total with low", "total with high", "change"))


def quantity_parts(title: str, priced: Priced, chip: ChipProfile, whole: str) -> Iterator[doc.Part]:
    """What is known of one estimate.

    Args:
        title: headline.
        priced: the estimate and its sensitivity.
        chip: profile that it was made with.
        whole: name of the energy of all samples together; empty to leave it out.
    """
    estimate = priced.estimate
    amount = total_amount(estimate)
    interval = (" ", doc.Run(f"({amount.interval})", "soft")) if amount.interval else ()
    yield doc.Heading(3, (f"{title}: {amount.typical}", *interval))
    yield doc.Paragraph((estimate.statement,), "note")
    facts: list[tuple[str, doc.Inline]] = [*_facts(estimate, whole), *_directions(estimate)]
    if facts:
        yield doc.Pairs(tuple(facts))
    bars = charts.phase_bars(estimate)
    if bars:
        yield doc.Stacks("By phase and category, per sample", bars)
    yield doc.Table("By category, per sample", _PARTS, tuple(_parts(estimate, chip)))
    yield doc.Table("By layer and coupling, per sample", _PLACES, tuple(_places(estimate)))
    yield from _swings(priced)
    if estimate.gaps:
        yield doc.Heading(4, ("Not modelled",))
        yield doc.Bullets(tuple(_gaps(estimate)))


def dynamic_amount(estimate: Estimate) -> Amount:
    """Energy per sample without static power."""
    return bounded(estimate.dynamic_per_sample, estimate)


def _facts(estimate: Estimate, whole: str) -> Iterator[tuple[str, Amount]]:
    if estimate.static:
        yield "without static power", dynamic_amount(estimate)
    if estimate.latency is not None:
        yield "time on the chip", text.amount(estimate.latency, "s")
    if whole:
        yield whole, bounded(estimate.total, estimate)


def _directions(estimate: Estimate) -> Iterator[tuple[str, str]]:
    for way, energy in estimate.by_direction.items():
        if energy is not None and energy.high:
            yield f"synaptic operations, {way}", text.joules(energy.typical / estimate.samples)


def _parts(estimate: Estimate, chip: ChipProfile) -> Iterator[tuple[doc.Inline, ...]]:
    """All parts of the estimate, in the order of the charts."""
    for index, name in enumerate(charts.PARTS):
        if name == STATIC or name in estimate.categories:
            yield doc.Run(name, "part", str(index)), *_part(name, estimate, chip)


def _part(name: str, estimate: Estimate, chip: ChipProfile) -> tuple[doc.Inline, ...]:
    energy = charts.part_energy(estimate, name)
    rows = estimate.select(category=name)
    figure = chip.static if name == STATIC else chip.energy[EVENT_OF[name]]
    shown = "" if name == STATIC else text.count(_events(rows, estimate))
    if energy is None:
        why = _why_none(rows)
        if name == STATIC and figure is not None and not isinstance(figure, Quantity):
            why = f"in {figure.event.replace('_', ' ')}"
        return shown, Amount(why, ""), "", ""
    total = estimate.per_sample
    share = energy.typical / total.typical if total is not None and total.typical else 0.0
    confidence = figure.confidence if isinstance(figure, Quantity) and energy.typical else ""
    return shown, text.amount(energy), text.percent(share), doc.Run(confidence, "confidence")


def _places(estimate: Estimate) -> Iterator[tuple[doc.Inline, ...]]:
    keys = ((row.event.place, row.event.category) for row in estimate.rows if row.event.count)
    for place, category in dict.fromkeys(keys):
        rows = estimate.select(place=place, category=category)
        energy = estimate.energy(place=place, category=category)
        amount = (
            Amount(_why_none(rows), "")
            if energy is None
            else text.amount(energy.scaled(1.0 / estimate.samples))
        )
        yield text.arrow(place), category, text.count(_events(rows, estimate)), amount


def _swings(priced: Priced) -> Iterator[doc.Part]:
    total = priced.estimate.per_sample
    if total is None or not total.typical or not priced.swings:
        return
    yield doc.Heading(4, ("What moves the typical total most",))
    rows = (
        (
            swing.figure,
            text.joules(swing.low),
            text.joules(swing.high),
            text.percent(swing.change / total.typical),
        )
        for swing in priced.swings[:MOST_SWINGS]
    )
    caption = "Each figure alone from its low to its high value, all others typical"
    yield doc.Table(caption, _SWINGS, tuple(rows))


def _gaps(estimate: Estimate) -> Iterator[tuple[str]]:
    for gap in estimate.gaps:
        events = (
            "" if gap.count is None else f", {text.count(gap.count / estimate.samples)} events per sample"
        )  # fmt: skip
        yield (f"{gap.what}{events}: {gap.reason}.",)


def _events(rows: Iterable[Row], estimate: Estimate) -> float:
    """Events on the chip per sample."""
    return sum(row.event.count * row.event.copies for row in rows) / estimate.samples


def _why_none(rows: Iterable[Row]) -> str:
    container = next((row.included_in for row in rows if row.included_in), "")
    return f"in {container}" if container else "not modelled"
