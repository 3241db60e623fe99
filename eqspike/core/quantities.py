"""A figure with its unit, its interval and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """An uncertain positive figure.

    Attributes:
        low, typical, high: the interval, low <= typical <= high, in `unit`.
        unit: SI unit, such as `J` or `s`.
        source: key of the profile's source list.
        confidence: `high` (read in a primary source), `medium` (read in a secondary source) or `low`
            (recalled or inferred; to be confirmed).
        note: what the figure includes, or why it is uncertain.
    """

    low: float
    typical: float
    high: float
    unit: str
    source: str
    confidence: str
    note: str = ""
