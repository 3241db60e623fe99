"""The figure of processes: whole steps, and every colour said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.analysis.gradients.processes import Processes
from eqspike.analysis.gradients.rates import RateGradientCheck
from eqspike.analysis.gradients.rates_figure import process_figure


def check_of(steps: int) -> RateGradientCheck:
    """A check whose processes have this many steps, with nothing else in it."""
    values = np.random.default_rng(0).normal(size=(steps, 2, 3))
    made = Processes({"hidden": values, "output": values}, {"hidden-output": values})
    return RateGradientCheck(
        samples=2, free_steps=9, symmetric=True, proved=True, inside=True, beta=0.1, theorem=(), outside=(),
        own={}, angle=0.0, processes={}, factors={}, updates=made, gradients=made, moving=None,
    )  # fmt: skip


@pytest.mark.parametrize("steps", [2, 3, 4, 15])
def test_steps_are_whole(steps: int) -> None:
    for axes in process_figure(check_of(steps)).axes:
        assert [tick for tick in axes.get_xticks() if tick != int(tick)] == []


def test_every_colour_has_its_words() -> None:
    figure = process_figure(check_of(4))
    (legend,) = figure.legends
    named = {line.get_color() for line in legend.get_lines()}
    drawn = {line.get_color() for line in figure.axes[0].lines if len(line.get_xdata()) == 4}
    assert len(drawn) == 3
    assert drawn <= named


def test_the_legend_fits() -> None:
    check = check_of(4)
    figure = process_figure(replace(check, moving=check.updates))
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
