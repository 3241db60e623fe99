"""Accuracy against bits per weight, nearest and stochastic rounding: a table, and a figure with --out.

Each point is a run of its own, in a folder under --runs, so an interrupted study goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
from math import isnan
from pathlib import Path

from eqspike.core.errors import ActivityError, RunError
from eqspike.experiment import resolve
from eqspike.experiment.runs import resume, start

BITS = (2, 3, 4, 6, 8)
ROUNDINGS = ("nearest", "stochastic")
IDEAL = "{kind: ideal}"


def accuracy(out: Path, model: str, task: str, epochs: int, seed: int, memory: str | None) -> float:
    """Test accuracy of the last epoch of one run, continued or begun as needed; NaN if it died on the way."""
    overrides = (f"memory={memory or IDEAL}",)
    try:
        if (out / "config.yaml").exists():
            result = resume(out)
        else:
            configuration = resolve(model, task, epochs=epochs, seed=seed, overrides=overrides)
            result = start(configuration, out)
    except ActivityError as error:
        print(f"{out.name}: {error}")
        return float("nan")
    if result.accuracy is None:
        raise RunError(f"{out}: no epoch was completed")
    return result.accuracy


def draw(results: dict[str, float], out: Path) -> None:
    """Accuracy against bits, with the float reference as a line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for rounding, marker in zip(ROUNDINGS, "so", strict=True):
        points = [100 * results[f"{rounding}-{bits}"] for bits in BITS]
        axes.plot(BITS, points, marker=marker, label=f"{rounding} rounding")
    axes.axhline(100 * results["float"], color="black", linestyle="--", label="64-bit float")
    axes.set(xlabel="bits per weight", ylabel="test accuracy (%)", xticks=BITS)
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    figure.savefig(out, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="eqspike-100-8bit")
    parser.add_argument("--task", default="mnist")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ranges", type=float, nargs="+", default=[0.2, 0.3])
    parser.add_argument("--runs", type=Path, default=Path("runs/weight-precision"))
    parser.add_argument("--out", type=Path, help="figure to write")
    options = parser.parse_args()
    jobs: dict[str, str | None] = {"float": None}
    for bits in reversed(BITS):
        for rounding in reversed(ROUNDINGS):
            ranges = ", ".join(str(value) for value in options.ranges)
            memory = f"{{kind: fixed, bits: {bits}, ranges: [{ranges}], rounding: {rounding}}}"
            jobs[f"{rounding}-{bits}"] = memory
    results: dict[str, float] = {}
    for name, memory in jobs.items():
        results[name] = accuracy(
            options.runs / name, options.model, options.task, options.epochs, options.seed, memory
        )
        print(f"{name:14s} {results[name]:.4f}", flush=True)
    (options.runs / "results.json").write_text(
        json.dumps(
            {name: None if isnan(value) else value for name, value in results.items()}, indent=2
        )
        + "\n"
    )
    if options.out:
        draw(results, options.out)


if __name__ == "__main__":
    main()
