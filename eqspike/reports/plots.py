"""Geometry of plots of points: places across in per cent of the width, places down in pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from eqspike.core.quantities import Interval

HEIGHT = 240
"""Pixels between the lowest and the highest place."""

MARKERS = 10
"""Markers that tell series apart, five shapes hollow and full; a series' index, modulo this, is its marker."""

_MAX_TICKS = 6
_APART = 8.0


@dataclass(frozen=True)
class Value:
    """One point before it has a place: column, interval and text."""

    column: str
    interval: Interval
    label: str


@dataclass(frozen=True)
class Point:
    """One point; `low` and `high` are the ends of its interval, equal to `y` where it has none."""

    x: str
    y: str
    low: str
    high: str
    label: str


@dataclass(frozen=True)
class Series:
    """Points of one name, and the line through the means of the columns.

    All are moved sideways by `shift` pixels, so that series that agree do not hide each other.
    """

    name: str
    marker: int
    shift: float
    points: tuple[Point, ...]
    segments: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True)
class Plot:
    """A plot of a height in pixels. Columns and ticks are pairs of place and text; `label` says all in words."""

    title: str
    label: str
    columns: tuple[tuple[str, str], ...]
    ticks: tuple[tuple[str, str], ...]
    series: tuple[Series, ...]
    height: int = HEIGHT


@dataclass(frozen=True)
class Scale:
    """The axis of a plot: amounts of its ends, whether it is logarithmic, and its ticks with their texts."""

    first: float
    last: float
    logarithmic: bool
    ticks: tuple[tuple[float, str], ...]

    def place(self, amount: float) -> str:
        """Pixels from the top."""
        first, last, at = (
            math.log10(value) if self.logarithmic else value
            for value in (self.first, self.last, amount)
        )
        return f"{HEIGHT * (1.0 - (at - first) / (last - first)):.1f}"


def percent_scale(shares: Sequence[float]) -> Scale:
    """Linear axis of fractions, shown in per cent, with round ticks around what is given."""
    low, high = min(shares), max(shares)
    steps = (exponent * digit for exponent in (1e-4, 1e-3, 1e-2, 0.1) for digit in (1, 2, 5))
    step = next(s for s in steps if math.ceil(high / s) - math.floor(low / s) <= _MAX_TICKS - 1)
    first = math.floor(round(low / step, 6))
    last = max(math.ceil(round(high / step, 6)), first + 1)
    ticks = tuple((n * step, f"{100 * n * step:.4g}\u00a0%") for n in range(first, last + 1))
    return Scale(first * step, last * step, False, ticks)


def log_scale(intervals: Sequence[Interval], words: Callable[[float], str]) -> Scale:
    """Logarithmic axis of amounts above zero, from 1, 2 or 5 of a decade to another; `words` names a tick."""
    low, high = min(item.low for item in intervals), max(item.high for item in intervals)
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    marks = [(digit, float(f"{digit}e{decade}")) for decade in decades for digit in (1, 2, 5)]
    first = max(mark for _, mark in marks if mark <= low)
    last = min(mark for _, mark in marks if mark >= high and mark > first)
    inside = [(digit, mark) for digit, mark in marks if first <= mark <= last]
    if len(inside) > _MAX_TICKS:
        inside = [(digit, mark) for digit, mark in inside if digit == 1]
    every = math.ceil(len(inside) / _MAX_TICKS)
    return Scale(first, last, True, tuple((mark, words(mark)) for _, mark in inside[::every]))


def make_plot(
    title: str, columns: Sequence[str], scale: Scale, values: Mapping[str, Sequence[Value]]
) -> Plot:
    """Places of all points.

    Args:
        title: what is drawn against what.
        columns: names, from the left.
        scale: axis that covers all intervals.
        values: by name of the series; the place of a name, also one without values, decides its marker.
    """
    across = {name: f"{100.0 * (i + 0.5) / len(columns):.2f}%" for i, name in enumerate(columns)}
    series = tuple(
        Series(
            name,
            index % MARKERS,
            _APART * (index - (len(values) - 1) / 2),
            tuple(_point(value, across, scale) for value in points),
            _segments(points, columns, across, scale),
        )
        for index, (name, points) in enumerate(values.items())
        if points
    )
    said = "; ".join(
        f"{name}: " + ", ".join(value.label for value in points)
        for name, points in values.items()
        if points
    )
    return Plot(
        title,
        f"{title}. {said}",
        tuple((across[name], name) for name in columns),
        tuple((scale.place(amount), words) for amount, words in scale.ticks),
        series,
    )


def _point(value: Value, across: dict[str, str], scale: Scale) -> Point:
    ends = (value.interval.typical, value.interval.low, value.interval.high)
    y, low, high = (scale.place(amount) for amount in ends)
    return Point(across[value.column], y, low, high, value.label)


def _segments(
    points: Sequence[Value], columns: Sequence[str], across: dict[str, str], scale: Scale
) -> tuple[tuple[str, str, str, str], ...]:
    """Lines from column to column through the means of the typical amounts."""
    means = []
    for column in columns:
        found = [value.interval.typical for value in points if value.column == column]
        if found:
            means.append((across[column], scale.place(sum(found) / len(found))))
    return tuple((*start, *end) for start, end in pairwise(means))
