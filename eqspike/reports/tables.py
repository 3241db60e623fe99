"""Parts of a report that belong to no chip: counts, activity and provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eqspike.core.activity import LayerActivity
from eqspike.core.counts import EventCounts
from eqspike.energy import text
from eqspike.energy.events import events_of

BAR_HEIGHT = 90
"""Pixels of the highest bar of a histogram."""


@dataclass(frozen=True)
class CountTable:
    """Counts per sample: places and categories down, phases across; `steps` are those of a sample."""

    title: str
    samples: str
    steps: str
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
    steps = sum(phase.sample_steps for phase in counts.phases.values()) / counts.samples
    return CountTable(title, text.count(counts.samples), text.count(steps), phases, lines)


@dataclass(frozen=True)
class ActivityView:
    """Histogram of one layer.

    Attributes:
        layer, summary: texts; the summary says all in words.
        bars: place and width in per cent, top and height in pixels, and a text.
        ends: the axis in spikes per inference: its start, middle and end.
    """

    layer: str
    summary: str
    bars: tuple[tuple[str, str, str, str, str], ...]
    ends: tuple[str, str, str]


def activity_views(activity: Mapping[str, LayerActivity]) -> tuple[ActivityView, ...]:
    """Histograms of all layers."""
    return tuple(_activity(name, layer) for name, layer in activity.items())


def _activity(name: str, layer: LayerActivity) -> ActivityView:
    bins, most = len(layer.neurons), max(layer.neurons, default=0)
    edges = [layer.largest * i / bins for i in range(bins + 1)]
    bars = tuple(
        (
            f"{100.0 * i / bins:.2f}%",
            f"{90.0 / bins:.2f}%",
            f"{BAR_HEIGHT * (1.0 - number / most):.1f}",
            f"{BAR_HEIGHT * number / most:.1f}",
            f"above {text.count(edges[i])} up to {text.count(edges[i + 1])} spikes: {_neurons(number)}",
        )
        for i, number in enumerate(layer.neurons)
        if number
    )
    summary = (
        f"{_neurons(layer.size)}, {layer.silent or 'none'} silent; the busiest spikes "
        f"{text.count(layer.largest)} times per inference"
        + (f"; highest bar: {_neurons(most)}" if most else "")
    )
    ends = ("0", text.count(layer.largest / 2), text.count(layer.largest))
    return ActivityView(name, summary, bars, ends)


def _neurons(number: int) -> str:
    return f"{number} neuron" + ("" if number == 1 else "s")


def provenance_lines(provenance: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Provenance as flat lines, nested names joined by dots."""
    lines: list[tuple[str, str]] = []
    for key, value in provenance.items():
        if isinstance(value, dict):
            lines += [(f"{key}.{name}", shown) for name, shown in provenance_lines(value)]
        else:
            lines.append((key, value if isinstance(value, str) else json.dumps(value)))
    return tuple(lines)
