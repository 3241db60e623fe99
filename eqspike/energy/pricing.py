"""Prices of events: which figure an event has, which cost another figure contains, and what has none."""

from __future__ import annotations

from eqspike.chips import ChipProfile, IncludedIn
from eqspike.chips.figures import STATIC as STATIC_KEY
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy.conditions import Conditions
from eqspike.energy.events import CATEGORIES, EVENT_OF, STATIC, Event, Gap, Row
from eqspike.energy.wording import gap_reason

UPDATES = "neuron updates"


def price_rows(
    events: tuple[Event, ...], chip: ChipProfile, conditions: Conditions, static: bool
) -> tuple[Row, ...]:
    """What each event costs.

    Args:
        events: from `events_of`.
        chip: profile with joules per event.
        conditions: gives the share of active neuron updates.
        static: whether the chip's static power is modelled, and carries the costs it contains.
    """
    rows = []
    for event in events:
        figure = chip.energy[EVENT_OF[event.category]]
        if event.count == 0:
            rows.append(Row(event, Interval(0.0, 0.0, 0.0)))
        elif isinstance(figure, Quantity):
            price = _price(event.category, figure, chip, conditions.active_share)
            rows.append(Row(event, price.scaled(event.count * event.copies)))
        else:
            rows.append(Row(event, None, _container(event, figure, events, static)))
    return tuple(rows)


def find_gaps(rows: tuple[Row, ...], chip: ChipProfile) -> tuple[Gap, ...]:
    """Categories in which something happened that has no price."""
    gaps = []
    for category in CATEGORIES:
        missing = [
            row.event.count * row.event.copies
            for row in rows
            if row.event.category == category and row.energy is None and not row.included_in
        ]
        if missing:
            gaps.append(Gap(category, sum(missing), gap_reason(chip, category)))
    return tuple(gaps)


def _price(category: str, figure: Quantity, chip: ChipProfile, share: float | None) -> Interval:
    """Joules of one event; a neuron update is a mixture of active and idle ones.

    With the share a of active updates, each end is a x active + (1 - a) x idle. Without it, low is the idle
    low and typical and high are the active ones: the share itself is then part of the interval.
    """
    idle = chip.energy["neuron_update_idle"]
    if category != UPDATES or not isinstance(idle, Quantity):
        return figure.interval
    if share is None:
        return Interval(idle.low, figure.typical, figure.high)
    return Interval.total((figure.interval.scaled(share), idle.interval.scaled(1.0 - share)))


def _container(
    event: Event, figure: IncludedIn | None, events: tuple[Event, ...], static: bool
) -> str:
    """Category whose figure already contains the cost; empty if no event of it carries the cost.

    Carried at the same place where the containing category has that place (a bias written without a
    rule evaluation is not carried), else anywhere (neuron updates in synaptic operations).
    """
    if figure is None:
        return ""
    if figure.event == STATIC_KEY:
        return STATIC if static else ""
    category = next(name for name, kind in EVENT_OF.items() if kind == figure.event)
    carriers = [other for other in events if other.category == category]
    here = [other for other in carriers if other.place == event.place]
    return category if any(other.count for other in here or carriers) else ""
