"""Figures of a rate network's gradient check: errors against beta, and processes step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from eqspike.analysis.gradients.error_axes import draw_errors
from eqspike.analysis.gradients.network import Array
from eqspike.analysis.gradients.processes import Processes
from eqspike.analysis.gradients.rates import RateGradientCheck
from eqspike.analysis.style import BLUE, GREEN, INK, MUTED, ORANGE, new_figure, styled, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = (0.0, 0.01, 0.05)
"""Neurons and synapses drawn in each panel: their places, as fractions, by the size of the gradient process."""

MARGIN = 0.6
"""Space above and below the gradient's processes, relative to them; what strays farther is cut off."""

_COLOURS = (BLUE, ORANGE, GREEN)


@styled()
def error_figure(check: RateGradientCheck) -> Figure:
    """Errors of the summed change against beta, with the powers the theorem gives, and of the nudge outside."""
    figure = new_figure(6.4, 4.8)
    axes = figure.subplots()
    draw_errors(axes, check.theorem)
    betas, errors = [p.beta for p in check.outside], [p.centered for p in check.outside]
    axes.plot(betas, errors, color=MUTED, marker="X", label="centered, nudge outside")
    axes.set(title="The rule at rest against the exact gradient", ylabel="largest relative error")
    axes.legend(loc="best")
    return figure


@styled()
def process_figure(check: RateGradientCheck) -> Figure:
    """Update processes (marks) on gradient processes (lines): neurons above, parameters below.

    Where the rule is continual, dotted lines are its processes at the model's own learning rates and beta; they
    may leave the panel.
    """
    gradients = check.gradients
    weights = [name for name in gradients.parameters if not name.endswith(".bias")]
    columns = max(len(gradients.neurons), len(weights))
    figure = new_figure(4.6 * columns, 7.4)
    grid = figure.subplots(2, columns, squeeze=False)
    rows = (
        ("neurons", "neurons: change of rate / β", list(gradients.neurons)),
        ("parameters", "synapses: change asked / β", weights),
    )
    for row, (kind, label, names) in zip(grid, rows, strict=True):
        for axes, name in zip(row, names, strict=False):
            _draw(axes, check, kind, name)
            axes.set_title(name)
        for axes in row[len(names) :]:
            axes.set_axis_off()
        row[0].set_ylabel(label)
    for axes in grid[1]:
        axes.set_xlabel("nudged step t")
    for axes in grid.flat:
        whole_ticks(axes)
    _legend(figure, check.moving is not None)
    return figure


def _draw(axes: Axes, check: RateGradientCheck, kind: str, name: str) -> None:
    wanted = _process(check.gradients, kind, name)
    order = np.argsort(-np.linalg.norm(wanted, axis=0))
    chosen = order[[int(place * len(order)) for place in SHOWN]]
    steps = np.arange(len(wanted))
    got = _process(check.updates, kind, name)
    moving = None if check.moving is None else _process(check.moving, kind, name)
    for index, colour in zip(chosen, _COLOURS, strict=True):
        axes.plot(steps, wanted[:, index], color=colour)
        axes.plot(steps, got[:, index], "o", color=colour, markersize=6, markerfacecolor="white")
        if moving is not None:
            axes.plot(steps, moving[:, index], color=colour, linestyle=":")
    low, high = min(0.0, wanted[:, chosen].min()), max(0.0, wanted[:, chosen].max())
    axes.set_ylim(low - MARGIN * (high - low), high + MARGIN * (high - low))
    axes.axhline(0, color=MUTED, linewidth=0.8)


def _process(processes: Processes, kind: str, name: str) -> Array:
    """One process with all its neurons or synapses side by side, (steps, number)."""
    of_kind = processes.neurons if kind == "neurons" else processes.parameters
    array = of_kind[name]
    return array.reshape(len(array), -1)


def _place(place: float) -> str:
    """What a colour means: where, among all of its panel by size, the drawn one is."""
    return f"the process that {100 * place:g} % exceed" if place else "the largest process"


def _legend(figure: Figure, moving: bool) -> None:
    from matplotlib.lines import Line2D

    limit = "the rule, learning rates → 0, then β → 0" if moving else "the rule, β → 0"
    open_mark: dict[str, Any] = {"marker": "o", "linestyle": "none", "markerfacecolor": "white"}
    entries = [
        (_place(place), Line2D([], [], color=colour))
        for place, colour in zip(SHOWN, _COLOURS, strict=True)
    ]
    entries += [
        ("minus the gradient", Line2D([], [], color=INK)),
        (limit, Line2D([], [], color=INK, **open_mark)),
    ]
    if moving:
        entries.append(("the rule as used", Line2D([], [], color=INK, linestyle=":")))
    labels, handles = zip(*entries, strict=True)
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
