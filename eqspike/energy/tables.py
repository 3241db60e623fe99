"""Tables of a report that belong to no chip: the counts and the provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eqspike.core.counts import EventCounts
from eqspike.energy import text
from eqspike.energy.events import events_of


@dataclass(frozen=True)
class CountTable:
    """Counts per sample: places and categories down, phases across."""

    title: str
    samples: str
    phases: tuple[str, ...]
    lines: tuple[tuple[str, str, tuple[str, ...]], ...]


def count_table(title: str, counts: EventCounts) -> CountTable:
    """Counts per sample by place, category and phase, without lines that are all zero."""
    phases = tuple(counts.phases)
    cells: dict[tuple[str, str], dict[str, float]] = {}
    for event in events_of(counts):
        cells.setdefault((event.place, event.category), {})[event.phase] = event.count
    lines = tuple(
        (
            text.arrow(place),
            category,
            tuple(text.count(line.get(p, 0) / counts.samples) for p in phases),
        )
        for (place, category), line in cells.items()
        if any(line.values())
    )
    return CountTable(title, text.count(counts.samples), phases, lines)


def provenance_lines(provenance: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Provenance as flat lines, nested names joined by dots."""
    lines: list[tuple[str, str]] = []
    for key, value in provenance.items():
        if isinstance(value, dict):
            lines += [(f"{key}.{name}", shown) for name, shown in provenance_lines(value)]
        else:
            lines.append((key, value if isinstance(value, str) else json.dumps(value)))
    return tuple(lines)
