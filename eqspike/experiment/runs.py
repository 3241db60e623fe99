"""Training, continuing and evaluating runs: what the command line and the Python interface share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eqspike.core.activity import LayerActivity
from eqspike.core.counts import EventCounts
from eqspike.core.errors import RunError, UnsupportedError
from eqspike.core.learner import Session
from eqspike.experiment.configuration import Configuration, load_configuration
from eqspike.experiment.sessions import check_engine, open_session
from eqspike.tasks import Split, Task, load_task
from eqspike.training import (
    CellWrites,
    EpochResult,
    Hooks,
    Plan,
    Progress,
    RunFolder,
    activity_of,
    cell_writes,
    evaluate,
    fit,
    load_latest,
    mean_rates,
    save,
)


@dataclass(frozen=True)
class Watcher:
    """How a caller follows a run and may stop it; all parts have a harmless default.

    Attributes:
        message: given lines for people (what is used, what was damaged).
        report: given (progress, samples per second) every few seconds.
        epoch: given the record of each completed epoch.
        stop: an event that ends the run after the current batch, with a checkpoint.
    """

    message: Callable[[str], None] = lambda text: None
    report: Callable[[Progress, float], None] = lambda progress, rate: None
    epoch: Callable[[dict[str, Any]], None] = lambda record: None
    stop: threading.Event | None = None


@dataclass(frozen=True)
class TrainingResult:
    """A run as training left it.

    Attributes:
        folder: its folder; complete: whether all epochs were done.
        accuracy: test accuracy of the last epoch, a fraction, or None before the first.
        metrics: one record per completed epoch.
    """

    folder: Path
    complete: bool
    accuracy: float | None
    metrics: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Evaluation:
    """A trained network on a test set.

    Attributes:
        accuracy: a fraction; samples: how many were presented.
        samples_per_second: of this evaluation, once the engine is ready.
        rates: mean firing rate of each free layer, in spikes per neuron and step.
        counts: events of all presentations.
        writes: of each weight in training, by coupling; empty where the memory does not count them.
        activity: spikes by neuron of each free layer; empty where the engine does not tell.
    """

    accuracy: float
    samples: int
    samples_per_second: float
    rates: dict[str, float]
    counts: EventCounts
    writes: Mapping[str, CellWrites]
    activity: dict[str, LayerActivity]


def start(
    configuration: Configuration, out: Path, *, force: bool = False, watcher: Watcher | None = None,
    checkpoint_seconds: float = 120.0,
) -> TrainingResult:  # fmt: skip
    """Train a new run into the folder `out`.

    Raises:
        RunError: if `out` already holds a run and not `force`.
        ConfigError, DataError, UnsupportedError: before any work.
        ActivityError: if the run goes wrong.
    """
    check_engine(configuration.model.system, configuration.engine)
    data = _Data.load(configuration)
    # The engine first: where it refuses, no folder is made and no earlier run deleted.
    with _open(configuration) as session:
        folder = RunFolder.create(out, configuration.as_yaml(), force)
        return _train(configuration, data, folder, session, Progress(), watcher, checkpoint_seconds)


def resume(
    out: Path, *, watcher: Watcher | None = None, checkpoint_seconds: float = 120.0
) -> TrainingResult:
    """Continue the run in `out` from its newest undamaged checkpoint (or its start).

    Raises:
        RunError: if `out` holds no run.
    """
    watcher = watcher or Watcher()
    folder = RunFolder.open(out)
    configuration = load_configuration(folder.config_path)
    data = _Data.load(configuration)
    found = load_latest(folder.checkpoints, watcher.message)
    with _open(configuration) as session:
        progress = Progress()
        if found is None:
            watcher.message("no checkpoint to continue from; starting from the beginning")
        else:
            weights, progress = found
            session.load(weights)
            watcher.message(f"continuing from epoch {progress.epoch}, sample {progress.position}")
        return _train(configuration, data, folder, session, progress, watcher, checkpoint_seconds)


def evaluate_run(out: Path, *, engine: str | None = None, limit: int | None = None) -> Evaluation:
    """Present the test set to a run's weights.

    Args:
        out: the run's folder.
        engine: another engine than the run was trained with.
        limit: only the first samples of the test set.

    Raises:
        RunError: if there is no run, or no epoch has been completed.
    """
    folder = RunFolder.open(out)
    configuration = load_configuration(folder.config_path)
    if engine is not None:
        check_engine(configuration.model.system, engine)
        configuration = replace(configuration, engine=engine)
    if limit is not None:
        configuration = replace(configuration, test_limit=limit)
    weights = folder.weights()
    _, test = _Data.load(configuration, train=False).splits
    with _open(configuration) as session:
        session.load(weights)
        # Once for nothing: loads or compiles what the engine needs.
        evaluate(session, test.limit(1), configuration.seed)
        accuracy, counts, seconds = evaluate(session, test, configuration.seed)
        activity = activity_of(session, counts)
    return Evaluation(
        accuracy,
        len(test),
        len(test) / seconds,
        mean_rates(counts),
        counts,
        cell_writes(weights),
        activity,
    )


@dataclass(frozen=True)
class _Data:
    """A task whose shape fits the network."""

    splits: tuple[Split, Split]

    @staticmethod
    def load(configuration: Configuration, train: bool = True) -> _Data:
        task = load_task(configuration.task)
        check_fit(configuration, task)
        test = _limited(task.load("test"), configuration.test_limit)
        return _Data((_limited(task.load("train"), configuration.limit) if train else test, test))


def check_fit(configuration: Configuration, task: Task) -> None:
    """Refuse a task whose images or classes do not fit the network.

    Raises:
        UnsupportedError: with the sizes of both.
    """
    system = configuration.model.system
    network = system.network
    pixels = 1
    for size in task.image_shape:
        pixels *= size
    if network.input.size != pixels or system.classes != task.classes:
        raise UnsupportedError(
            f"model '{configuration.model.name}' has {network.input.size} inputs and outputs for "
            f"{system.classes} classes, but task '{task.name}' has {pixels} pixels and {task.classes} classes; "
            f"choose another model, or set layers to [{pixels}, ..., {task.classes}]"
        )
    maps, image = network.input.maps, task.image_shape
    if maps and maps != ((1, *image) if len(image) == 2 else image):
        raise UnsupportedError(
            f"model '{configuration.model.name}' takes maps of {list(maps)}, but the images of task '{task.name}' "
            f"are {list(image)}: their rows and columns would be mixed up"
        )


def _open(configuration: Configuration) -> Session:
    return open_session(configuration.model.system, configuration.seed, configuration.engine)


def _limited(split: Split, limit: int | None) -> Split:
    return split if limit is None else split.limit(limit)


def _train(
    configuration: Configuration, data: _Data, folder: RunFolder, session: Session,
    progress: Progress, watcher: Watcher | None, checkpoint_seconds: float,
) -> TrainingResult:  # fmt: skip
    watcher = watcher or Watcher()
    model = configuration.model
    plan = Plan(
        model.epochs, model.batch_size, model.schedule, configuration.seed, checkpoint_seconds
    )
    train, test = data.splits
    if progress.position > len(train):
        raise RunError(
            f"{folder.path}: the checkpoint is at sample {progress.position} of an epoch, but the task now "
            f"has {len(train)} training samples; the data have changed since"
        )

    def on_checkpoint(reached: Progress) -> None:
        save(folder.checkpoints, session.weights(), reached)

    def on_epoch(result: EpochResult) -> None:
        folder.write_weights(session.weights())
        folder.write_counts(result.progress.counts, result.inference)
        if result.activity:
            folder.write_activity(result.activity)
        folder.write_metrics(result.progress.metrics)
        watcher.epoch(result.progress.metrics[-1])

    hooks = Hooks(
        checkpoint=on_checkpoint,
        epoch=on_epoch,
        report=watcher.report,
        stop=watcher.stop.is_set if watcher.stop else lambda: False,
    )
    folder.write_metrics(progress.metrics)
    progress = fit(session, train, test, plan, progress, hooks)
    accuracy = progress.metrics[-1]["test_accuracy"] if progress.metrics else None
    return TrainingResult(folder.path, progress.epoch == plan.epochs, accuracy, progress.metrics)


def training_samples(configuration: Configuration) -> int:
    """Number of training samples of one epoch."""
    return len(_limited(load_task(configuration.task).load("train"), configuration.limit))
