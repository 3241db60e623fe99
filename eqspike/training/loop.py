"""The one training loop: batches in a seeded order, metrics per epoch, checkpoints, a clean stop.

The order of samples, the random stream of each presentation and that of each write are functions of (seed,
epoch, position). A run that stops anywhere and goes on from a checkpoint therefore ends with the same weights,
bit for bit, as one that never stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eqspike.core.activity import LayerActivity
from eqspike.core.counts import EventCounts, spiking
from eqspike.core.learner import CountsNeurons, Images, Keys, Labels, Session
from eqspike.core.random_stream import draws, stream_key
from eqspike.training.checkpoint import Progress
from eqspike.training.endurance import cell_writes
from eqspike.training.health import check_activity, check_weights
from eqspike.training.schedule import Schedule

CHECK_SECONDS = 2.0
"""How often activity and weights are checked and the progress is reported."""

_TRAINING, _EVALUATION, _ORDER = 1, 2, 3


class Data(Protocol):
    """One split of a task: images (samples, pixels) uint8 and labels (samples,)."""

    @property
    def images(self) -> Images: ...

    @property
    def labels(self) -> Labels: ...


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train.

    Attributes:
        epochs, batch_size: at least 1.
        schedule: learning-rate factor over the run.
        seed: of the order of samples and of every random stream.
        checkpoint_seconds: time between checkpoints inside an epoch.
    """

    epochs: int
    batch_size: int
    schedule: Schedule
    seed: int
    checkpoint_seconds: float = 120.0


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
        report: given (progress, samples per second, training accuracy in this epoch) every few seconds.
        stop: whether to stop after the current batch.
    """

    checkpoint: Callable[[Progress], None] = lambda progress: None
    epoch: Callable[[EpochResult], None] = lambda result: None
    report: Callable[[Progress, float], None] = lambda progress, rate: None
    stop: Callable[[], bool] = lambda: False


def fit(
    session: Session, train: Data, test: Data, plan: Plan, progress: Progress, hooks: Hooks
) -> Progress:
    """Train `session` from `progress` to the end of the plan, or until `hooks.stop` says so.

    Returns:
        The progress reached; `progress.epoch == plan.epochs` when complete.

    Raises:
        ActivityError: if weights are no longer finite or activity has run away or died out.
    """
    while progress.epoch < plan.epochs:
        started = time.perf_counter()
        progress = _epoch(session, train, plan, progress, hooks)
        if progress.position < len(train.labels):
            hooks.checkpoint(progress)
            return progress
        seconds = time.perf_counter() - started
        progress = _complete_epoch(session, train, test, plan, progress, seconds, hooks)
    return progress


def _epoch(session: Session, train: Data, plan: Plan, progress: Progress, hooks: Hooks) -> Progress:
    """The rest of the current epoch, or up to a stop."""
    samples = len(train.labels)
    order = np.random.default_rng([plan.seed, _ORDER, progress.epoch]).permutation(samples)
    keys = presentation_keys(plan.seed, _TRAINING, progress.epoch, samples)
    clock = _Clock(plan.checkpoint_seconds)
    while progress.position < samples:
        first = progress.position
        part = slice(first, first + plan.batch_size)
        chosen = order[part]
        done = progress.epoch + first / samples
        right = session.fit(
            train.images[chosen],
            train.labels[chosen],
            keys[part],
            plan.schedule.factor(done / plan.epochs),
            stream_key(plan.seed, _TRAINING, progress.epoch, first),
        )
        position = first + len(chosen)
        progress = replace(progress, position=position, right=progress.right + right)
        stop = hooks.stop()
        if stop or position == samples or clock.check_due():
            progress = _checked(session, progress, clock)
            hooks.report(progress, clock.rate(position - first))
            if position < samples and clock.checkpoint_due():
                hooks.checkpoint(progress)
        clock.add(len(chosen))
        if stop:
            break
    return progress


def _checked(session: Session, progress: Progress, clock: _Clock) -> Progress:
    counts = session.take_counts()
    check_weights(session.weights())
    check_activity(counts)
    return replace(
        progress, counts=progress.counts + counts, seconds=progress.seconds + clock.lap()
    )


def _complete_epoch(
    session: Session, train: Data, test: Data, plan: Plan, progress: Progress, seconds: float, hooks: Hooks
) -> Progress:  # fmt: skip
    accuracy, inference, test_seconds = evaluate(session, test, plan.seed)
    record: dict[str, Any] = {
        "epoch": progress.epoch + 1,
        "train_accuracy": progress.right / len(train.labels),
        "test_accuracy": accuracy,
        "seconds": round(seconds, 3),
        "test_samples_per_second": round(len(test.labels) / test_seconds, 1),
        "rates": mean_rates(inference),
    }
    if writes := cell_writes(session.weights()):
        record["writes"] = {name: of.to_json() for name, of in writes.items()}
    progress = replace(
        progress,
        epoch=progress.epoch + 1,
        position=0,
        right=0,
        metrics=(*progress.metrics, record),
    )
    # The epoch's files first: if the process dies in between, the older checkpoint repeats the epoch.
    hooks.epoch(EpochResult(progress, inference, activity_of(session, inference)))
    hooks.checkpoint(progress)
    return progress


def evaluate(session: Session, data: Data, seed: int) -> tuple[float, EventCounts, float]:
    """Accuracy (a fraction) of the free phase on `data`, its events and the seconds it took."""
    started = time.perf_counter()
    predictions = predict(session, data.images, seed)
    seconds = time.perf_counter() - started
    counts = session.take_counts()
    return float(np.mean(predictions == data.labels)), counts, seconds


def activity_of(session: Session, counts: EventCounts) -> dict[str, LayerActivity]:
    """Spikes by neuron of the evaluation that gave `counts`; empty where the session cannot tell."""
    if not isinstance(session, CountsNeurons):
        return {}
    spikes = session.neuron_spikes()
    return {name: LayerActivity.of(each, counts.samples) for name, each in spikes.items()}


def predict(session: Session, images: Images, seed: int, block: int = 2000) -> NDArray[np.int64]:
    """Predicted class of each image."""
    keys = presentation_keys(seed, _EVALUATION, 0, len(images))
    parts = [
        session.scores(images[first : first + block], keys[first : first + block]).argmax(1)
        for first in range(0, len(images), block)
    ]
    return np.concatenate(parts)


def presentation_keys(seed: int, purpose: int, epoch: int, samples: int) -> Keys:
    """Random stream of each presentation of an epoch."""
    return draws(stream_key(seed, purpose, epoch), np.arange(samples, dtype=np.uint64))


def mean_rates(counts: EventCounts) -> dict[str, float]:
    """Mean firing rate of each free spiking layer in the free phase, in spikes per neuron and step."""
    free = counts.phases.get("free")
    if free is None:
        return {}
    return {
        name: layer.spikes / layer.neuron_updates
        for name, layer in free.layers.items()
        if spiking(free, name)
    }


class _Clock:
    """When to check, when to checkpoint, and how fast training goes."""

    def __init__(self, checkpoint_seconds: float) -> None:
        now = time.perf_counter()
        self._checked = self._saved = self._lap = now
        self._samples = 0
        self._checkpoint_seconds = checkpoint_seconds

    def add(self, samples: int) -> None:
        self._samples += samples

    def check_due(self) -> bool:
        now = time.perf_counter()
        wanted = min(CHECK_SECONDS, self._checkpoint_seconds)
        return now - self._checked >= wanted

    def checkpoint_due(self) -> bool:
        now = time.perf_counter()
        if now - self._saved < self._checkpoint_seconds:
            return False
        self._saved = now
        return True

    def lap(self) -> float:
        now = time.perf_counter()
        seconds, self._lap = now - self._lap, now
        return seconds

    def rate(self, samples: int) -> float:
        now = time.perf_counter()
        seconds, self._checked = now - self._checked, now
        rate = (self._samples + samples) / max(seconds, 1e-9)
        self._samples = -samples
        return rate
