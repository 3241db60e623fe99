"""`eqspike sweep`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike import library
from eqspike.analysis.sweep_figure import Priced, draw_front
from eqspike.cli.printing import message, print_json, print_table
from eqspike.core.files import check_writable, remove_parts, together
from eqspike.experiment.estimating import chip_names
from eqspike.experiment.plugins import plugins_in_use
from eqspike.experiment.sweep import Sweep, pareto_front, read_axis, run_sweep, write_sweep
from eqspike.experiment.sweep.point import Base
from eqspike.experiment.sweep.results import LEGEND, Outcome, has_lower_bounds, percent_of, table
from eqspike.experiment.sweep.running import check_workers
from eqspike.training.lock import locked

INTERRUPTED = 130


def sweep(options: argparse.Namespace) -> int:
    """Run a grid, and write its table and figures; 1 if a point failed."""
    base, out = _base(options), _folder(options)
    axes = [read_axis(text) for text in options.axes]
    fleet = check_workers(options.workers, options.scheduler)
    check_writable(out, "sweep.json")
    with locked(out):
        remove_parts(out)
        try:
            found = run_sweep(base, axes, out, fleet, _follow)
        except KeyboardInterrupt:
            message("stopped; the same command continues from the checkpoints")
            return INTERRUPTED
        with together():
            files = [*write_sweep(found, out), *_figures(found, out)]
    if options.json:
        print_json({**found.to_json(), "files": [str(path) for path in files]})
    else:
        print_table(*table(found))
        if has_lower_bounds(found):
            print(f"\n{LEGEND}")
        print(f"\n{'  '.join(str(path) for path in files)}")
    return 1 if found.failed else 0


def _base(options: argparse.Namespace) -> Base:
    return Base(
        _anywhere("models", options.model),
        _anywhere("tasks", options.task),
        options.engine,
        options.seed,
        options.epochs,
        options.limit,
        tuple(options.overrides),
        tuple(_anywhere("chips", chip) for chip in chip_names(tuple(options.chips))),
        options.checkpoint_seconds,
        plugins_in_use(),
    )


def _anywhere(kind: str, name: str) -> str:
    """A name that means the same in every process: of the library, or an absolute path."""
    path = library.find(kind, name)
    return name if name in library.names(kind) else str(path.resolve())


def _folder(options: argparse.Namespace) -> Path:
    if options.out:
        return Path(options.out)
    return Path("sweeps") / f"{Path(options.model).stem}-{Path(options.task).stem}"


def _follow(outcome: Outcome, left: int) -> None:
    said = outcome.error if outcome.result is None else f"accuracy {percent_of(outcome.accuracy)}"
    message(f"{outcome.point.name}: {said} ({left} to come)")


def _figures(found: Sweep, out: Path) -> list[Path]:
    """One figure for each chip that prices at least two points; none without matplotlib."""
    paths = []
    for chip in found.base.chips:
        front = set(pareto_front(found, chip))
        priced = []
        for index, outcome in enumerate(found.outcomes):
            energy, accuracy = outcome.energy(chip), outcome.accuracy
            if energy is not None and accuracy is not None:
                bounds = (energy["low"], energy["typical"], energy["high"])
                lower = outcome.lower_bound(chip)
                priced.append(Priced(outcome.point.name, accuracy, bounds, index in front, lower))
        if len(priced) > 1:
            name = Path(chip).stem
            paths.append(draw_front(priced, f"{found.base.model}, {name}", out / f"{name}.png"))
    return paths
