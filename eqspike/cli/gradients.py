"""`eqspike check-gradient`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.analysis.style import figures_as
from eqspike.cli.printing import message, print_json, print_table
from eqspike.experiment import resolve
from eqspike.experiment.gradients import GradientCheck, check_place
from eqspike.experiment.gradients import check_gradient as measure


def check_gradient(options: argparse.Namespace) -> int:
    """Compare what a model learns by with the exact gradient."""
    configuration = resolve(
        options.model, options.task, seed=options.seed, overrides=tuple(options.overrides)
    )
    out = Path(options.out) if options.out else None
    if out:
        check_place(out)
    check = measure(configuration, samples=options.samples, run=options.run)
    if options.json:
        print_json(check.to_json())
    else:
        _print(check)
    if out:
        with figures_as(options.format):
            check.write(out)
        message(f"figures and tables are in {out}")
    return 0 if check.holds else 1


def _print(check: GradientCheck) -> None:
    print(check.title)
    for table in check.report.tables:
        print(f"\n{table.title}:")
        print_table(table.header, list(table.rows))
    print(f"\n{check.report.verdict}")
