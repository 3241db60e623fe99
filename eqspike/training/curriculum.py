"""Learning one task after another, with a test of every task after every epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import ConfigError
from eqspike.tasks import Stage

_ORDER = 0x5E9

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
"""Of |hidden weight|, in the records."""


class Learner(Protocol):
    """What learns the sequence."""

    def begin(self, task: int) -> None:
        """What is learnt from now on is task number `task`, counted from 0."""
        ...

    def learn(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], order: NDArray[np.int64]
    ) -> None:
        """One epoch over the samples in this order."""
        ...

    def predict(self, images: NDArray[np.uint8], task: int) -> NDArray[np.int64]:
        """Class of each image of a task, whose number may select what belongs to that task alone."""
        ...

    def hidden_weights(self) -> list[NDArray[np.float64]]:
        """Copies of what stands behind the weights of each coupling; their signs are those of the weights."""
        ...


def learn_in_sequence(
    learner: Learner,
    stages: Sequence[Stage],
    epochs: int,
    seed: int = 0,
    report: Callable[[dict[str, Any]], None] = lambda record: None,
) -> list[dict[str, Any]]:
    """Train on each task for so many epochs, in turn, and say after each epoch what is still known.

    Args:
        seed: of the order of samples, a function of (seed, task, epoch).
        report: given each record as soon as it is made.

    Returns:
        One record an epoch: `task` and `epoch`, counted from 0; `accuracy` of every task's test set, those to come
        included; `turned`: the fraction of each coupling's weights with another sign than at the start of the
        epoch, `turned_in_task` than at the start of the task; `magnitude`: `QUANTILES` of |hidden weight|.

    Raises:
        ConfigError: if `epochs` is less than 1.
    """
    if epochs < 1:
        raise ConfigError(f"sequence of tasks: epochs must be at least 1, got {epochs}")
    records = []
    for task, stage in enumerate(stages):
        learner.begin(task)
        before = start = learner.hidden_weights()
        for epoch in range(epochs):
            order = np.random.default_rng([seed, _ORDER, task, epoch])
            learner.learn(
                stage.train.images, stage.train.labels, order.permutation(len(stage.train))
            )
            after = learner.hidden_weights()
            record = {
                "task": task,
                "epoch": epoch,
                "accuracy": [_accuracy(learner, of, number) for number, of in enumerate(stages)],
                "turned": _turned(before, after),
                "turned_in_task": _turned(start, after),
                "magnitude": [[float(q) for q in np.quantile(np.abs(w), QUANTILES)] for w in after],
            }
            records.append(record)
            report(record)
            before = after
    return records


def mean_accuracy(records: Sequence[dict[str, Any]]) -> float:
    """Mean over all tasks at the end of the sequence."""
    return float(np.mean(records[-1]["accuracy"]))


def learnt_accuracy(records: Sequence[dict[str, Any]]) -> list[float]:
    """Accuracy of each task when its own training ended: what there was to forget."""
    last = {record["task"]: record["accuracy"][record["task"]] for record in records}
    return [last[task] for task in sorted(last)]


def _accuracy(learner: Learner, stage: Stage, task: int) -> float:
    return float(np.mean(learner.predict(stage.test.images, task) == stage.test.labels))


def _turned(
    before: Sequence[NDArray[np.float64]], after: Sequence[NDArray[np.float64]]
) -> list[float]:
    return [float(np.mean((a < 0) != (b < 0))) for a, b in zip(before, after, strict=True)]
