"""What is still known of earlier tasks while later ones are learnt, with and without metaplasticity.

    python benchmarks/forgetting.py measure bp --m 15 --out results/bp-15.json
    python benchmarks/forgetting.py measure ep --m 5 5 --out results/ep-5.json
    python benchmarks/forgetting.py figure results/*.json --out forgetting.png
    python benchmarks/forgetting.py table results/*.json

`measure` learns the tasks in turn and writes, after each epoch, the accuracy on every one. Learner `bp` is the
published binary network (`eqspike.learners.binary`), `ep` the model metaplastic-ep-512. One thread.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eqspike.analysis.style import GREEN, MUTED, SERIES, new_figure, save, styled
from eqspike.experiment import open_session, resolve
from eqspike.learners.binary import BinaryLearner, Recipe
from eqspike.tasks import read_sequence
from eqspike.training.curriculum import (
    Learner,
    learn_in_sequence,
    learnt_accuracy,
    mean_accuracy,
)
from eqspike.training.session_learner import SessionLearner

HISTOGRAM = np.linspace(0.0, 3.0, 61)
"""Edges of the bins of |hidden weight|; what lies above is in the last."""


def measure(arguments: argparse.Namespace) -> None:
    """Learn the sequence; the file is written after every epoch."""
    torch.set_num_threads(1)
    stages = read_sequence(arguments.tasks, arguments.seed, arguments.train, arguments.test)
    learner = make_learner(arguments, stages[0].train.images.shape[1])
    settings = {key: value for key, value in vars(arguments).items() if key not in ("run", "out")}
    records: list[dict[str, Any]] = []
    result = {**settings, "names": [stage.name for stage in stages], "records": records}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)

    def report(record: dict[str, Any]) -> None:
        record["histogram"] = [histogram(hidden) for hidden in learner.hidden_weights()]
        records.append(record)
        shown = " ".join(f"{100 * value:5.1f}" for value in record["accuracy"])
        turned = " ".join(f"{100 * value:5.2f}" for value in record["turned"])
        print(
            f"task {record['task']} epoch {record['epoch']}: {shown}, turned {turned}", flush=True
        )
        arguments.out.write_text(json.dumps(result) + "\n")

    learn_in_sequence(learner, stages, arguments.epochs, arguments.seed, report)


def make_learner(arguments: argparse.Namespace, pixels: int) -> Learner:
    """The learner named on the command line."""
    if arguments.learner == "ep":
        return equilibrium_learner(arguments, pixels)
    recipe = Recipe(
        sizes=(pixels, *arguments.hidden, 10), m=arguments.m[0], batch_size=arguments.batch or 100,
        gamma=arguments.gamma, statistics=arguments.statistics,
        reset=not arguments.keep_optimiser, own_normalisation=not arguments.shared,
    )  # fmt: skip
    return BinaryLearner(recipe, arguments.seed)


def equilibrium_learner(arguments: argparse.Namespace, pixels: int) -> SessionLearner:
    """Binary EP with the memory `metaplastic`."""
    layers = [pixels, *arguments.hidden, 10]
    m = arguments.m * (len(layers) - 1) if len(arguments.m) == 1 else arguments.m
    changes = (f"layers={layers}", f"memory.metaplasticity={m}", *arguments.set)
    task = arguments.tasks[0].removeprefix("permuted:")
    model = resolve("metaplastic-ep-512", task, overrides=changes).model
    session = open_session(model.system, arguments.seed, "torch:cpu")
    batch = arguments.batch or model.batch_size
    return SessionLearner(session, batch, arguments.seed, not arguments.shared)


def histogram(hidden: np.ndarray) -> list[float]:
    """Fraction of the weights in each bin."""
    counts, _ = np.histogram(np.minimum(np.abs(hidden), HISTOGRAM[-1]), HISTOGRAM)
    return [float(count) / hidden.size for count in counts]


def table(arguments: argparse.Namespace) -> None:
    """Markdown, a line for each learner and m: means over seeds, and the range of the final mean."""
    groups: dict[tuple[str, str], list[list[dict[str, Any]]]] = {}
    for result in load(arguments.results):
        groups.setdefault((result["learner"], strength(result)), []).append(result["records"])
    print(
        "| learner | m | seeds | each task when learnt | each task at the end | mean | turned by the last task |"
    )
    print("|---|---|---|---|---|---|---|")
    for (learner, m), runs in groups.items():
        means = [100 * mean_accuracy(records) for records in runs]
        spread = f" ({min(means):.1f} to {max(means):.1f})" if len(runs) > 1 else ""
        cells = (
            percentages([learnt_accuracy(records) for records in runs]),
            percentages([records[-1]["accuracy"] for records in runs]),
            f"**{np.mean(means):.1f}**{spread}",
            percentages([records[-1]["turned_in_task"] for records in runs]),
        )
        print(f"| {learner} | {m} | {len(runs)} | {' | '.join(cells)} |")


def percentages(runs: Sequence[Sequence[float]]) -> str:
    """Means over runs, in percent."""
    return " ".join(f"{100 * value:.1f}" for value in np.mean(runs, axis=0))


def draw(arguments: argparse.Namespace) -> None:
    """Forgetting curves, a panel for each result; underneath, |hidden weight| at the end of each task."""
    results = load(arguments.results)
    with styled():
        figure = new_figure(3.6 * len(results), 6.4)
        grid = figure.subplots(2, len(results), squeeze=False, height_ratios=(3, 2))
        for column, result in enumerate(results):
            draw_curves(grid[0][column], result, column == 0)
            draw_weights(grid[1][column], result, column == 0)
        lines, names = grid[0][0].get_legend_handles_labels()
        figure.legend(lines, names, loc="outside upper center", ncols=len(names))
        save(figure, arguments.out)


def draw_curves(axes: Any, result: dict[str, Any], first: bool) -> None:
    """Test accuracy of each task against epochs; the dotted lines are the beginnings of tasks."""
    records, epochs = result["records"], result["epochs"]
    time = np.arange(1, len(records) + 1)
    for task, (colour, marker) in zip(range(len(result["names"])), series(), strict=False):
        accuracy = [100 * record["accuracy"][task] for record in records]
        own = slice(task * epochs, len(records))
        axes.plot(time[own], accuracy[own], color=colour, marker=marker, markersize=3.5, linewidth=1.5,
                  label=result["names"][task])  # fmt: skip
        axes.axvline(task * epochs + 0.5, color=MUTED, linewidth=0.6, linestyle=":")
    mean = 100 * mean_accuracy(records)
    title = f"{result['learner']}, m = {strength(result)}: ends at {mean:.1f} %"
    axes.set_title(title, fontsize=11)
    axes.set_xlabel("epoch")
    axes.set(ylim=(0, 100), xlim=(0.5, len(records) + 0.5))
    if first:
        axes.set_ylabel("test accuracy (%)")


def draw_weights(axes: Any, result: dict[str, Any], first: bool) -> None:
    """Distribution of |hidden weight| of the coupling from the input when each task ended."""
    epochs = result["epochs"]
    middle = (HISTOGRAM[1:] + HISTOGRAM[:-1]) / 2
    for record, (colour, _) in zip(result["records"][epochs - 1 :: epochs], series(), strict=False):
        axes.plot(middle, record["histogram"][0], color=colour, linewidth=1.3)
    axes.set(xlabel="|hidden weight| from the input", yscale="log", ylim=(1e-4, 1))
    if first:
        axes.set_ylabel("fraction of weights")


def strength(result: dict[str, Any]) -> str:
    """m, of each coupling where they differ."""
    return ", ".join(f"{m:g}" for m in dict.fromkeys(result["m"]))


def series() -> list[tuple[str, str]]:
    """Colours and markers of up to six tasks."""
    return [*SERIES, (MUTED, "v"), (GREEN, "x")]


def load(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Results of `measure`, as they were given."""
    return [json.loads(path.read_text()) for path in paths]


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    verbs = parser.add_subparsers(required=True)
    measuring = verbs.add_parser("measure")
    measuring.add_argument("learner", choices=("bp", "ep"))
    measuring.add_argument("--tasks", nargs="+", default=["permuted:mnist"] * 5)
    measuring.add_argument("--hidden", type=int, nargs="+", default=[512, 512])
    measuring.add_argument("--epochs", type=int, default=5, help="of each task")
    measuring.add_argument("--train", type=int, help="only the first training samples of each task")
    measuring.add_argument("--test", type=int, help="only the first test samples of each task")
    measuring.add_argument(
        "--m", type=float, nargs="+", default=[0.0], help="ep: of each coupling, or of all"
    )
    measuring.add_argument(
        "--batch", type=int, help="samples of a step (bp 100, ep that of the model)"
    )
    measuring.add_argument("--gamma", choices=("uniform", "ones"), default="uniform")
    measuring.add_argument("--statistics", choices=("batch", "running"), default="batch")
    measuring.add_argument("--keep-optimiser", action="store_true", help="no reset between tasks")
    measuring.add_argument("--shared", action="store_true", help="nothing of its own per task")
    measuring.add_argument("--set", action="append", default=[], help="ep: a change to the model")
    measuring.add_argument("--seed", type=int, default=0)
    measuring.add_argument("--out", type=Path, required=True)
    measuring.set_defaults(run=measure)
    for name, run in (("figure", draw), ("table", table)):
        verb = verbs.add_parser(name)
        verb.add_argument("results", type=Path, nargs="+")
        if name == "figure":
            verb.add_argument("--out", type=Path, required=True)
        verb.set_defaults(run=run)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
