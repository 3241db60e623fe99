"""What is still known of earlier tasks while later ones are learnt, with and without metaplasticity.

    eqspike train metaplastic-bp-512 permuted-mnist --set learner.metaplasticity=15 --out runs/bp-15
    eqspike train metaplastic-ep-512 permuted-mnist --set "memory.metaplasticity=[5.0, 5.0]" --out runs/ep-5
    python benchmarks/forgetting.py figure runs/bp-15 runs/ep-5 --out forgetting.png
    python benchmarks/forgetting.py table runs/*

Both read the metrics of runs on a curriculum: the accuracy on every task after each epoch, and the share of signs
that turned.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.analysis.style import GREEN, MUTED, SERIES, new_figure, save, styled
from eqspike.experiment import load_configuration
from eqspike.training import RunFolder
from eqspike.training.curriculum import QUANTILES, learnt_accuracy


@dataclass(frozen=True)
class Result:
    """A run on a curriculum.

    Attributes:
        learner: name of its model; strength: m, of each coupling where they differ.
        records: its metrics; epochs: of each task.
    """

    learner: str
    strength: str
    records: Sequence[dict[str, Any]]
    epochs: int


def read(folder: Path) -> Result:
    """A run's metrics."""
    configuration = load_configuration(folder / "config.yaml")
    description = configuration.model.description
    part = description.get("learner") or description["memory"]
    m = part.get("metaplasticity", 0.0)
    strengths = m if isinstance(m, list) else [m]
    strength = ", ".join(f"{value:g}" for value in dict.fromkeys(strengths))
    records = RunFolder.open(folder).metrics()
    return Result(configuration.model.name, strength, records, configuration.model.epochs)


def table(arguments: argparse.Namespace) -> None:
    """Markdown, a line for each learner and m: means over seeds, and the range of the final mean."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in map(read, arguments.runs):
        groups.setdefault((result.learner, result.strength), []).append(result)
    print(
        "| learner | m | seeds | each task when learnt | each task at the end | mean | turned by the last epoch |"
    )
    print("|---|---|---|---|---|---|---|")
    for (learner, m), runs in groups.items():
        means = [100 * run.records[-1]["test_accuracy"] for run in runs]
        spread = f" ({min(means):.1f} to {max(means):.1f})" if len(runs) > 1 else ""
        cells = (
            percentages([learnt_accuracy(run.records) for run in runs]),
            percentages([run.records[-1]["test_accuracy_by_stage"] for run in runs]),
            f"**{np.mean(means):.1f}**{spread}",
            percentages([list(run.records[-1]["turned"].values()) for run in runs]),
        )
        print(f"| {learner} | {m} | {len(runs)} | {' | '.join(cells)} |")


def percentages(runs: Sequence[Sequence[float]]) -> str:
    """Means over runs, in percent."""
    return " ".join(f"{100 * value:.1f}" for value in np.mean(runs, axis=0))


def draw(arguments: argparse.Namespace) -> None:
    """Forgetting curves, a panel for each result; underneath, |hidden weight| at the end of each task."""
    results = [read(folder) for folder in arguments.runs]
    with styled():
        figure = new_figure(3.6 * len(results), 6.4)
        grid = figure.subplots(2, len(results), squeeze=False, height_ratios=(3, 2))
        for column, result in enumerate(results):
            draw_curves(grid[0][column], result, column == 0)
            draw_weights(grid[1][column], result, column == 0)
        lines, names = grid[0][0].get_legend_handles_labels()
        figure.legend(lines, names, loc="outside upper center", ncols=len(names))
        save(figure, arguments.out)


def draw_curves(axes: Any, result: Result, first: bool) -> None:
    """Test accuracy of each task against epochs; the dotted lines are the beginnings of tasks."""
    records, epochs = result.records, result.epochs
    time = np.arange(1, len(records) + 1)
    tasks = len(records[-1]["test_accuracy_by_stage"])
    for task, (colour, marker) in zip(range(tasks), series(), strict=False):
        accuracy = [100 * record["test_accuracy_by_stage"][task] for record in records]
        own = slice(task * epochs, len(records))
        axes.plot(time[own], accuracy[own], color=colour, marker=marker, markersize=3.5, linewidth=1.5,
                  label=f"task {task + 1}")  # fmt: skip
        axes.axvline(task * epochs + 0.5, color=MUTED, linewidth=0.6, linestyle=":")
    mean = 100 * records[-1]["test_accuracy"]
    title = f"{result.learner}, m = {result.strength}\nends at {mean:.1f} %"
    axes.set_title(title, fontsize=11)
    axes.set_xlabel("epoch")
    axes.set(ylim=(0, 100), xlim=(0.5, len(records) + 0.5))
    if first:
        axes.set_ylabel("test accuracy (%)")


def draw_weights(axes: Any, result: Result, first: bool) -> None:
    """Quantiles of |hidden weight| of the coupling from the input when each task ended."""
    ends = result.records[result.epochs - 1 :: result.epochs]
    for record, (colour, _) in zip(ends, series(), strict=False):
        magnitude = next(iter(record["magnitude"].values()))
        axes.plot(QUANTILES, magnitude, color=colour, linewidth=1.3)
    axes.set(xlabel="fraction of the input's weights", yscale="log", xlim=(0, 1))
    if first:
        axes.set_ylabel("|hidden weight| below")


def series() -> list[tuple[str, str]]:
    """Colours and markers of up to six tasks."""
    return [*SERIES, (MUTED, "v"), (GREEN, "x")]


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    verbs = parser.add_subparsers(required=True)
    for name, run in (("figure", draw), ("table", table)):
        verb = verbs.add_parser(name)
        verb.add_argument("runs", type=Path, nargs="+", help="folders of runs on a curriculum")
        if name == "figure":
            verb.add_argument("--out", type=Path, required=True)
        verb.set_defaults(run=run)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
