"""Error of the gradient of Equilibrium Propagation on trajectories, by boundary condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eqspike.analysis.style import BLUE, INK, ORANGE, new_figure, save, styled

EXACT = 1e-3
"""Errors below are those of rounding and of a finite nudge."""

_LEAST = 1e-11


def draw_trajectories(lines: Sequence[Mapping[str, Any]], path: Path) -> Path:
    """One bar an estimator: its median over seeds, with a line from the least to the largest.

    Args:
        lines: each with a `name` and, under `values`, the `relative error` as `median`, `low` and `high`.
        path: of the file.
    """
    return save(_figure(lines), path)


@styled()
def _figure(lines: Sequence[Mapping[str, Any]]) -> Any:
    figure = new_figure(9.0, 5.0)
    axes = figure.subplots()
    for place, line in enumerate(reversed(lines)):
        error = line["values"]["relative error"]
        colour = BLUE if error["median"] < EXACT else ORANGE
        axes.barh(place, error["median"], left=_LEAST, color=colour, height=0.6)
        axes.plot([error["low"], error["high"]], [place, place], "|-", color=INK, linewidth=1.2)
    axes.set_yticks(range(len(lines)), [line["name"] for line in reversed(lines)])
    axes.set(
        xscale="log", xlim=(_LEAST, 20), xlabel="relative error of the gradient (line: all seeds)"
    )
    axes.grid(visible=False, axis="y")
    axes.set_title("What the boundary condition leaves of the gradient")
    return figure
