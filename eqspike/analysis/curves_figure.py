"""Learning curves of several runs in one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eqspike.analysis.style import SERIES, new_figure, styled, whole_ticks
from eqspike.core.errors import ConfigError, RunError
from eqspike.tasks.metrics import judged_split

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLES = ("-", "--", ":")
MOST = len(SERIES) * len(_STYLES)
"""Curves that can be told apart."""


@styled()
def learning_curves(runs: Mapping[str, Sequence[Mapping[str, Any]]], metric: str) -> Figure:
    """The metric of each run by epoch, on the test set or on what was held out for validation.

    Args:
        runs: by name, one record per completed epoch, as in a run's `metrics.jsonl`.
        metric: how their tasks judge, such as `accuracy`.

    Raises:
        RunError: if a run has completed no epoch.
        ConfigError: for more runs than can be told apart.
    """
    if len(runs) > MOST:
        raise ConfigError(f"one figure shows at most {MOST} runs, got {len(runs)}")
    figure = new_figure(8.0, 4.5)
    axes = figure.subplots()
    percent = metric == "accuracy"
    splits: dict[str, None] = {}
    for number, (name, metrics) in enumerate(runs.items()):
        if not metrics:
            raise RunError(f"{name}: no epoch has been completed yet; train for at least one")
        colour, marker = SERIES[number % len(SERIES)]
        split = judged_split(metrics[-1], metric)
        splits.setdefault(split)
        values = [record[f"{split}_{metric}"] * (100 if percent else 1) for record in metrics]
        axes.plot(
            [record["epoch"] for record in metrics], values, _STYLES[number // len(SERIES)],
            color=colour, marker=marker, markevery=max(1, len(values) // 12), clip_on=False,
            label=f"{name}: {values[-1]:.2f} %" if percent else f"{name}: {values[-1]:.4g}",
        )  # fmt: skip
    axes.set(
        xlabel="epoch", title=f"{' or '.join(splits).capitalize()} set",
        ylabel="accuracy (%)" if percent else metric.replace("_", " "),
    )  # fmt: skip
    whole_ticks(axes)
    axes.legend(loc="lower right" if percent else "upper right")
    return figure
