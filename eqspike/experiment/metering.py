"""What a run costs on this machine: seconds per sample, and joules where the machine has counters."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.core.errors import ConfigError
from eqspike.core.learner import Batch, Learner, Pace
from eqspike.core.random_stream import Purpose, stream_key
from eqspike.core.stages import doing
from eqspike.energy.metering import Meter, find_meters, total
from eqspike.experiment.configuration import Configuration, load_configuration
from eqspike.experiment.data import check_fit
from eqspike.experiment.runs import check_engine, open_learner
from eqspike.tasks import Samples, load_task
from eqspike.training import RunFolder
from eqspike.training.dropout import drop_inputs
from eqspike.training.evaluating import presentation_keys

LONGEST = 300.0
"""Seconds of one measurement, at most: RAPL's counters overflow after several minutes at full power."""


@dataclass(frozen=True)
class Metered:
    """One kind of work, repeated for some seconds.

    Attributes:
        work: `inference` or `training`; batch_size: samples handed over at a time.
        samples: how many were presented; seconds: how long that took.
        joules: of all counters over that time; above_idle: less what they count in an equal time without work.
            Both None without a counter.
    """

    work: str
    batch_size: int
    samples: int
    seconds: float
    joules: float | None
    above_idle: float | None

    def to_json(self) -> dict[str, Any]:
        """All of it, and the same for one sample."""
        each = {
            f"{name}_per_sample": None if value is None else value / self.samples
            for name, value in (
                ("seconds", self.seconds),
                ("joules", self.joules),
                ("above_idle", self.above_idle),
            )
        }
        return asdict(self) | each


@dataclass(frozen=True)
class Metering:
    """A run on this machine.

    Attributes:
        model, task, engine: of the run.
        meters: names of the counters read; idle_watts: what they show without work, None without a counter.
        work: inference and training, for each batch size.
    """

    model: str
    task: str
    engine: str
    meters: tuple[str, ...]
    idle_watts: float | None
    work: tuple[Metered, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data, schema `eqspike-metering-1`."""
        return {
            "schema": "eqspike-metering-1",
            "model": self.model,
            "task": self.task,
            "engine": self.engine,
            "meters": list(self.meters),
            "idle_watts": self.idle_watts,
            "work": [metered.to_json() for metered in self.work],
        }


def meter_run(
    out: Path, batch_sizes: Sequence[int], seconds: float, engine: str | None = None,
    meters: Sequence[Meter] | None = None,
) -> Metering:  # fmt: skip
    """Present a run's samples for some seconds, with and without learning, and read the machine's counters.

    The run stays as it is. Weights are put back before each measurement.

    Args:
        out: the run's folder; at least one epoch must be complete.
        batch_sizes: samples handed over at a time, each at least 1; at most the training set is used.
        seconds: of each measurement, above 0. The idle machine is watched as long, once.
        engine: another than the run was trained with.
        meters: counters, by default all that are found.

    Raises:
        ConfigError: for a batch size or a time out of range.
        RunError: if there is no run, or no epoch has been completed.
    """
    _check(batch_sizes, seconds)
    folder = RunFolder.open(out)
    configuration = load_configuration(folder.config_path)
    task = load_task(configuration.task)
    check_fit(configuration, task)
    state, train = folder.weights(), task.load("train")
    counters = find_meters() if meters is None else list(meters)
    configuration = replace(configuration, engine=engine or configuration.engine)
    check_engine(configuration)
    work = []
    with open_learner(configuration) as learner:
        idle = _idle_watts(counters, seconds)
        for batch_size in batch_sizes:
            for kind in ("inference", "training"):
                learner.load(state)
                step = _step(learner, train, batch_size, kind, configuration)
                step()  # compiles, and fills buffers
                size = min(batch_size, len(train))
                with doing(f"{kind}, {size} at a time"):
                    work.append(_metered(kind, size, step, counters, seconds, idle))
    return Metering(
        configuration.model.name, configuration.task, configuration.engine,
        tuple(meter.name for meter in counters), idle, tuple(work),
    )  # fmt: skip


def _check(batch_sizes: Sequence[int], seconds: float) -> None:
    for size in batch_sizes:
        if size < 1:
            raise ConfigError(f"--batch must be at least 1, got {size}")
    if not 0 < seconds <= LONGEST:
        raise ConfigError(f"--seconds must be above 0 and at most {LONGEST:g}, got {seconds:g}")


def _step(
    learner: Learner, train: Samples, batch_size: int, kind: str, configuration: Configuration
) -> Callable[[], int]:
    """One batch; returns how many samples it had. Batches follow each other through the training set."""
    place, seed, share = 0, configuration.seed, configuration.model.input_dropout

    def step() -> int:
        nonlocal place
        chosen = np.arange(place, place + min(batch_size, len(train))) % len(train)
        keys = presentation_keys(seed, Purpose.METERING, place, len(chosen))
        place += len(chosen)
        batch = Batch(train.inputs[chosen], train.targets[chosen], keys)
        if kind == "training":
            dropped = replace(batch, inputs=drop_inputs(batch.inputs, share, keys))
            learner.fit(dropped, Pace(1.0, stream_key(seed, place)))
        else:
            learner.predict(batch)
        learner.take_counts()
        return len(chosen)

    return step


def _idle_watts(meters: Sequence[Meter], seconds: float) -> float | None:
    if not meters:
        return None
    before, started = total(meters), time.perf_counter()
    time.sleep(seconds)
    return (total(meters) - before) / (time.perf_counter() - started)


def _metered(
    kind: str, batch_size: int, step: Callable[[], int], meters: Sequence[Meter], seconds: float,
    idle: float | None,
) -> Metered:  # fmt: skip
    samples, before, started = 0, total(meters), time.perf_counter()
    while (taken := time.perf_counter() - started) < seconds:
        samples += step()
    taken = time.perf_counter() - started
    if idle is None:
        return Metered(kind, batch_size, samples, taken, None, None)
    joules = total(meters) - before
    return Metered(kind, batch_size, samples, taken, joules, joules - idle * taken)
