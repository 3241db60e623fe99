"""Accuracy against energy of the points of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqspike.analysis.style import BLUE, MUTED, new_figure, save, styled


@dataclass(frozen=True)
class Priced:
    """One run on one chip.

    Attributes:
        name: of the run; accuracy: a fraction.
        energy: low, typical and high, in joules per inference.
        on_front: whether no other run is as accurate for less energy.
        lower_bound: whether the energy leaves out something.
    """

    name: str
    accuracy: float
    energy: tuple[float, float, float]
    on_front: bool
    lower_bound: bool = False


def draw_front(points: Sequence[Priced], title: str, path: Path) -> Path:
    """Draw the points with their intervals; those on the front are joined and named.

    Raises:
        MissingPackageError: if matplotlib is not installed.
    """
    with styled():
        from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

        figure = new_figure(8.0, 5.5)
        axes = figure.subplots()
        for group, colour, marker, label in (
            ([p for p in points if not p.on_front], MUTED, "o", "beaten by another"),
            ([p for p in points if p.on_front], BLUE, "D", "best for its energy"),
        ):
            if not group:
                continue
            low, typical, high = zip(*(point.energy for point in group), strict=True)
            spans = [
                [t - bound for t, bound in zip(typical, low, strict=True)],
                [bound - t for t, bound in zip(typical, high, strict=True)],
            ]
            axes.errorbar(
                typical, [100 * point.accuracy for point in group], xerr=spans, color=colour,
                ecolor=colour, elinewidth=0.8, capsize=2, marker=marker, linestyle="", label=label,
            )  # fmt: skip
        front = sorted((p for p in points if p.on_front), key=lambda point: point.energy[1])
        axes.plot(
            [point.energy[1] for point in front],
            [100 * point.accuracy for point in front],
            color=BLUE,
            linewidth=1,
        )
        for point in front:
            last = point is front[-1]  # named to its left, where there is room
            axes.annotate(
                _escaped(point.name),
                (point.energy[1], 100 * point.accuracy),
                (-6, 8) if last else (6, -14),
                textcoords="offset points",
                ha="right" if last else "left",
                fontsize=8,
            )
        _mark_lower_bounds(axes, points)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(EngFormatter("J"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.margins(0.08)
        axes.set(xlabel="energy per inference, typical and interval", ylabel="test accuracy (%)")
        axes.set_title(_escaped(title))
        axes.legend(loc="lower right")
        return save(figure, path)


def _mark_lower_bounds(axes: Any, points: Sequence[Priced]) -> None:
    """An arrow to the right beside each typical energy that is a lower bound."""
    bounds = [point for point in points if point.lower_bound]
    if bounds:
        axes.errorbar(
            [point.energy[1] for point in bounds], [100 * point.accuracy for point in bounds],
            xerr=[0.15 * point.energy[1] for point in bounds], xlolims=True, color=MUTED, marker="",
            linestyle="", elinewidth=1.4,
        )  # fmt: skip
        label = "at least: the profile lacks figures"
        axes.plot([], [], marker=">", color=MUTED, linewidth=1.4, markersize=5, label=label)


def _escaped(text: str) -> str:
    """Text in which a dollar sign does not begin a formula."""
    return text.replace("$", r"\$")
