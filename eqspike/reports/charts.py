"""Geometry of the report's charts, all in per cent of the width, so that text never shrinks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eqspike.core.quantities import Interval
from eqspike.energy import text
from eqspike.energy.events import CATEGORIES, STATIC
from eqspike.energy.model import Estimate

PARTS = (*CATEGORIES, STATIC)
"""Parts of a stacked bar; the index of a part is its colour and its pattern."""

_MAX_TICKS = 6


@dataclass(frozen=True)
class Tick:
    """A mark of an axis: place in per cent, text, and which end of the text is at the mark."""

    x: str
    label: str
    anchor: str


@dataclass(frozen=True)
class Span:
    """An interval on an axis, as places in per cent."""

    low: str
    typical: str
    high: str


@dataclass(frozen=True)
class Segment:
    """One part of a stacked bar: index of the part, place and width in per cent, text."""

    part: int
    x: str
    width: str
    label: str


@dataclass(frozen=True)
class Bar:
    """A stacked bar of typical values over the interval of their sum; no span if none is known."""

    label: str
    value: str
    segments: tuple[Segment, ...]
    span: Span | None


class LogAxis:
    """Axis of powers of ten that covers the given intervals.

    Args:
        intervals: one or more, in joules, with every low above 0.
    """

    def __init__(self, intervals: Sequence[Interval]) -> None:
        self._first = math.floor(math.log10(min(item.low for item in intervals)))
        last = math.ceil(math.log10(max(item.high for item in intervals)))
        self._last = max(last, self._first + 1)

    def place(self, amount: float) -> str:
        """Place of an amount above 0 on the axis, in per cent."""
        return _percent((math.log10(amount) - self._first) / (self._last - self._first))

    def span(self, interval: Interval) -> Span:
        """Places of an interval, all above 0."""
        return Span(
            self.place(interval.low), self.place(interval.typical), self.place(interval.high)
        )

    def ticks(self) -> tuple[Tick, ...]:
        """Marks at powers of ten, at most six of them, whole numbers of decades apart."""
        decades = self._last - self._first
        step = math.ceil(decades / (_MAX_TICKS - 1))
        exponents = range(self._first, self._last + 1, step)
        return tuple(
            Tick(
                _percent((exponent - self._first) / decades),
                text.power_of_ten(exponent),
                _anchor(exponent, self._first, self._last),
            )
            for exponent in exponents
        )


def phase_bars(estimate: Estimate) -> tuple[Bar, ...]:
    """Bars of energy per sample on one axis: all phases together if several, then each.

    Returns:
        No bars if nothing is modelled or nothing happened.
    """
    total = estimate.per_sample
    if total is None or total.high == 0.0:
        return ()
    single = [_bar(phase, estimate, phase, total.high) for phase in estimate.phases]
    if len(single) == 1:
        return tuple(single)
    return (_bar("all phases", estimate, "", total.high), *single)


def part_energy(estimate: Estimate, part: str, phase: str = "") -> Interval | None:
    """Joules per sample of one part of a bar, in one phase or (empty) all."""
    if part == STATIC:
        known = [e for name, e in estimate.static.items() if phase in ("", name)]
        whole = Interval.total(known) if known else None
    else:
        whole = estimate.energy(category=part, phase=phase)
    return None if whole is None else whole.scaled(1.0 / estimate.samples)


def _bar(label: str, estimate: Estimate, phase: str, scale: float) -> Bar:
    whole = estimate.whole(phase)
    if whole is None:
        return Bar(label, _why_none(estimate, phase), (), None)
    each = whole.scaled(1.0 / estimate.samples)
    span = Span(*(_percent(amount / scale) for amount in (each.low, each.typical, each.high)))
    return Bar(label, text.joules(each.typical), _segments(label, estimate, phase, scale), span)


def _why_none(estimate: Estimate, phase: str) -> str:
    """Where all that happened is part of other figures, the energy is with them and not unknown."""
    places = {row.included_in for row in estimate.select(phase=phase) if row.event.count}
    return "not modelled" if "" in places or not places else f"in {', '.join(sorted(places))}"


def _segments(label: str, estimate: Estimate, phase: str, scale: float) -> tuple[Segment, ...]:
    segments = []
    start = 0.0
    for index, name in enumerate(PARTS):
        energy = part_energy(estimate, name, phase)
        if energy is None or energy.typical == 0.0:
            continue
        title = f"{label}, {name}: {text.joules(energy.typical)}"
        width = _percent(energy.typical / scale)
        segments.append(Segment(index, _percent(start / scale), width, title))
        start += energy.typical
    return tuple(segments)


def _anchor(exponent: int, first: int, last: int) -> str:
    """Texts at the ends of the axis stay inside the picture."""
    return "start" if exponent == first else "end" if exponent == last else "middle"


def _percent(share: float) -> str:
    return f"{100.0 * share:.2f}%"
