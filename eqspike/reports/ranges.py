"""Energies per sample as ranges on one logarithmic axis, a row for each system or chip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eqspike.core.quantities import Interval
from eqspike.energy import text
from eqspike.energy.model import Estimate
from eqspike.energy.text import Amount
from eqspike.reports.charts import LogAxis, Span

QUANTITIES = {"inference": "inference", "training": "training sample"}
"""Quantities and how they are named beside an energy."""


@dataclass(frozen=True)
class RangeEntry:
    """One quantity of a row; no span where there is nothing to draw."""

    quantity: str
    title: str
    amount: Amount
    span: Span | None
    ratio: str = ""


@dataclass(frozen=True)
class RangeRow:
    """One row, and a remark where it has no entries."""

    label: str
    entries: tuple[RangeEntry, ...]
    remark: str = ""


def common_axis(estimates: Iterable[Estimate | None]) -> LogAxis | None:
    """An axis for all of them; None if nothing is above zero."""
    known = [item.per_sample for item in estimates if item is not None]
    drawable = [each for each in known if each is not None and each.low > 0.0]
    return LogAxis(drawable) if drawable else None


def range_entry(
    quantity: str, estimate: Estimate, axis: LogAxis | None, ratio: str = ""
) -> RangeEntry:
    """Nothing and zero have no place on a logarithmic axis."""
    each = estimate.per_sample
    drawn = axis is not None and each is not None and each.low > 0.0
    span = axis.span(each) if drawn and axis and each else None
    return RangeEntry(quantity, QUANTITIES[quantity], total_amount(estimate), span, ratio)


def total_amount(estimate: Estimate) -> Amount:
    """Energy per sample, marked where it is a lower bound."""
    return bounded(estimate.per_sample, estimate)


def bounded(energy: Interval | None, estimate: Estimate) -> Amount:
    """An energy of an estimate, marked where it is a lower bound."""
    if energy is None:
        return Amount("not modelled", "")
    return text.amount(energy, sign="≥\u00a0" if estimate.lower_bound else "")
