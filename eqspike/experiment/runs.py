"""Training, continuing and evaluating runs: what the command line and the Python interface share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eqspike.core.errors import RunError
from eqspike.core.files import check_writable, remove_parts
from eqspike.core.learner import Arrays, Learner
from eqspike.core.named import Named
from eqspike.core.showing import counted
from eqspike.experiment.agreement import Wanted, check_checkpoint, check_wanted
from eqspike.experiment.configuration import Configuration, load_configuration
from eqspike.experiment.data import Data
from eqspike.experiment.families import family
from eqspike.experiment.joining import joined
from eqspike.experiment.loggers import Log, no_log
from eqspike.experiment.memory_need import check_memory
from eqspike.experiment.remarks import nothing_learnt, other_threads
from eqspike.experiment.sessions import numbers_of_weights, records_of
from eqspike.learners.launch import Alone, Group
from eqspike.systems import RateSystem, System
from eqspike.tasks import SeriesTask, load_task
from eqspike.tasks.metrics import ACCURACY
from eqspike.training import (
    Course,
    EpochResult,
    Hooks,
    Plan,
    Progress,
    RunFolder,
    fit,
    load_latest,
    save,
)
from eqspike.training.lock import locked
from eqspike.training.restoring import damaged_files, last_epoch


@dataclass(frozen=True)
class Watcher:
    """How a caller follows a run and may stop it; all parts have a harmless default.

    Attributes:
        message: given lines for people (what is used, what was damaged).
        report: given (progress, samples per second) every few seconds.
        epoch: given the record of each completed epoch.
        stop: an event that ends the run after the current batch, with a checkpoint.
        log: another program that is given the metrics, see `named_log`.
    """

    message: Callable[[str], None] = lambda text: None
    report: Callable[[Progress, float], None] = lambda progress, rate: None
    epoch: Callable[[dict[str, Any]], None] = lambda record: None
    stop: threading.Event | None = None
    log: Log = no_log


@dataclass(frozen=True)
class TrainingResult:
    """A run as training left it.

    Attributes:
        folder: its folder; complete: whether all epochs were done.
        metric: how the task judges, such as `accuracy`.
        value: that of the test set after the last epoch; None before the first, with validation before the last.
        metrics: one record per completed epoch.
        warning: what is wrong with a run that is complete; empty if nothing.
    """

    folder: Path
    complete: bool
    metric: str
    value: float | None
    metrics: tuple[dict[str, Any], ...]
    warning: str = ""

    def __post_init__(self) -> None:
        """A name that is not there is answered by those that are."""
        records = tuple(Named(record, "value of an epoch") for record in self.metrics)
        object.__setattr__(self, "metrics", records)

    @property
    def validation(self) -> float | None:
        """The metric on the validation samples after the last epoch; None before the first, or without them."""
        return self.metrics[-1].get(f"validation_{self.metric}") if self.metrics else None

    @property
    def accuracy(self) -> float | None:
        """The test accuracy, a fraction; None before the first epoch, or where the task judges otherwise."""
        return self.value if self.metric == ACCURACY.name else None


def start(
    configuration: Configuration, out: Path, *, force: bool = False, watcher: Watcher | None = None,
    checkpoint_seconds: float = 120.0,
) -> TrainingResult:  # fmt: skip
    """Train a new run into the folder `out`; one that was killed there before its first checkpoint is begun anew.

    Raises:
        RunError: if `out` already holds a run and not `force`, another process works in it, or nothing can be
            written there.
        ConfigError, DataError, UnsupportedError: before any work.
        ActivityError: if the run goes wrong.
    """
    check_engine(configuration)
    watcher = watcher or Watcher()
    with joined(configuration, out) as group, ExitStack() as held:
        group.lead(lambda: check_writable(out))
        group.lead(lambda: RunFolder(out).check_free(force))
        data = Data.of(configuration, group)
        if group.leads and isinstance(data.task, SeriesTask) and data.task.caveat:
            watcher.message(f"task '{data.task.name}': {data.task.caveat}")
        # The engine first: where it refuses, no folder is made and no earlier run deleted.
        with open_learner(configuration, group) as learner:
            group.lead(lambda: held.enter_context(locked(out)))
            folder = group.lead(lambda: RunFolder.create(out, configuration.as_yaml(), force))
            watcher.message(
                f"training {configuration.model.name} on {configuration.task} into {out}"
            )
            return _train(
                configuration, data, folder, learner, Progress(), watcher, checkpoint_seconds, group
            )


def resume(
    out: Path, *, wanted: Wanted | None = None, watcher: Watcher | None = None,
    checkpoint_seconds: float = 120.0,
) -> TrainingResult:  # fmt: skip
    """Continue the run in `out` from its newest undamaged checkpoint (or its start).

    Args:
        wanted: what the caller takes the run to be; a difference is refused.

    Raises:
        RunError: if `out` holds no run, its configuration or checkpoints are not those that it wrote, or another
            process works in it.
        ConfigError: if it is not the run that is wanted.
    """
    watcher = watcher or Watcher()
    folder = RunFolder.open(out)
    configuration = load_configuration(folder.config_path)
    check_wanted(configuration, wanted or Wanted(), out)
    if said := other_threads(folder, configuration):
        watcher.message(said)
    with joined(configuration, out) as group, ExitStack() as held:
        data = Data.of(configuration, group)
        group.lead(lambda: held.enter_context(locked(out)))
        epochs = configuration.model.epochs * len(data.stages)
        found = group.lead(lambda: _latest(folder, configuration, epochs, watcher))
        with open_learner(configuration, group) as learner:
            progress = Progress()
            if found is not None:
                state, progress = found
                learner.load(state)
            return _train(
                configuration, data, folder, learner, progress, watcher, checkpoint_seconds, group
            )


def _latest(
    folder: RunFolder, configuration: Configuration, epochs: int, watcher: Watcher
) -> tuple[Arrays, Progress] | None:
    """State and progress of the newest undamaged checkpoint, if there is one."""
    remove_parts(folder.path)
    remove_parts(folder.checkpoints)
    found = load_latest(
        folder.checkpoints,
        watcher.message,
        lambda text: check_checkpoint(text, configuration, folder.checkpoints),
    )
    if found is None:
        watcher.message("no checkpoint to continue from; starting from the beginning")
    else:
        watcher.message(_standing(folder.path, found[1], epochs))
    return found


def _standing(run: Path, reached: Progress, epochs: int) -> str:
    """Where a run goes on, if there is anything left of it."""
    if reached.epoch >= epochs:
        return f"{run} is complete: {reached.epoch} of {counted(epochs, 'epoch')}; nothing to do"
    return f"continuing from epoch {reached.epoch}, sample {reached.position}"


def open_learner(configuration: Configuration, group: Group | None = None) -> Learner:
    """What a configuration trains, with its initial weights; of several processes, the learner that they share."""
    subject = configuration.model.subject
    if isinstance(subject, System | RateSystem):
        records = records_of(subject, configuration.engine, configuration.model.batch_size)
        check_memory(numbers_of_weights(subject), records.neurons, records)
    else:
        from eqspike.learners import size

        check_memory(size.numbers_of_weights(subject), bytes_of_weight=size.BYTES)
    stages = load_task(configuration.task).number_of_stages
    learner = family(subject).open(subject, configuration.seed, configuration.engine, stages)
    return (group or Alone()).shared(learner)


def check_engine(configuration: Configuration) -> None:
    """Refuse an engine that does not run the model.

    Raises:
        UnsupportedError: saying what it does not run, and what does.
    """
    subject = configuration.model.subject
    family(subject).check(subject, configuration.engine)


def _train(
    configuration: Configuration, data: Data, folder: RunFolder, learner: Learner,
    progress: Progress, watcher: Watcher, checkpoint_seconds: float, group: Group,
) -> TrainingResult:  # fmt: skip
    model = configuration.model
    plan = Plan(
        model.epochs, model.batch_size, model.schedule, configuration.seed, checkpoint_seconds,
        model.input_dropout,
    )  # fmt: skip

    text = configuration.as_yaml()

    def on_checkpoint(reached: Progress) -> None:
        save(folder.checkpoints, learner.state(), reached, text)

    def write_files(result: EpochResult) -> None:
        with folder.adding():
            folder.write_weights(learner.state())
            folder.write_counts(result.progress.counts, result.inference)
            if result.activity:
                folder.write_activity(result.activity)
            folder.write_metrics(result.progress.metrics)

    def on_epoch(result: EpochResult) -> None:
        write_files(result)
        watcher.epoch(result.progress.metrics[-1])
        note(result.progress.metrics[-1])

    asked = watcher.stop.is_set if watcher.stop else lambda: False
    hooks = Hooks(stop=lambda: group.any(asked()))
    if group.leads:
        hooks = replace(hooks, checkpoint=on_checkpoint, epoch=on_epoch, report=watcher.report)
    course = Course(data.stages, data.task.metric, plan, hooks)
    _check_progress(folder, course, progress)
    group.lead(lambda: folder.write_metrics(progress.metrics))
    if damaged := group.lead(lambda: damaged_files(folder, progress)):
        watcher.message(f"{folder.path}: writing {' and '.join(damaged)} anew")
        result = last_epoch(learner, course, progress)
        group.lead(lambda: write_files(result))
    with (watcher.log if group.leads else no_log)(folder, progress.metrics) as note:
        progress = fit(learner, course, progress)
    metric = data.task.metric.name
    value = progress.metrics[-1].get(f"test_{metric}") if progress.metrics else None
    complete = progress.epoch == course.epochs
    warning = nothing_learnt(course, progress) if complete else ""
    if warning:
        watcher.message(warning)
    return TrainingResult(folder.path, complete, metric, value, progress.metrics, warning)


def _check_progress(folder: RunFolder, course: Course, progress: Progress) -> None:
    if progress.epoch >= course.epochs:
        return
    samples = len(course.stages[course.stage(progress.epoch)].train)
    if progress.position > samples:
        raise RunError(
            f"{folder.path}: the checkpoint is at sample {progress.position} of an epoch, but the task now "
            f"has {samples} training samples; the data have changed since"
        )
