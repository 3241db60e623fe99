"""The figure of weight changes against spike lag: isolated pairs, and a network at work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from eqspike.analysis.stdp import LAGS, LARGEST_LAG, Array, Evaluations, Pairs, Window, pair_term
from eqspike.analysis.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    new_figure,
    styled,
)
from eqspike.core.local_rule import LocalRule

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 30
"""Largest lag drawn, in steps."""

LEAST_EVENTS = 100
"""Means of fewer evaluations are not drawn."""

_MILLI = 1e3
_NUDGES = {
    "positive": (BLUE, "o", "β > 0"),
    "negative": (ORANGE, "s", "β < 0"),
    "both": (INK, "", "mean of both"),
}
_MARKERS = {"silent": (INK, "o"), "regular": (GREEN, "s"), "Poisson": (PURPLE, "^")}
_INSIDE = np.abs(LAGS) <= SHOWN


@styled()
def stdp_figure(
    rule: LocalRule,
    pairs: Sequence[Pairs],
    in_situ: Mapping[str, Mapping[str, Evaluations]],
    title: str = "",
) -> Figure:
    """Left, the pair protocol; right, one column a coupling: mean change by lag and how often each lag occurs.

    Args:
        rule: the rule that ran; in_situ: by coupling and sign of beta.
    """
    figure = new_figure(5.0 + 4.4 * len(in_situ), 6.0)
    grid = figure.add_gridspec(2, 1 + len(in_situ), height_ratios=(3.2, 1))
    _draw_pairs(figure.add_subplot(grid[:, 0]), rule, pairs)
    for column, (coupling, nudges) in enumerate(in_situ.items(), start=1):
        windows = {nudge: seen.window() for nudge, seen in nudges.items()}
        above = figure.add_subplot(grid[0, column])
        below = figure.add_subplot(grid[1, column], sharex=above)
        _draw_changes(above, windows)
        above.set_title(f"{column + 1}  In the network: {coupling}")
        _draw_events(below, windows)
    if title:
        figure.suptitle(title, x=0.01, ha="left", color=MUTED, fontsize=11)
    return figure


def _draw_pairs(axes: Axes, rule: LocalRule, pairs: Sequence[Pairs]) -> None:
    """Closed form as a line; what the rule did on each baseline as markers, each at its own lags."""
    curve = _MILLI * pair_term(rule, LAGS)
    _cross(axes)
    axes.plot(LAGS[_INSIDE], curve[_INSIDE], color=BLUE, label="closed form")
    for index, shown in enumerate(pairs):
        chosen = np.flatnonzero(_INSIDE)[index :: len(pairs)]
        colour, marker = _MARKERS[shown.pattern]
        axes.plot(
            LAGS[chosen], _MILLI * shown.own[chosen], linestyle="none", color=colour, marker=marker,
            markerfacecolor=colour if shown.rate <= 0.1 else "white",
            label=f"{shown.pattern}, {shown.rate:g} per step" if shown.rate else "no other spikes",
        )  # fmt: skip
    axes.set(
        title="1  Isolated pairs (β = 1)",
        xlabel="lag: post − pre (steps)",
        ylabel="weight change by the pair (10⁻³)",
        xlim=(-SHOWN, SHOWN),
    )
    axes.legend(loc="upper right", fontsize=9)
    axes.text(
        0.02, 0.98, _signs(curve), transform=axes.transAxes, va="top", color=MUTED, fontsize=9
    )


def _signs(curve: Array) -> str:
    """Where an isolated pair's change is positive, from lag 0."""
    negative = np.flatnonzero(curve[LARGEST_LAG:] < 0)
    if not len(negative):
        return "positive at all lags"
    first = int(negative[0])
    return f"positive to lag ±{first - 1},\nnegative from ±{first};\ninput synapses have\nthe left half only"


def _draw_changes(axes: Axes, windows: Mapping[str, Window]) -> None:
    _cross(axes)
    for nudge, window in windows.items():
        colour, marker, label = _NUDGES[nudge]
        shown = _INSIDE & (window.events >= LEAST_EVENTS)
        lags = LAGS[shown]
        if nudge != "both":
            low, high = _MILLI * window.low[shown], _MILLI * window.high[shown]
            axes.fill_between(lags, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(
            lags, _MILLI * window.mean[shown], color=colour, marker=marker, markersize=3.5,
            linewidth=1.5 if marker else 2.5, label=label,
        )  # fmt: skip
    axes.set(ylabel="change per evaluation (10⁻³)", xlim=(-SHOWN, SHOWN))
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom - 0.2 * (top - bottom), top)
    axes.tick_params(labelbottom=False)
    axes.legend(loc="lower left", fontsize=9, title="mean; shaded: middle 80 %", title_fontsize=9)


def _draw_events(axes: Axes, windows: Mapping[str, Window]) -> None:
    """Share of each lag among the evaluations that have one."""
    events = windows.get("both", next(iter(windows.values()))).events
    axes.bar(LAGS[_INSIDE], 100 * events[_INSIDE] / max(events.sum(), 1), width=0.8, color=MUTED)
    axes.set(xlabel="lag to nearest spike: post − pre (steps)", ylabel="evaluations (%)")
    axes.set_yscale("symlog", linthresh=0.01)
    axes.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
    axes.set_ylim(0.01, 100)
    axes.minorticks_off()
    axes.grid(axis="x", visible=False)


def _cross(axes: Axes) -> None:
    """The two axes through 0."""
    axes.axhline(0, color=MUTED, linewidth=1, zorder=1)
    axes.axvline(0, color=MUTED, linewidth=1, zorder=1)
