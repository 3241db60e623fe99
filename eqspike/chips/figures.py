"""Strict reading of the figures of a chip profile: an interval with unit, source and confidence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from eqspike.core.advice import nearest_advice
from eqspike.core.config import Section
from eqspike.core.quantities import CONFIDENCES, Published, Quantity

# Divisors, not factors: 23.6 / 1e12 is the nearest double to 23.6e-12, 23.6 * 1e-12 is not always.
UNITS = {
    "J": {"J": 1.0, "mJ": 1e3, "uJ": 1e6, "nJ": 1e9, "pJ": 1e12, "fJ": 1e15},
    "W": {"W": 1.0, "mW": 1e3, "uW": 1e6, "nW": 1e9},
    "s": {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9},
    "writes": {"writes": 1.0},
}

EVENTS = (
    "synaptic_operation",
    "neuron_update",
    "neuron_update_idle",
    "spike",
    "trace_update",
    "rule_evaluation",
    "weight_write",
    "hop",
)
"""Events a profile prices, in joules each.

`neuron_update_idle` is the update of a neuron that received no spike. Where it is null the profile does not
tell the two apart, and every update has the price of `neuron_update`.
"""

STATIC = "static_w"
"""Name under which a cost can be included in the chip's static power."""


@dataclass(frozen=True)
class IncludedIn:
    """The cost is part of another figure of the same profile; counting it again would be wrong.

    Attributes:
        event: the figure that contains it, such as `rule_evaluation` or `static_w`.
        note: why.
    """

    event: str
    note: str = ""


Figure = Quantity | IncludedIn | None
"""A figure, a reference to the figure that contains it, or `None`: unknown, which is not zero."""


@dataclass(frozen=True)
class Node:
    """One mapping of a profile, and what is asked of profiles alone."""

    section: Section

    def child(self, key: str) -> Node:
        """The nested mapping `key`, which must be there."""
        return Node(self.section.section(key))

    def children(self, key: str) -> tuple[Node, ...]:
        """The nested list of mappings `key`; none if it is absent."""
        return tuple(Node(section) for section in self.section.sections(key, ()))

    def expect(self, *keys: str) -> None:
        """Make `keys` known before any is read, so that a missing one is not blamed on another."""
        for key in keys:
            self.section.has(key)

    def is_null(self, key: str, what: str) -> bool:
        """Whether `key` is an explicit null.

        Raises:
            ConfigError: if the key is absent: silence could mean unknown or forgotten.
        """
        if not self.section.has(key):
            raise self.section.error(
                key, f"{what} or an explicit null", "null says unknown, which is never read as zero"
            )
        return self.section.is_null(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of one or more non-empty texts."""
        value = self.section.texts(key, least=1)
        if not all(item.strip() for item in value):
            raise self.section.error(key, "a list of one or more texts that say something")
        return value

    def source_keys(self, known: Collection[str]) -> tuple[str, ...]:
        """The keys of `sources`, each one of `known`.

        Raises:
            ConfigError: naming the first key that the profile's source list does not have.
        """
        keys = self.texts("sources")
        for key in keys:
            if key not in known:
                hint = nearest_advice(key, known, 0.4) or "add it to the list of sources"
                raise self.section.error(
                    "sources", f"keys of the profile's list of sources ('{key}' is not)", hint
                )
        return keys


def read_figure(
    parent: Node,
    key: str,
    dimension: str,
    known_sources: Collection[str],
    extra: tuple[str, ...] = (),
) -> Figure:
    """Read one figure of a profile.

    Args:
        parent: the mapping that holds it.
        key: its key.
        dimension: `J`, `W`, `s` or `writes`; the unit given must be of this dimension, the result is in it.
        known_sources: keys of the profile's source list.
        extra: keys that the caller reads from the same mapping.

    Raises:
        ConfigError: if the key is absent, the interval is not 0 < low <= typical <= high, the unit
            is of another dimension, the source is not listed, or a published figure outside the
            interval is not set aside with a reason.
    """
    if parent.is_null(key, "a figure"):
        return None
    node = parent.child(key)
    node.expect(*extra)
    node.section.explain(
        included_in="event, or `static_w`, whose figure contains this cost; instead of a figure",
        low="low end of the interval, in `unit`",
        typical="typical value",
        high="high end of the interval",
        unit="unit of the numbers",
    )
    if node.section.has("included_in"):
        figure: Figure = IncludedIn(
            node.section.choice("included_in", (*EVENTS, STATIC)), node.section.text("note", "")
        )
    else:
        figure = _read_quantity(node, dimension, known_sources)
    node.section.close()
    return figure


def read_quantity_or_null(
    node: Node, key: str, dimension: str, known_sources: Collection[str]
) -> Quantity | None:
    """As `read_figure`, for a figure that no other can contain."""
    figure = read_figure(node, key, dimension, known_sources)
    if isinstance(figure, IncludedIn):
        raise node.section.error(key, "a figure or null")
    return figure


def _read_quantity(node: Node, dimension: str, known_sources: Collection[str]) -> Quantity:
    section = node.section
    node.expect("low", "typical", "high", "unit", "sources", "confidence", "note", "published")
    low = section.number("low", above=0.0)
    typical = section.number("typical", above=0.0)
    high = section.number("high", above=0.0)
    if not low <= typical <= high:
        raise section.error("typical", f"between low ({low:g}) and high ({high:g})")
    units = UNITS[dimension]
    divisor = units[section.choice("unit", tuple(units))]
    interval = (low / divisor, typical / divisor, high / divisor)
    return Quantity(
        *interval,
        dimension,
        node.source_keys(known_sources),
        section.choice("confidence", CONFIDENCES),
        section.text("note", ""),
        tuple(
            _read_published(item, dimension, known_sources, interval)
            for item in node.children("published")
        ),
    )


def _read_published(
    node: Node,
    dimension: str,
    known_sources: Collection[str],
    interval: tuple[float, float, float],
) -> Published:
    section = node.section
    section.explain(
        unit="unit of the value",
        confidence="as for a figure",
    )
    node.expect("value", "unit", "definition", "sources", "confidence", "set_aside")
    units = UNITS[dimension]
    value = section.number("value", above=0.0) / units[section.choice("unit", tuple(units))]
    item = Published(
        value,
        section.text("definition"),
        node.source_keys(known_sources),
        section.choice("confidence", CONFIDENCES),
        section.text("set_aside", ""),
    )
    inside = interval[0] <= value <= interval[2]
    if not inside and not item.set_aside.strip():
        raise section.error(
            "value",
            "inside the interval from low to high, or set aside",
            "give 'set_aside' with the reason, or widen the interval",
        )
    if inside and item.set_aside:
        raise section.error("set_aside", "left out: the interval contains the value")
    section.close()
    return item
