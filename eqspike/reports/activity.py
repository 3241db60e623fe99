"""Histograms of how evenly the neurons of a layer share the spikes."""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.core.activity import LayerActivity
from eqspike.energy import text

HEIGHT = 90
"""Pixels of the highest bar of a histogram."""


@dataclass(frozen=True)
class Histogram:
    """Histogram of one layer.

    Attributes:
        layer, summary: texts; the summary says all in words.
        bars: place and width in per cent, top and height in pixels, and a text.
        ends: the axis in spikes per inference: its start, middle and end.
        height: pixels of the highest bar.
    """

    layer: str
    summary: str
    bars: tuple[tuple[str, str, str, str, str], ...]
    ends: tuple[str, str, str]
    height: int = HEIGHT


def histogram(name: str, layer: LayerActivity) -> Histogram:
    """Neurons of one layer by their mean number of spikes."""
    bins, most = len(layer.neurons), max(layer.neurons, default=0)
    edges = [layer.largest * i / bins for i in range(bins + 1)]
    bars = tuple(
        (
            f"{100.0 * i / bins:.2f}%",
            f"{90.0 / bins:.2f}%",
            f"{HEIGHT * (1.0 - number / most):.1f}",
            f"{HEIGHT * number / most:.1f}",
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
    return Histogram(name, summary, bars, ends)


def _neurons(number: int) -> str:
    return f"{number} neuron" + ("" if number == 1 else "s")
