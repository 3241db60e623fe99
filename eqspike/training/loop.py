"""The one training loop: batches in a seeded order, metrics per epoch, checkpoints, a clean stop.

The order of samples, the random stream of each presentation and that of each write are functions of (seed,
epoch, position). A run that stops anywhere and goes on from a checkpoint therefore ends with the same state,
bit for bit, as one that never stopped. The loop knows learners (`core.learner`), no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eqspike.core.activity import LayerActivity
from eqspike.core.counts import EventCounts
from eqspike.core.learner import Batch, Learner, Pace
from eqspike.core.random_stream import Purpose, stream_key
from eqspike.core.working_time import WORKING_TIME
from eqspike.tasks import Metric, Stage
from eqspike.training.checkpoint import Progress
from eqspike.training.curriculum import hidden_weights, turning
from eqspike.training.dropout import drop_inputs
from eqspike.training.endurance import cell_writes
from eqspike.training.evaluating import (
    Tested,
    activity_of,
    evaluate,
    mean_rates,
    presentation_keys,
)
from eqspike.training.health import check_activity, check_state, check_weights
from eqspike.training.schedule import Schedule

CHECK_SECONDS = 2.0
"""How often activity and weights are checked and the progress is reported, at most."""

CHECK_SHARE = 0.05
"""Of the time, at most what checks take: those of large networks are rarer."""


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train.

    Attributes:
        epochs: of each stage, at least 1; batch_size: at least 1.
        schedule: learning-rate factor over the run.
        seed: of the order of samples and of every random stream.
        checkpoint_seconds: time between checkpoints inside an epoch.
        input_dropout: share of the input's values that are 0 in a presentation to learn from, in [0, 1).
    """

    epochs: int
    batch_size: int
    schedule: Schedule
    seed: int
    checkpoint_seconds: float = 120.0
    input_dropout: float = 0.0


@dataclass(frozen=True)
class EpochResult:
    """What is handed over after each epoch: progress, and the last evaluation's counts and activity."""

    progress: Progress
    inference: EventCounts
    activity: dict[str, LayerActivity]


@dataclass(frozen=True)
class Hooks:
    """What the loop calls; all have a harmless default.

    Attributes:
        checkpoint: given the progress, at most every `checkpoint_seconds` and after each epoch.
        epoch: given the result of each completed epoch.
        report: given (progress, samples per second) every few seconds.
        stop: whether to stop after the current batch.
    """

    checkpoint: Callable[[Progress], None] = lambda progress: None
    epoch: Callable[[EpochResult], None] = lambda result: None
    report: Callable[[Progress, float], None] = lambda progress, rate: None
    stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Course:
    """Everything that stays the same during a run.

    Attributes:
        stages: tasks to learn in turn, each for `plan.epochs` epochs; one but for a curriculum.
        metric: how outputs are judged.
    """

    stages: Sequence[Stage]
    metric: Metric
    plan: Plan
    hooks: Hooks = Hooks()

    @property
    def epochs(self) -> int:
        """Epochs of the whole run."""
        return self.plan.epochs * len(self.stages)

    def stage(self, epoch: int) -> int:
        """Number of the stage that an epoch belongs to."""
        return epoch // self.plan.epochs

    def judging(self, epoch: int) -> tuple[str, ...]:
        """Splits that judge an epoch: with validation samples, the test set judges the last one only."""
        if self.stages[0].validation is None:
            return ("test",)
        return ("validation", "test") if epoch + 1 == self.epochs else ("validation",)


def fit(learner: Learner, course: Course, progress: Progress) -> Progress:
    """Train `learner` from `progress` to the end of the course, or until `course.hooks.stop` says so.

    Returns:
        The progress reached; `progress.epoch == course.epochs` when complete.

    Raises:
        ActivityError: if weights are no longer finite or activity has run away or died out.
    """
    while progress.epoch < course.epochs:
        started = WORKING_TIME.now()
        if len(course.stages) > 1 and not progress.before:
            progress = replace(progress, before=hidden_weights(learner.state()))
        progress = _epoch(learner, course, progress)
        if progress.position < len(course.stages[course.stage(progress.epoch)].train):
            course.hooks.checkpoint(progress)
            return progress
        seconds = WORKING_TIME.now() - started
        progress = _complete_epoch(learner, course, progress, seconds)
    return progress


def _epoch(learner: Learner, course: Course, progress: Progress) -> Progress:
    """The rest of the current epoch, or up to a stop."""
    plan, hooks, stage = course.plan, course.hooks, course.stage(progress.epoch)
    train = course.stages[stage].train
    samples = len(train)
    order = np.random.default_rng([plan.seed, Purpose.ORDER, progress.epoch]).permutation(samples)
    keys = presentation_keys(plan.seed, Purpose.TRAINING, progress.epoch, samples)
    clock = _Clock(plan.checkpoint_seconds)
    while progress.position < samples:
        first = progress.position
        part = slice(first, first + plan.batch_size)
        chosen = order[part]
        inputs = drop_inputs(train.inputs[chosen], plan.input_dropout, keys[part])
        batch = Batch(inputs, train.targets[chosen], keys[part], stage)
        done = progress.epoch + first / samples
        pace = Pace(
            plan.schedule.factor(done / course.epochs),
            stream_key(plan.seed, Purpose.TRAINING, progress.epoch, first),
        )
        outputs = learner.fit(batch, pace)
        judged = float(course.metric.each(outputs, batch.targets).sum())
        position = first + len(chosen)
        progress = replace(progress, position=position, judged=progress.judged + judged)
        stop = hooks.stop()
        if stop or position == samples or clock.check_due():
            progress = _checked(learner, progress, clock)
            hooks.report(progress, clock.rate(position - first))
            if position < samples and clock.checkpoint_due():
                hooks.checkpoint(progress)
        clock.add(len(chosen))
        if stop:
            break
    return progress


def _checked(learner: Learner, progress: Progress, clock: _Clock) -> Progress:
    counts = learner.take_counts()
    with clock.checking():
        check_weights(learner.weights())
        check_state(learner.state())
        check_activity(counts)
    return replace(
        progress, counts=progress.counts + counts, seconds=progress.seconds + clock.lap()
    )


def judged_by(learner: Learner, course: Course, split: str) -> list[Tested]:
    """What the learner answers to one split of each stage."""
    return [
        evaluate(learner, getattr(stage, split), course.metric, course.plan.seed, number)
        for number, stage in enumerate(course.stages)
    ]


def _distance_from_rest(tested: Sequence[Tested]) -> dict[str, Any]:
    """How far free phases ended from their fixed points, where somebody knows."""
    residuals = np.concatenate([each.residuals for each in tested])
    if not len(residuals):
        return {}
    return {"residual": {"median": float(np.median(residuals)), "largest": float(residuals.max())}}


def _complete_epoch(
    learner: Learner, course: Course, progress: Progress, seconds: float
) -> Progress:
    metric, stage = course.metric, course.stage(progress.epoch)
    judged = {split: judged_by(learner, course, split) for split in course.judging(progress.epoch)}
    last, tested = list(judged.items())[-1]
    inference = sum((each.counts for each in tested), EventCounts())
    samples = sum(len(getattr(each, last)) for each in course.stages)
    record: dict[str, Any] = {
        "epoch": progress.epoch + 1,
        f"train_{metric.name}": progress.judged / len(course.stages[stage].train),
        **{
            f"{split}_{metric.name}": float(np.mean([each.value for each in found]))
            for split, found in judged.items()
        },
        "seconds": round(seconds, 3),
        f"{last}_samples_per_second": round(samples / sum(each.seconds for each in tested), 1),
        "rates": mean_rates(inference),
    }
    record |= _distance_from_rest(tested)
    if writes := cell_writes(learner.state()):
        record["writes"] = {name: of.to_json() for name, of in writes.items()}
    if len(tested) > 1:
        record["stage"] = stage
        for split, found in judged.items():
            record[f"{split}_{metric.name}_by_stage"] = [each.value for each in found]
        record |= turning(progress.before, hidden_weights(learner.state()))
    progress = replace(
        progress,
        epoch=progress.epoch + 1,
        position=0,
        judged=0.0,
        before={},
        metrics=(*progress.metrics, record),
    )
    # The epoch's files first: if the process dies in between, the older checkpoint repeats the epoch.
    course.hooks.epoch(EpochResult(progress, inference, activity_of(learner, inference)))
    course.hooks.checkpoint(progress)
    return progress


class _Clock:
    """When to check, when to checkpoint, and how fast training goes."""

    def __init__(self, checkpoint_seconds: float) -> None:
        now = WORKING_TIME.now()
        self._checked = self._saved = self._lap = now
        self._samples, self._check_took = 0, 0.0
        self._checkpoint_seconds = checkpoint_seconds

    def add(self, samples: int) -> None:
        self._samples += samples

    def check_due(self) -> bool:
        now = WORKING_TIME.now()
        wanted = max(CHECK_SECONDS, self._check_took / CHECK_SHARE)
        return now - self._checked >= min(wanted, self._checkpoint_seconds)

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Note how long a check takes."""
        started = WORKING_TIME.now()
        yield
        self._check_took = WORKING_TIME.now() - started

    def checkpoint_due(self) -> bool:
        now = WORKING_TIME.now()
        if now - self._saved < self._checkpoint_seconds:
            return False
        self._saved = now
        return True

    def lap(self) -> float:
        now = WORKING_TIME.now()
        seconds, self._lap = now - self._lap, now
        return seconds

    def rate(self, samples: int) -> float:
        now = WORKING_TIME.now()
        seconds, self._checked = now - self._checked, now
        rate = (self._samples + samples) / max(seconds, 1e-9)
        self._samples = -samples
        return rate
