"""Presenting a split to a learner and judging what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eqspike.core.activity import LayerActivity
from eqspike.core.counts import EventCounts, spiking
from eqspike.core.learner import Batch, Keys, Learner, MeasuresRest, Outputs
from eqspike.core.random_stream import Purpose, draws, stream_key
from eqspike.core.stages import doing
from eqspike.core.working_time import WORKING_TIME
from eqspike.tasks import Metric

BLOCK = 2000
"""Samples handed over at a time."""


class Data(Protocol):
    """One split of a task: inputs (samples, ...) and targets (samples, ...)."""

    @property
    def inputs(self) -> NDArray[Any]: ...

    @property
    def targets(self) -> NDArray[Any]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Tested:
    """A split judged: the metric's mean, the events, the seconds it took.

    Attributes:
        residuals: of each sample, see `core.learner.MeasuresRest`; empty where nobody knows them.
    """

    value: float
    counts: EventCounts
    seconds: float
    residuals: NDArray[np.float64]


def evaluate(learner: Learner, data: Data, metric: Metric, seed: int, stage: int = 0) -> Tested:
    """The metric of a learner's answers to `data`, which is of the task number `stage`."""
    started = WORKING_TIME.now()
    outputs = predict(learner, data, seed, stage)
    seconds = WORKING_TIME.now() - started
    counts = learner.take_counts()
    residuals = learner.take_residuals() if isinstance(learner, MeasuresRest) else np.zeros(0)
    return Tested(float(np.mean(metric.each(outputs, data.targets))), counts, seconds, residuals)


def predict(learner: Learner, data: Data, seed: int, stage: int = 0) -> Outputs:
    """Outputs of each sample, (samples, outputs)."""
    keys = presentation_keys(seed, Purpose.EVALUATION, 0, len(data))
    parts = []
    with doing("samples", len(data)) as work:
        for first in range(0, len(data), BLOCK):
            part = slice(first, first + BLOCK)
            parts.append(
                learner.predict(Batch(data.inputs[part], data.targets[part], keys[part], stage))
            )
            work.done += len(parts[-1])
    return np.concatenate(parts)


def activity_of(learner: Learner, counts: EventCounts) -> dict[str, LayerActivity]:
    """Spikes by neuron of the evaluation that gave `counts`; empty where the learner cannot tell."""
    spikes = learner.neuron_spikes()
    return {name: LayerActivity.of(each, counts.samples) for name, each in spikes.items()}


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
