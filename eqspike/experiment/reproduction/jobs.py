"""The runs of a table, one a row and seed: how long the whole training is, what part of it is done, and where."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from eqspike.core.errors import DataError, MissingPackageError
from eqspike.experiment.configuration import Configuration, resolve
from eqspike.experiment.data import check_fit
from eqspike.experiment.plugins import plugins_in_use
from eqspike.experiment.reproduction.tables import PaperTable, Row
from eqspike.experiment.runs import check_engine
from eqspike.experiment.sweep import Point
from eqspike.experiment.sweep.point import Base
from eqspike.experiment.sweep.whole import anywhere
from eqspike.tasks import SeriesTask, load_task

CHIPS = ("loihi1", "generic-45nm-int8", "h100")
"""Every run is priced on two chips and on a processor at full use, which is a bound."""

CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Part:
    """How much is trained.

    Attributes:
        epochs: of each stage.
        samples, test_samples: of each stage.
        stages: tasks learnt in turn; 1 but for a curriculum.
    """

    epochs: int
    samples: int
    test_samples: int
    stages: int = 1

    def limits(self, whole: Part) -> tuple[int, int | None, int | None]:
        """Epochs, and limits on samples of training and test; None where all are used."""
        pairs = ((self.samples, whole.samples), (self.test_samples, whole.test_samples))
        train, test = (own if own < all_ else None for own, all_ in pairs)
        return self.epochs, train, test


@dataclass(frozen=True)
class Job:
    """One seed of a row.

    Attributes:
        table, row, seed: what it is of; rank: which of the row's seeds, from 0.
        whole: the whole training; None where nothing is trained.
        part: what is done of it.
        left: why it is not begun; empty if it is.
    """

    table: str
    row: Row
    seed: int
    rank: int
    whole: Part | None = None
    part: Part | None = None
    left: str = ""

    @property
    def point(self) -> Point:
        """Its seed, as a grid's point."""
        return Point({"seed": self.seed})

    @property
    def trains(self) -> bool:
        """Whether a model is trained; else measures alone are taken."""
        return self.row.trained and self.row.model is not None

    @property
    def base(self) -> Base | None:
        """What a grid's points share, here one configuration; None for a measure of no model."""
        row = self.row
        if row.model is None or row.task is None:
            return None
        epochs, limit, test_limit = row.epochs, None, None
        if self.part is not None and self.whole is not None:
            epochs, limit, test_limit = self.part.limits(self.whole)
        return Base(
            row.model, row.task, None, self.seed, epochs, limit, row.overrides,
            CHIPS if self.trains else (), CHECKPOINT_SECONDS, plugins_in_use(), test_limit,
        )  # fmt: skip

    @property
    def folder(self) -> str:
        """Of this configuration with any seed, below the folder of all runs: another part is another folder."""
        base = self.base
        if base is None:
            return f"{self.table}-{_digest(self.row.name)}"
        deciding = [base.overrides, base.epochs, base.limit, base.test_limit, self.row.trained]
        return f"{Path(base.model).stem}-{Path(base.task).stem}-{_digest(base.model, base.task, deciding)}"

    @property
    def key(self) -> tuple[str, int]:
        """Equal for jobs that are one run."""
        return self.folder, self.seed

    @property
    def configuration(self) -> Configuration | None:
        """Model, task and seed."""
        base = self.base
        return None if base is None else base.configuration(self.point)

    @property
    def command(self) -> str:
        """What gives the run again; empty where nothing is trained."""
        base = self.base
        if base is None or not self.trains:
            return ""
        given = {
            "seed": self.seed,
            "epochs": base.epochs,
            "limit": base.limit,
            "test-limit": base.test_limit,
        }
        words = [f"--{key} {value}" for key, value in given.items() if value is not None]
        words += [f"--set {shlex.quote(text)}" for text in base.overrides]
        return " ".join(["eqspike train", shlex.quote(base.model), shlex.quote(base.task), *words])


def jobs_of(table: PaperTable) -> tuple[Job, ...]:
    """All runs of a table, whole; data or packages that are not here leave a run out, with the reason.

    Raises:
        ConfigError, UnsupportedError: before any work, for a model, a task or a setting that is wrong.
    """
    found = []
    for row in table.rows:
        placed = replace(
            row,
            model=row.model and anywhere("models", row.model),
            task=row.task and anywhere("tasks", row.task),
        )
        found += [_job(Job(table.name, placed, seed, rank)) for rank, seed in enumerate(row.seeds)]
    return tuple(found)


def _job(job: Job) -> Job:
    row = job.row
    if row.model is None or row.task is None:
        return job
    try:
        configuration = resolve(
            row.model, row.task, seed=job.seed, epochs=row.epochs, overrides=row.overrides
        )
        check_engine(configuration)
        check_fit(configuration, load_task(row.task))
    except MissingPackageError as error:
        return replace(job, left=str(error))
    sizes = _sizes(row.task)
    if isinstance(sizes, str):
        return replace(job, left=sizes)
    whole = replace(sizes, epochs=configuration.model.epochs)
    return replace(job, whole=whole, part=whole) if job.trains else job


@cache
def _sizes(name: str) -> Part | str:
    """One epoch of a task, whole; or why its data are not here, for which they are looked for once."""
    task = load_task(name)
    try:
        if isinstance(task, SeriesTask):
            (stage,) = task.stages()
            return Part(1, len(stage.train), len(stage.test))
        return Part(1, len(task.load("train")), len(task.load("test")), task.number_of_stages)
    except DataError as error:
        return str(error).partition("\n")[0].rstrip(":")


def _digest(*deciding: object) -> str:
    return hashlib.sha256(json.dumps(deciding).encode()).hexdigest()[:8]
