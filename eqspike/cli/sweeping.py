"""`eqspike sweep`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.analysis.style import figures_as
from eqspike.cli.printing import message, print_json, print_table
from eqspike.experiment.sweep import read_axis, sweep_into
from eqspike.experiment.sweep.results import (
    LEGEND,
    Outcome,
    best_line,
    has_lower_bounds,
    percent_of,
    table,
)
from eqspike.experiment.sweep.running import check_workers
from eqspike.experiment.sweep.study import check_sampler
from eqspike.experiment.sweep.whole import portable_base

INTERRUPTED = 130


def sweep(options: argparse.Namespace) -> int:
    """Run a grid or a search, and write its table and figures; 1 if a point failed."""
    trials = check_sampler(options.sampler, options.trials)
    base = portable_base(
        options.model, options.task, engine=options.engine, seed=options.seed,
        epochs=options.epochs, limit=options.limit, overrides=tuple(options.overrides),
        chips=options.chips, checkpoint_seconds=options.checkpoint_seconds,
        validation=options.validation,
    )  # fmt: skip
    axes = [read_axis(text) for text in options.axes]
    fleet = check_workers(options.workers, options.scheduler)
    try:
        with figures_as(options.format):
            found, files = sweep_into(_folder(options), base, axes, fleet, _follow, trials)
    except KeyboardInterrupt:
        message("stopped; the same command continues from the checkpoints")
        return INTERRUPTED
    if options.json:
        print_json({**found.to_json(), "files": [str(path) for path in files]})
    else:
        print_table(*table(found))
        if line := best_line(found):
            print(f"\n{line}")
        if has_lower_bounds(found):
            print(f"\n{LEGEND}")
        print(f"\n{'  '.join(str(path) for path in files)}")
    return 1 if found.failed else 0


def _folder(options: argparse.Namespace) -> Path:
    if options.out:
        return Path(options.out)
    return Path("sweeps") / f"{Path(options.model).stem}-{Path(options.task).stem}"


def _follow(outcome: Outcome, left: int) -> None:
    said = outcome.error if outcome.result is None else f"accuracy {percent_of(outcome.accuracy)}"
    if outcome.validation is not None:
        said = f"validation accuracy {percent_of(outcome.validation)}, {said}"
    message(f"{outcome.point.name}: {said} ({left} to come)")
