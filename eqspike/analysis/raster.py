"""The presentation of one sample, spike by spike, through both phases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eqspike.analysis.style import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    SHADE,
    new_figure,
    styled,
    whole_ticks,
    without_frame,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Presentation:
    """What one sample made the network do.

    Attributes:
        image: levels 0..255, (rows, columns) or (pixels,); label: its class; read_as: the network's answer.
        sent: what each input neuron sent in each step, (steps, pixels).
        spikes: by free layer from the input on, (steps, neurons) of 0 and 1; the last layer is the output.
        free_steps: steps of the free phase; the nudged phase is the rest.
    """

    image: NDArray[np.uint8]
    label: int
    read_as: int
    sent: NDArray[np.float64]
    spikes: Mapping[str, NDArray[np.uint8]]
    free_steps: int


@styled()
def spike_raster(shown: Presentation) -> Figure:
    """Input events, spikes of each free layer and, beside them, the image and the rates in both phases.

    Input neurons that send nothing are left out. Input and hidden neurons are sorted by their rate in the free
    phase, the busiest on top.
    """
    layers = list(shown.spikes)
    figure = new_figure(11.0, 5.2 + 1.8 * (len(layers) - 1))
    heights = (1.6, *(2.0 for _ in layers[:-1]), 1.8)
    rows = figure.subplots(len(layers) + 1, 2, width_ratios=(5, 1.25), height_ratios=heights)
    _input_row(rows[0], shown)
    for row, name in zip(rows[1:-1], layers[:-1], strict=True):
        _hidden_row(row, name, shown)
    _output_row(rows[-1], layers[-1], shown)
    for axes in rows[:, 0]:
        _phases(axes, shown)
        whole_ticks(axes)
    for axes in rows[:-1, 0]:
        axes.tick_params(labelbottom=False)
    rows[-1, 0].set_xlabel("time step")
    _name_phases(rows[0, 0], shown)
    return figure


def _input_row(row: NDArray[Any], shown: Presentation) -> None:
    axes, beside = row
    total = shown.sent.sum(0)
    busy = np.flatnonzero(total > 0)
    order = busy[np.argsort(-total[busy], kind="stable")]
    _draw_spikes(axes, shown.sent[:, order], INK)
    axes.set_ylabel(f"input\n{len(order)} of {len(total)} pixels")
    without_frame(beside)
    if shown.image.ndim == 2:
        drawn = beside.imshow(shown.image, cmap="gray_r", vmin=0, vmax=255)
        bar = axes.figure.colorbar(drawn, ax=beside, ticks=[0, 255], label="level")
        bar.ax.tick_params(labelsize=9)
    beside.set_title(f"a {shown.label}, read as {shown.read_as}", loc="center", fontsize=11)


def _hidden_row(row: NDArray[Any], name: str, shown: Presentation) -> None:
    axes, beside = row
    free, nudged = _rates(shown.spikes[name], shown.free_steps)
    order = np.argsort(-free, kind="stable")
    _draw_spikes(axes, shown.spikes[name][:, order], INK)
    axes.set_ylabel(f"{name}\n{len(order)} neurons")
    place = np.arange(len(order))
    beside.plot(nudged[order], place, ".", color=ORANGE, markersize=4, label="nudged")
    beside.plot(free[order], place, color=BLUE, label="free")
    beside.set(xlim=(-0.02, 1.02), ylim=axes.get_ylim(), yticks=[], xticks=[0, 0.5, 1])
    beside.set_title("rate by phase", fontsize=10, fontweight="normal", pad=4)
    beside.legend(loc="lower right", fontsize=9, handlelength=1.2, borderaxespad=0.1)


def _output_row(row: NDArray[Any], name: str, shown: Presentation) -> None:
    axes, beside = row
    spikes = shown.spikes[name]
    free, nudged = _rates(spikes, shown.free_steps)
    for neuron in range(spikes.shape[1]):
        wanted = neuron == shown.label
        times = np.flatnonzero(spikes[:, neuron])
        axes.vlines(
            times, neuron - 0.36, neuron + 0.36,
            color=BLUE if wanted else INK, linewidth=2.2 if wanted else 1.4,
        )  # fmt: skip
    classes = np.arange(len(free))
    for each in (axes, beside):
        each.set(ylim=(len(free) - 0.4, -0.6), yticks=classes)
        each.grid(axis="y", visible=False)
    axes.set_ylabel(f"{name}\nclass")
    beside.barh(classes - 0.2, free, 0.4, color=BLUE, label="free")
    beside.barh(
        classes + 0.2, nudged, 0.4, color=ORANGE, hatch="////", edgecolor="white", label="nudged"
    )
    beside.set(xlim=(0, 1.02), xticks=[0, 0.5, 1], xlabel="spikes per step")
    beside.legend(loc="best", fontsize=9, handlelength=1.2, borderaxespad=0.1)
    for each in (axes, beside):
        each.get_yticklabels()[shown.label].set(fontweight="bold", color=BLUE)


def _rates(
    spikes: NDArray[np.uint8], free_steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return spikes[:free_steps].mean(0), spikes[free_steps:].mean(0)


def _draw_spikes(axes: Axes, sent: NDArray[Any], colour: str) -> None:
    """Each spike a mark of one step by one neuron, on a transparent ground; `sent` (steps, neurons)."""
    from matplotlib.colors import to_rgba

    steps, neurons = sent.shape
    picture = np.zeros((neurons, steps, 4))
    picture[..., :3] = to_rgba(colour)[:3]
    picture[..., 3] = np.clip(sent.T, 0, 1)
    axes.imshow(
        picture,
        aspect="auto",
        interpolation="nearest",
        extent=(0, steps, neurons - 0.5, -0.5),
        zorder=2,
    )
    axes.set_yticks([])


def _phases(axes: Axes, shown: Presentation) -> None:
    steps = len(shown.sent)
    axes.axvspan(shown.free_steps, steps, color=SHADE, zorder=0, linewidth=0)
    axes.axvline(shown.free_steps, color=MUTED, linewidth=1, zorder=3)
    axes.set_xlim(0, steps)
    axes.grid(False)


def _name_phases(axes: Axes, shown: Presentation) -> None:
    steps = len(shown.sent)
    names = (
        (shown.free_steps / 2, "free phase"),
        ((shown.free_steps + steps) / 2, f"nudged phase: target {shown.label}"),
    )
    for middle, name in names:
        axes.annotate(
            name, (middle / steps, 1), (0, 5), xycoords="axes fraction", textcoords="offset points",
            ha="center", fontweight="bold",
        )  # fmt: skip
