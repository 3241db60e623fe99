"""Errors of a nudged update against beta, with the powers the theorem gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eqspike.analysis.gradients.spikes import NudgeError
from eqspike.analysis.style import BLUE, MUTED, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_errors(axes: Axes, points: Sequence[NudgeError]) -> None:
    """One-sided and centered errors on logarithmic axes, each with a dotted guide of its power of beta."""
    betas = [point.beta for point in points]
    for name, order, colour, marker, errors in (
        ("one-sided, falls as β", 1, BLUE, "o", [point.one_sided for point in points]),
        ("centered, falls as β²", 2, ORANGE, "s", [point.centered for point in points]),
    ):
        axes.plot(betas, errors, color=colour, marker=marker, label=name)
        guide = [errors[-1] * (beta / betas[-1]) ** order for beta in betas]
        axes.plot(betas, guide, color=MUTED, linestyle=":", linewidth=1.2, zorder=1)
    axes.set(xscale="log", yscale="log", xlabel="nudging strength β")
