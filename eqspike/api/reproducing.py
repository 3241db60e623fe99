"""Papers' tables, run again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eqspike.api.given import name_of, path_of, whole
from eqspike.core.errors import ConfigError
from eqspike.core.showing import show
from eqspike.experiment.plugins import plugins as using
from eqspike.experiment.reproduction import Budget, reproduce_into
from eqspike.experiment.sweep import Fleet


def reproduce(
    name: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] = "reproductions",
    budget: float | None = None,
    workers: int | None = None,
    force: bool = False,
    plugins: Sequence[str | Path] = (),
) -> dict[str, dict[str, Any]]:
    """Run a paper's table again, from where it stands; on all cores, by Dask.

    Args:
        name: of a table of the library, path of a YAML file, or `all`.
        out: folder of the tables and of their runs.
        budget: minutes into which trainings are shortened; by default all are whole.
        workers: processes, by default one per core. Each first runs the script that calls this, so that a script
            calls it below `if __name__ == "__main__":`.
        force: replace a table in `out` that was made with another budget or number of workers.
        plugins: Python files with parts of your own, which are run; see docs/plugins.md.

    Returns:
        What was found, by the table's name: plain data of schema `eqspike-reproduction-1` (docs/reproduce.md).

    Raises:
        EqspikeError: before any work, for anything wrong.
    """
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, (int, float))):
        raise ConfigError(f"budget must be a number of minutes, got {show(budget)}")
    whole("workers", workers)
    with using(*plugins):
        found, _ = reproduce_into(
            path_of("out", out), name_of("table", name), Fleet(workers),
            None if budget is None else Budget.here(budget, workers), force=force,
        )  # fmt: skip
    return {data["name"]: data for data in found}
