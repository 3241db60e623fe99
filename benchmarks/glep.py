"""Equilibrium Propagation on trajectories: gradient error of every boundary condition, a table and a figure.

    python benchmarks/glep.py --out DIR [--seeds 3]

Three coupled Duffing oscillators, 400 steps of 0.02; see `eqspike.nn.boundaries`. Prints the median over seeds of
the parameters, with the smallest and largest error; writes `glep.json` and `glep.png`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from eqspike.analysis.style import BLUE, INK, ORANGE, new_figure, save, styled
from eqspike.nn.boundaries import Row, experiments


def table(rows: list[list[Row]]) -> str:
    """Markdown; one list of rows a seed."""
    lines = ["| trajectories share | estimator | relative error | smallest to largest | cosine |",
             "|---|---|---|---|---|"]  # fmt: skip
    for of in zip(*rows, strict=True):
        errors = [row.relative_error for row in of]
        cosine = median(row.cosine for row in of)
        lines.append(
            f"| {of[0].condition} | {of[0].estimator} | {median(errors):.1e} | "
            f"{min(errors):.1e} to {max(errors):.1e} | {cosine:.4f} |"
        )
    return "\n".join(lines)


@styled()
def draw(rows: list[list[Row]]) -> Any:
    """One bar an estimator, a point a seed."""
    figure = new_figure(9.0, 5.0)
    axes = figure.subplots()
    cases = list(zip(*rows, strict=True))[::-1]
    for place, of in enumerate(cases):
        errors = [row.relative_error for row in of]
        exact = median(errors) < 1e-3
        axes.barh(place, median(errors), left=1e-11, color=BLUE if exact else ORANGE, height=0.6)
        axes.plot(errors, [place] * len(errors), "o", color=INK, markersize=4)
    axes.set_yticks(range(len(cases)), [f"{of[0].condition}: {of[0].estimator}" for of in cases])
    axes.set(
        xscale="log", xlim=(1e-11, 20), xlabel="relative error of the gradient (points: seeds)"
    )
    axes.grid(visible=False, axis="y")
    axes.set_title("What the boundary condition leaves of the gradient")
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs/glep"))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = [experiments(seed) for seed in range(options.seeds)]
    print(table(rows))
    text = json.dumps([[asdict(row) for row in of] for of in rows], indent=2) + "\n"
    (options.out / "glep.json").write_text(text, encoding="utf-8")
    save(draw(rows), options.out / "glep.png")


if __name__ == "__main__":
    main()
