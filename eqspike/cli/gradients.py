"""`eqspike check-gradient`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from eqspike.analysis.gradients.report import GradientReport
from eqspike.analysis.style import require_matplotlib, save
from eqspike.cli.printing import message, print_json, print_table
from eqspike.core.files import check_writable, together, write_bytes, write_json
from eqspike.experiment import resolve
from eqspike.experiment.gradients import check_gradient as measure


def check_gradient(options: argparse.Namespace) -> int:
    """Compare what a model learns by with the exact gradient."""
    configuration = resolve(
        options.model, options.task, seed=options.seed, overrides=tuple(options.overrides)
    )
    if options.out:
        require_matplotlib()
        check_writable(Path(options.out), "gradient_check.json", "processes.png")
    report = measure(configuration, samples=options.samples, run=options.run)
    of_weights = (
        f"weights of {options.run}" if options.run else f"initial weights (seed {options.seed})"
    )
    title = f"{configuration.model.name} on {configuration.task}, {of_weights}"
    data = {
        "model": configuration.model.name,
        "task": configuration.task,
        "run": options.run,
        "seed": options.seed,
        **report.data,
    }
    if options.json:
        print_json(data)
    else:
        _print(report, title)
    if options.out:
        _write(report, title, data, Path(options.out))
    return 0 if report.holds else 1


def _print(report: GradientReport, title: str) -> None:
    print(title)
    for table in report.tables:
        print(f"\n{table.title}:")
        print_table(table.header, list(table.rows))
    print(f"\n{report.verdict}")


def _write(report: GradientReport, title: str, data: dict[str, Any], out: Path) -> None:
    with together():
        write_json(out / "gradient_check.json", data)
        write_bytes(out / "gradient_check.md", report.markdown(title).encode())
        for name, draw in report.figures.items():
            save(draw(), out / name)
    message(f"figures and tables are in {out}")
