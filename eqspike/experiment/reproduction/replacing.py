"""A table is replaced by one of the same budget alone, unless its user says so."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from eqspike.core.errors import RunError
from eqspike.core.reading import read_object
from eqspike.core.showing import counted
from eqspike.experiment.reproduction.budget import Budget
from eqspike.reports.reproduction import NAME

_ADVICE = "give another folder (--out), or replace it (--force)"


def check_budget(folder: Path, budget: Budget | None) -> None:
    """Refuse to replace the table in a folder by one of another budget.

    Raises:
        RunError: with both budgets; or if the table cannot be read.
    """
    path = folder / f"{NAME}.json"
    if not path.exists():
        return
    try:
        known = read_object(path).get("budget")
    except RunError as error:
        raise RunError(f"{error}; {_ADVICE}") from error
    wanted = asdict(budget) if budget else None
    if known != wanted:
        raise RunError(
            f"{folder}: holds the table made with {_words(known)}; it would be replaced by one made with "
            f"{_words(wanted)}: {_ADVICE}"
        )


def _words(budget: object) -> str:
    match budget:
        case None:
            return "whole trainings"
        case {"minutes": int() | float() as minutes, "workers": int() as workers}:
            return f"a budget of {counted(minutes, 'minute')} on {counted(workers, 'worker')}"
        case _:
            return "another budget"
