"""Tables from their first run to their last file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eqspike import library
from eqspike.analysis.style import require_matplotlib
from eqspike.analysis.trajectories_figure import draw_trajectories
from eqspike.core.files import check_writable, remove_parts, together
from eqspike.experiment.reproduction.budget import Budget
from eqspike.experiment.reproduction.data import Outcome
from eqspike.experiment.reproduction.replacing import check_budget
from eqspike.experiment.reproduction.running import reproduce
from eqspike.experiment.reproduction.tables import load_table
from eqspike.experiment.sweep import Fleet
from eqspike.reports.reproduction import NAME, write_reproduction
from eqspike.training.lock import locked

ALL = "all"

FIGURES = {"trajectories": draw_trajectories}
"""Of measures whose table a figure says better."""


def reproduce_into(
    out: Path, name: str, fleet: Fleet | None = None, budget: Budget | None = None,
    follow: Callable[[Outcome, int], None] = lambda outcome, left: None, *, force: bool = False,
) -> tuple[tuple[dict[str, Any], ...], list[Path]]:  # fmt: skip
    """Run a table, or all, in the folder `out`, then write their documents there, all files or none.

    Other arguments and errors are those of `reproduce`. What is interrupted goes on from its checkpoints.

    Args:
        name: of the library, path of a YAML file, or `all`.
        force: replace tables of another budget, which are refused otherwise.

    Returns:
        The data of each table, and the files beside the runs.
    """
    names = library.names("tables") if name == ALL else (name,)
    tables = [load_table(each) for each in names]
    if any(
        measure in FIGURES for table in tables for row in table.rows for measure in row.measures
    ):
        require_matplotlib()
    check_writable(out, f"{NAME}.json")
    with locked(out):
        remove_parts(out)
        for table in () if force else tables:
            check_budget(out / table.name, budget)
        found = reproduce(tables, out, fleet or Fleet(), budget, follow)
        with together():
            return found, [path for data in found for path in _write(data, out / data["name"])]


def _write(data: Mapping[str, Any], folder: Path) -> list[Path]:
    """The table in all forms, and figures of its measures."""
    drawn = [
        FIGURES[measure["measure"]](measure["rows"], folder / f"{measure['measure']}.png")
        for measure in data["measures"]
        if measure["measure"] in FIGURES and measure["rows"]
    ]
    return [*write_reproduction(data, folder), *drawn]
