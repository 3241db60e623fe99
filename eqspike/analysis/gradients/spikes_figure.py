"""The figure of a gradient check: theorem, spikes against rates, spikes against the exact gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from eqspike.analysis.gradients.error_axes import draw_errors
from eqspike.analysis.gradients.spikes import LEAST_COSINE, GradientCheck, PhaseLength, Similarities
from eqspike.analysis.style import MUTED, SERIES, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@styled()
def gradient_figure(check: GradientCheck) -> Figure:
    """Cosine of each coupling and bias against the length of the phases, and the theorem it rests on.

    Panel 3 also marks where the rate network itself stands: what it lacks is due to the nudge, not to spikes.
    """
    figure = new_figure(13.0, 4.9)
    theorem, rates, exact = figure.subplots(1, 3)
    _draw_theorem(theorem, check)
    _draw_growth(rates, check, lambda length: length.against_rates)
    _draw_growth(exact, check, lambda length: length.against_exact)
    rates.set(
        title=f"2  Spikes against rates, both at β = {check.beta:g}",
        ylabel="cosine with the rate network's update",
    )
    exact.set(
        title=f"3  Spikes at β = {check.beta:g} against β → 0",
        ylabel="cosine with minus the exact gradient",
    )
    lowest = min(s.cosine for length in check.growth for s in length.against_rates.values())
    rates.set_ylim(min(LEAST_COSINE - 0.02, lowest - 0.02), 1.004)
    rates.axhline(LEAST_COSINE, color=MUTED, linestyle=":", linewidth=1.5)
    rates.annotate(
        "needed in the limit", (1.2 * check.growth[-1].factor, LEAST_COSINE), (0, 4),
        textcoords="offset points", ha="right", color=MUTED, fontsize=9,
    )  # fmt: skip
    steps = check.limit.free_steps + check.limit.nudged_steps
    _mark(rates, check, check.limit.against_rates, f"limit\n{steps}")
    _mark(exact, check, check.rates_against_exact, "rate\nnetwork")
    exact.set_ylim(min(0.0, *exact.get_ylim()), 1.02)
    handles, labels = rates.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower right", ncols=min(6, len(labels)))
    return figure


def _draw_theorem(axes: Axes, check: GradientCheck) -> None:
    draw_errors(axes, check.theorem)
    axes.set(title="1  Theorem: smooth rates", ylabel="relative error against exact gradient")
    axes.legend(loc="upper left")


def _draw_growth(
    axes: Axes, check: GradientCheck, of: Callable[[PhaseLength], Similarities]
) -> None:
    factors = [length.factor for length in check.growth]
    for name, (colour, marker), dashed in _looks(of(check.growth[0])):
        cosines = [of(length)[name].cosine for length in check.growth]
        axes.plot(
            factors, cosines, color=colour, marker=marker, label=name,
            linestyle="--" if dashed else "-", markerfacecolor="white" if dashed else colour,
        )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks(
        factors, [f"×{x.factor}\n{x.free_steps + x.nudged_steps}" for x in check.growth]
    )
    axes.minorticks_off()
    axes.set_xlabel("length of phases and traces; steps per sample")


def _mark(axes: Axes, check: GradientCheck, similarities: Similarities, label: str) -> None:
    """Cosines of something else than longer phases, beside them and set apart by a line."""
    place = check.growth[-1].factor * 1.75
    for name, (colour, marker), dashed in _looks(similarities):
        axes.plot(
            place, similarities[name].cosine, color=colour, marker=marker,
            markerfacecolor="white" if dashed else colour, linestyle="none",
        )  # fmt: skip
    axes.axvline(check.growth[-1].factor * 1.3, color=MUTED, linewidth=0.8)
    ticks = [*axes.get_xticks(), place]
    labels = [label.get_text() for label in axes.get_xticklabels()]
    axes.set_xticks(ticks, [*labels, label])


def _looks(names: Similarities) -> list[tuple[str, tuple[str, str], bool]]:
    """Couplings drawn solid and biases dashed, those into the same layer in the same colour."""
    couplings = [name for name in names if not name.endswith(".bias")]
    biases = [name for name in names if name.endswith(".bias")]
    looks = []
    for group, dashed in ((couplings, False), (biases, True)):
        for index, name in enumerate(group):
            looks.append((name, SERIES[index % len(SERIES)], dashed))
    return looks
