"""A run's weights on its test set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eqspike.core.activity import LayerActivity
from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError, DataError, UnsupportedError
from eqspike.core.named import Named
from eqspike.experiment.configuration import Configuration, load_configuration
from eqspike.experiment.data import Data, check_fit
from eqspike.experiment.runs import check_engine, open_learner
from eqspike.tasks import Curriculum, Series, SeriesTask, Split, Task, load_task
from eqspike.tasks.metrics import ACCURACY
from eqspike.tasks.saving import levels
from eqspike.training import (
    CellWrites,
    RunFolder,
    activity_of,
    cell_writes,
    evaluate,
    mean_rates,
    predict,
)


@dataclass(frozen=True)
class Evaluation:
    """A trained network on a test set.

    Attributes:
        metric: how the task judges, such as `accuracy`; value: the mean over all samples.
        samples: how many were presented.
        samples_per_second: of this evaluation, once the engine is ready.
        rates: mean firing rate of each free layer, in spikes per neuron and step.
        counts: events of all presentations.
        writes: of each weight in training, by coupling; empty where the memory does not count them.
        activity: spikes by neuron of each free layer; empty where the engine does not tell.
    """

    metric: str
    value: float
    samples: int
    samples_per_second: float
    rates: dict[str, float]
    counts: EventCounts
    writes: Mapping[str, CellWrites]
    activity: dict[str, LayerActivity]

    def __post_init__(self) -> None:
        """A name that is not there is answered by those that are."""
        object.__setattr__(self, "rates", Named(self.rates, "free layer"))
        object.__setattr__(self, "writes", Named(self.writes, "coupling whose writes are counted"))
        object.__setattr__(self, "activity", Named(self.activity, "free layer"))

    @property
    def accuracy(self) -> float:
        """The accuracy, a fraction.

        Raises:
            ConfigError: if the task judges otherwise.
        """
        if self.metric != ACCURACY.name:
            raise ConfigError(f"this task is judged by {self.metric}, not by accuracy")
        return self.value


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
        configuration = replace(configuration, engine=engine)
        check_engine(configuration)
    if limit is not None:
        configuration = replace(configuration, test_limit=limit)
    weights = folder.weights()
    data = Data.load(configuration)
    seed, metric = configuration.seed, data.task.metric
    with open_learner(configuration) as learner:
        learner.load(weights)
        # Once for nothing: loads or compiles what the engine needs.
        evaluate(learner, data.stages[0].test.limit(2), metric, seed)
        tested = [
            evaluate(learner, stage.test, metric, seed, number)
            for number, stage in enumerate(data.stages)
        ]
        counts = sum((each.counts for each in tested), EventCounts())
        activity = activity_of(learner, counts)
    samples = sum(len(stage.test) for stage in data.stages)
    return Evaluation(
        metric.name,
        float(np.mean([each.value for each in tested])),
        samples,
        samples / sum(each.seconds for each in tested),
        mean_rates(counts),
        counts,
        cell_writes(weights),
        activity,
    )


def predict_with(out: Path, inputs: ArrayLike, *, engine: str | None = None) -> NDArray[np.float64]:
    """Outputs of a run's weights for samples that are not of its task's files.

    Args:
        out: the run's folder.
        inputs: (samples, ...) in the shape of the task's samples, images also flat; levels 0..255, booleans or
            floats in [0, 1], or series as the task's `load` gives them.
        engine: another engine than the run was trained with.

    Returns:
        (samples, outputs).

    Raises:
        DataError: for another shape, type or range.
        UnsupportedError: if the run learnt several tasks in turn.
        RunError: if there is no run, or no epoch has been completed.
    """
    folder = RunFolder.open(out)
    configuration = load_configuration(folder.config_path)
    if engine is not None:
        configuration = replace(configuration, engine=engine)
        check_engine(configuration)
    samples = _samples(configuration, inputs)
    weights = folder.weights()
    with open_learner(configuration) as learner:
        learner.load(weights)
        return np.asarray(predict(learner, samples, configuration.seed), np.float64)


def _samples(configuration: Configuration, inputs: ArrayLike) -> Split | Series:
    """Inputs as the learner reads them, with targets that nobody looks at."""
    task = load_task(configuration.task)
    check_fit(configuration, task)
    if isinstance(task, Curriculum):
        raise UnsupportedError(
            f"task '{task.name}' is several tasks in turn, each with inputs of its own; use evaluate"
        )
    array = np.asarray(inputs)
    shapes = [task.input_shape]
    if isinstance(task, Task):
        shapes.append((math.prod(task.input_shape),))
    if array.shape[1:] not in shapes or not len(array):
        wanted = " or ".join(f"(samples, {', '.join(map(str, shape))})" for shape in shapes)
        raise DataError(f"inputs: must have shape {wanted}, got {array.shape}")
    if isinstance(task, SeriesTask):
        series = array.astype(np.float32)
        if not np.isfinite(series).all():
            raise DataError("inputs: must be finite numbers")
        return Series(series, np.zeros(len(array), np.int64))
    return Split(levels("inputs", array).reshape(len(array), -1), np.zeros(len(array), np.int64))
