"""Tables run on the workers of a sweep: what is done is read, what was interrupted goes on, the rest is begun."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eqspike.experiment.reproduction.budget import Budget, plan
from eqspike.experiment.reproduction.data import Outcome, table_data
from eqspike.experiment.reproduction.jobs import Job, jobs_of
from eqspike.experiment.reproduction.tables import PaperTable
from eqspike.experiment.reproduction.work import finding, run_job
from eqspike.experiment.sweep import Fleet
from eqspike.experiment.sweep.running import compute

RUNS = "runs"
"""Folder of all runs, below that of the tables."""

Key = tuple[str, int]


def reproduce(
    tables: Sequence[PaperTable], out: Path, fleet: Fleet, budget: Budget | None = None,
    follow: Callable[[Outcome, int], None] = lambda outcome, left: None,
) -> tuple[dict[str, Any], ...]:  # fmt: skip
    """Run all that tables ask for, and give what was found of each as plain data.

    Args:
        out: folder of the tables, with all runs in `runs`.
        fleet: who computes.
        budget: shortens trainings so that all fit, and stops what is not done in time; None: all is done.
        follow: given each outcome as it comes, and how many jobs are still to come.

    Raises:
        ConfigError, UnsupportedError, RunError: before any work, for anything wrong.
        MissingPackageError: if Dask is not installed.
    """
    jobs = plan([job for table in tables for job in jobs_of(table)], budget)
    runs = (out / RUNS).resolve()
    deadline = None if budget is None else time.time() + 60.0 * budget.minutes
    outcomes = _run(jobs, runs, fleet, deadline, follow)
    return tuple(
        table_data(table, [each for each in outcomes if each.job.table == table.name], budget)
        for table in tables
    )


def _run(
    jobs: Sequence[Job], runs: Path, fleet: Fleet, deadline: float | None,
    follow: Callable[[Outcome, int], None],
) -> list[Outcome]:  # fmt: skip
    """The outcome of each job; a run that several rows name is run once, with the measures of all."""
    first: dict[Key, Job] = {}
    for job in jobs:
        if not job.left:
            measures = {**first.get(job.key, job).row.measures, **job.row.measures}
            row = replace(first.get(job.key, job).row, measures=measures)
            first[job.key] = replace(first.get(job.key, job), row=row)
    known: dict[Key, Outcome] = {}
    for key, job in first.items():
        found = finding(job, runs)
        if found is not None:
            known[key] = Outcome(job, found)
    calls = {
        key: (run_job, (job, str(runs), deadline)) for key, job in first.items() if key not in known
    }
    for key, done, error in compute(fleet, calls):
        known[key] = _outcome(first[key], done, error, runs)
        follow(known[key], len(first) - len(known))
    return [
        replace(known[job.key], job=job) if job.key in known else Outcome(job, None, job.left)
        for job in jobs
    ]


def _outcome(job: Job, done: bool | None, error: str | None, runs: Path) -> Outcome:
    if error is not None:
        return Outcome(job, None, error, failed=True)
    if not done:
        return Outcome(job, None, "not done when the budget ended; the same command goes on")
    return Outcome(job, finding(job, runs))
