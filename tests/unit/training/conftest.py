"""A learner that only remembers what the loop asked of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from eqspike.core.counts import EventCounts, LayerCounts, PhaseCounts
from eqspike.core.learner import Arrays, Batch, Outputs, Pace
from eqspike.tasks import Split, Stage
from eqspike.tasks.metrics import ACCURACY
from eqspike.training import Hooks, Plan, Progress, Schedule
from eqspike.training.loop import Course, fit

CLASSES = 3
STEPS = 10


@dataclass
class Remembering:
    """Answers rightly but to samples of `wrong`; a sample's number is its first pixel.

    Attributes:
        taught, asked: batches in the order in which they came.
        spikes: of each layer and presentation, among 10 neuron updates.
        after: batches after which `broken` replaces the weights.
    """

    wrong: frozenset[int] = frozenset()
    spikes: dict[str, int] = field(default_factory=lambda: {"hidden": 4, "output": 2})
    broken: dict[str, float] = field(default_factory=dict)
    after: int = 0
    taught: list[tuple[Batch, Pace]] = field(default_factory=list)
    asked: list[Batch] = field(default_factory=list)
    uncounted: int = 0

    def __enter__(self) -> Remembering:
        return self

    def __exit__(self, *exception: Any) -> None:
        pass

    def fit(self, batch: Batch, pace: Pace) -> Outputs:
        self.taught.append((batch, pace))
        return self._answers(batch)

    def predict(self, batch: Batch) -> Outputs:
        self.asked.append(batch)
        return self._answers(batch)

    def _answers(self, batch: Batch) -> Outputs:
        self.uncounted += len(batch)
        numbers = batch.inputs[:, 0].astype(int)
        missed = np.isin(numbers, list(self.wrong)).astype(int)
        return np.eye(CLASSES)[(numbers + missed) % CLASSES]

    def weights(self) -> Arrays:
        value = self.broken.get("weight", 1.0) if len(self.taught) > self.after else 1.0
        return {"input-hidden": np.array([[value, 0.5]])}

    def state(self) -> Arrays:
        kept = self.broken.get("kept", 900.0) if len(self.taught) > self.after else 900.0
        return {**self.weights(), "input-hidden.kept": np.array([[kept, 0.5]])}

    def load(self, state: Arrays) -> None:
        raise NotImplementedError

    def take_counts(self) -> EventCounts:
        samples, self.uncounted = self.uncounted, 0
        layers = {
            name: LayerCounts(spikes * samples, STEPS * samples)
            for name, spikes in self.spikes.items()
        }
        return EventCounts(samples, {"free": PhaseCounts(STEPS * samples, layers)})

    def neuron_spikes(self) -> dict[str, np.ndarray[Any, Any]]:
        return {}

    @property
    def order(self) -> list[int]:
        """Numbers of the samples taught, in order."""
        return [int(number) for batch, _ in self.taught for number in batch.inputs[:, 0]]


def split(samples: int, first: int = 0) -> Split:
    """Samples numbered from `first`; the class is the number modulo 3."""
    numbers = np.arange(first, first + samples)
    return Split(
        np.stack([numbers, 255 - numbers], axis=1).astype(np.uint8), numbers.astype(np.int64) % 3
    )


def course(
    *, samples: int = 23, epochs: int = 2, batch_size: int = 5, seed: int = 0, stages: int = 1,
    schedule: Schedule | None = None, checkpoint_seconds: float = 1e9, hooks: Hooks | None = None,
    input_dropout: float = 0.0,
) -> Course:  # fmt: skip
    """A course whose test set are samples 200, 201, ... of each stage."""
    return Course(
        [Stage(f"task {n}", split(samples), split(7, 200)) for n in range(stages)],
        ACCURACY,
        Plan(
            epochs,
            batch_size,
            schedule or Schedule("constant", 1.0),
            seed,
            checkpoint_seconds,
            input_dropout,
        ),
        hooks or Hooks(),
    )


@pytest.fixture
def remembering() -> type[Remembering]:
    return Remembering


@pytest.fixture
def make_course() -> Callable[..., Course]:
    return course


@pytest.fixture
def taught() -> Callable[..., Remembering]:
    """A learner after a course; arguments as those of `course`."""

    def teach(**changes: Any) -> Remembering:
        learner = Remembering()
        fit(learner, course(**changes), Progress())
        return learner

    return teach
