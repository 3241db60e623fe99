"""A figure with its unit, its interval and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

CONFIDENCES = ("high", "medium", "low")


@dataclass(frozen=True)
class Interval:
    """Low, typical and high value of one amount; the unit is the context's, usually joules.

    Arithmetic keeps lows with lows and highs with highs: amounts that are added are taken as fully
    correlated, which never makes an interval narrower than it should be.
    """

    low: float
    typical: float
    high: float

    def scaled(self, factor: float) -> Interval:
        """The interval times a factor, at least 0."""
        return Interval(self.low * factor, self.typical * factor, self.high * factor)

    def times(self, other: Interval) -> Interval:
        """Product of two intervals of positive amounts, lows with lows."""
        return Interval(self.low * other.low, self.typical * other.typical, self.high * other.high)

    @staticmethod
    def total(parts: Iterable[Interval]) -> Interval:
        """Sum of intervals, correctly rounded, so that the order of the parts does not matter."""
        items = tuple(parts)
        return Interval(
            math.fsum(item.low for item in items),
            math.fsum(item.typical for item in items),
            math.fsum(item.high for item in items),
        )


@dataclass(frozen=True)
class Published:
    """One figure as somebody published it, kept beside others that disagree with it.

    Attributes:
        value: the amount, in the unit of the quantity it belongs to.
        definition: what was counted and measured to get it.
        sources: keys of the profile's source list, at least one.
        confidence: as in `Quantity`.
        set_aside: why the interval of the quantity leaves it out; empty if the interval contains it.
    """

    value: float
    definition: str
    sources: tuple[str, ...]
    confidence: str
    set_aside: str = ""


@dataclass(frozen=True)
class Quantity:
    """An uncertain positive figure.

    Attributes:
        low, typical, high: the interval, low <= typical <= high, in `unit`.
        unit: SI unit, such as `J` or `s`.
        sources: keys of the profile's source list, at least one.
        confidence: `high` (read in a primary source), `medium` (read in a secondary source) or
            `low` (recalled or inferred; to be confirmed).
        note: what the figure includes, or why it is uncertain.
        published: the figures in print, where there are several that differ.
    """

    low: float
    typical: float
    high: float
    unit: str
    sources: tuple[str, ...]
    confidence: str
    note: str = ""
    published: tuple[Published, ...] = ()

    @property
    def disagreement(self) -> float:
        """Largest published figure divided by the smallest; 1 if there are not several."""
        values = [item.value for item in self.published]
        return max(values) / min(values) if values else 1.0

    @property
    def interval(self) -> Interval:
        """The figure without its provenance, in `unit`."""
        return Interval(self.low, self.typical, self.high)
