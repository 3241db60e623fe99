"""The figure of a learner's gradient check: the relative error of each parameter beside what is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eqspike.analysis.gradients.spikes import Similarities
from eqspike.analysis.style import INK, MUTED, SERIES, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXACT = 1e-17
"""Where an error of 0 is drawn, on an axis that has no 0."""


@styled()
def parameters_figure(ways: Mapping[str, Similarities], needed: float, title: str) -> Figure:
    """A row for each parameter, in the order of the model from above; a mark for each way.

    Args:
        ways: what is compared with the exact gradient, by what it is called.
        needed: largest relative error allowed.
        title: above the panel.
    """
    names = list(next(iter(ways.values())))
    figure = new_figure(7.6, 1.9 + 0.28 * len(names))
    axes = figure.subplots()
    axes.axvline(needed, color=INK, linestyle=":", linewidth=1.5, label=f"needed: {needed:g}")
    for index, (way, found) in enumerate(ways.items()):
        errors = [max(EXACT, found[name].relative_error) for name in names]
        colour, marker = SERIES[index % len(SERIES)]
        axes.plot(
            errors, range(len(names)), color=colour, marker=marker, linestyle="none", label=way
        )
    axes.set(title=title, xscale="log", xlabel="relative error against the exact gradient")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="y", color=MUTED, alpha=0.2)
    figure.legend(loc="outside lower center", ncols=2)
    return figure
