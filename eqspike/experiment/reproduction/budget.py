"""How much of each training fits into a number of minutes.

All that is to be trained gets its least first, then equal shares of the time that is left; what a short training
does not use goes to the others. Trainings are shortened in whole epochs down to one, then in images. Where not
even the least fits, the last seeds are left out. All from the paces that tables state, so that one budget on as
many processors always gives the same runs.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eqspike.core.errors import ConfigError
from eqspike.core.showing import counted
from eqspike.experiment.reproduction.jobs import Job, Part

START_SECONDS = 5.0
"""Processor time of each run beside its samples: reading data, opening the learner, writing files."""

USED = 0.9
"""Share of the budget that is planned."""

Key = tuple[str, int]
"""Of a job."""


@dataclass(frozen=True)
class Budget:
    """Minutes on a number of processors.

    Raises:
        ConfigError: unless both are above 0.
    """

    minutes: float
    workers: int

    def __post_init__(self) -> None:
        if not 0 < self.minutes < math.inf:
            raise ConfigError(f"--budget must be a number of minutes above 0, got {self.minutes:g}")
        if self.workers < 1:
            raise ConfigError(f"--workers must be at least 1, got {self.workers}")

    @staticmethod
    def here(minutes: float, workers: int | None) -> Budget:
        """On so many processors of this machine, by default all that it may use."""
        return Budget(minutes, len(os.sched_getaffinity(0)) if workers is None else workers)

    @property
    def processor_seconds(self) -> float:
        """What is planned."""
        return USED * 60.0 * self.minutes * self.workers


def plan(jobs: Sequence[Job], budget: Budget | None) -> tuple[Job, ...]:
    """The jobs in the order of work, first seeds first, each with what is done of it; whole without a budget."""
    ordered = sorted(jobs, key=lambda job: job.rank)
    if budget is None:
        return tuple(ordered)
    seconds = budget.processor_seconds
    begun = {job.key: job for job in ordered if not job.left}
    while begun and sum(map(_least_cost, begun.values())) > seconds:
        begun.popitem()
    parts = _shares(list(begun.values()), seconds)
    why = _reason(ordered, begun, budget)
    return tuple(
        replace(job, part=parts[job.key])
        if job.key in parts
        else replace(job, left=job.left or why)
        for job in ordered
    )


def _reason(ordered: Sequence[Job], begun: Mapping[Key, Job], budget: Budget) -> str:
    """Why the rest is left out; and, where a row has no seed at all, about how many minutes would give it one."""
    verb = "is" if budget.minutes == 1 else "are"
    why = f"left out, {counted(budget.minutes, 'minute')} {verb} too short"
    firsts = {job.key: job for job in ordered if not job.left and not job.rank}
    if firsts.keys() <= begun.keys():
        return why
    needed = math.ceil(sum(map(_least_cost, firsts.values())) / (USED * 60.0 * budget.workers))
    return f"{why} (about {counted(needed, 'minute')} give every row its first seed)"


def _shares(jobs: Sequence[Job], seconds: float) -> dict[Key, Part | None]:
    """The part of each job by its key; those that need least beyond their least come first."""
    spare = seconds - sum(map(_least_cost, jobs))
    parts = {}
    ordered = sorted(jobs, key=lambda job: _cost(job, job.whole) - _least_cost(job))
    for place, job in enumerate(ordered):
        share = min(spare / (len(ordered) - place), _cost(job, job.whole) - _least_cost(job))
        spare -= share
        parts[job.key] = _fitting(job, _least_cost(job) + share)
    return parts


def _fitting(job: Job, seconds: float) -> Part | None:
    """The longest training of at most so many seconds, and never less than the row's least."""
    whole = job.whole
    if whole is None:
        return None
    for epochs in range(whole.epochs, 0, -1):
        part = replace(whole, epochs=epochs)
        if _cost(job, part) <= seconds:
            return part
    one = _cost(job, Part(1, 1, 1, whole.stages)) - _cost(job, Part(1, 0, 0, whole.stages))
    images = (seconds - _cost(job, Part(1, 0, 0, whole.stages))) / one
    return _images(job, whole, max(_rounded(images), job.row.least))


def _images(job: Job, whole: Part, images: int) -> Part:
    images = min(images, whole.samples)
    return replace(whole, epochs=1, samples=images, test_samples=min(images, whole.test_samples))


def _least_cost(job: Job) -> float:
    return _cost(job, None if job.whole is None else _images(job, job.whole, job.row.least))


def _cost(job: Job, part: Part | None) -> float:
    """Processor seconds of a part of the training, its tests and its measures."""
    if part is None:
        return START_SECONDS + job.row.seconds
    pace = job.row.pace
    one = part.samples / pace.train + part.stages * part.test_samples / pace.test
    return START_SECONDS + job.row.seconds + part.stages * part.epochs * one


def _rounded(images: float) -> int:
    """Down to two digits, such as 2,300."""
    if images < 10:
        return max(1, int(images))
    step = 10 ** (int(math.log10(images)) - 1)
    return int(images // step * step)
