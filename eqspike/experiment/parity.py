"""Do two engines compute the same? Spikes, potentials, weight changes and event counts of a run's model."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels, Session
from eqspike.core.network import Layer
from eqspike.core.random_stream import Purpose
from eqspike.experiment.configuration import load_configuration
from eqspike.experiment.learnt import (
    FLOATS,
    INTEGERS,
    TOLERANCE,
    counts_equal,
    learnt,
    weight_error,
)
from eqspike.experiment.rate_parity import RateParity, compare_rates
from eqspike.experiment.runs import check_fit
from eqspike.experiment.sessions import open_session
from eqspike.systems import RateSystem, System
from eqspike.tasks import load_task
from eqspike.training import RunFolder
from eqspike.training.loop import presentation_keys


class Watched(Session, Protocol):
    """A session that can show every spike and membrane potential."""

    def raster(
        self, images: Images, labels: Labels, keys: Keys
    ) -> tuple[dict[str, NDArray[np.uint8]], dict[str, NDArray[Any]]]:
        """Spikes by layer name and state by its name: (samples, steps, neurons).

        Membrane potentials have their layer's name; engines may show more, such as `hidden current`.
        """
        ...


def watched(session: Session, engine: str) -> Watched:
    """The session, if it can show its spikes.

    Raises:
        UnsupportedError: if not, naming the engine.
    """
    if not hasattr(session, "raster"):
        raise UnsupportedError(f"engine '{engine}' does not show its spikes; choose another")
    return cast(Watched, session)


@dataclass(frozen=True)
class Difference:
    """Where the spike trains of two engines first part.

    Attributes:
        sample, step, layer, neuron: the place; of equal steps, the layer nearest to the input.
        phase: `free` or `nudged`.
        spikes, potentials: of both engines, after the step's reset.
    """

    sample: int
    step: int
    phase: str
    layer: str
    neuron: int
    spikes: tuple[int, int]
    potentials: tuple[float, float]


@dataclass(frozen=True)
class Parity:
    """Comparison of two engines.

    Attributes:
        engines: their names.
        samples: number of samples presented through both phases.
        arithmetic: of each engine, `float64` or `integers`.
        spikes: number of spikes of the free layers in the first engine.
        differing_spikes: places (sample, step, neuron) where exactly one engine spikes.
        max_potential_difference: largest difference of membrane potentials and of any other state both engines
            show; None if one computes in integers and the other not, as their units differ.
        max_weight_error: largest difference of the changes of one batch of these samples, relative to the
            largest change of that coupling or bias vector; None if an engine does not learn the system.
        counts_equal: whether all event counts of the batch, if both learn, and of a read-out are equal.
        first_difference: of the spikes, if any.
        seconds: time each engine took.
    """

    engines: tuple[str, str]
    samples: int
    arithmetic: tuple[str, str]
    spikes: int
    differing_spikes: int
    max_potential_difference: float | None
    max_weight_error: float | None
    counts_equal: bool
    first_difference: Difference | None
    seconds: tuple[float, float]

    @property
    def holds(self) -> bool:
        """No spike differs, counts are equal, weight changes agree within `TOLERANCE`, integers bit for bit."""
        exact = self.arithmetic != (INTEGERS, INTEGERS) or self.max_potential_difference == 0
        learnt = self.max_weight_error is None or self.max_weight_error <= TOLERANCE
        return self.differing_spikes == 0 and self.counts_equal and exact and learnt


def compare_run(out: Path, engines: tuple[str, str], samples: int) -> Parity | RateParity:
    """Compare two engines on the weights of a run, with the first samples of its test set.

    Engines of floating-point systems compute in float64 here, whatever the model's precision.

    Raises:
        RunError: if there is no run, or no epoch has been completed.
        ConfigError: if `samples` is below 1 or more than the test set holds.
        UnsupportedError: for an unknown engine, or one that cannot run the model.
    """
    folder = RunFolder.open(out)
    configuration = load_configuration(folder.config_path)
    system = configuration.model.system
    task = load_task(configuration.task)
    check_fit(configuration, task)
    test = task.load("test")
    if not 1 <= samples <= len(test):
        raise ConfigError(
            f"--samples must be from 1 to {len(test)} (test set of {task.name}), got {samples}"
        )
    keys = presentation_keys(configuration.seed, Purpose.PARITY, 0, samples)
    batch = (test.images[:samples], test.labels[:samples], keys)
    if isinstance(system, RateSystem):
        return compare_rates(system, folder.weights(), batch, engines, configuration.seed)
    return compare(system, folder.weights(), batch, engines, configuration.seed)


def compare(
    system: System,
    weights: Arrays,
    batch: tuple[Images, Labels, Keys],
    engines: tuple[str, str],
    seed: int = 0,
) -> Parity:
    """Compare two engines on any system, batch (images, labels, keys) and weights."""
    system = replace(system, precision="float64")
    first, second = (_observe(system, weights, batch, engine, seed) for engine in engines)
    layers = system.network.free_layers
    return Parity(
        engines,
        len(batch[1]),
        (first.arithmetic, second.arithmetic),
        sum(int(first.spikes[layer.name].sum(dtype=np.int64)) for layer in layers),
        sum(np.count_nonzero(first.spikes[n.name] != second.spikes[n.name]) for n in layers),
        _potential_difference(first, second),
        weight_error(first.changes, second.changes),
        counts_equal((first.inference, second.inference), (first.learning, second.learning)),
        _first_difference(first, second, layers, system.rule.phases[0].steps),
        (first.seconds, second.seconds),
    )


@dataclass(frozen=True)
class _Observation:
    """What one engine does with the batch; `changes` and `learning` are None if it does not learn the system."""

    spikes: dict[str, NDArray[np.uint8]]
    potentials: dict[str, NDArray[Any]]
    changes: Arrays | None
    learning: EventCounts | None
    inference: EventCounts
    seconds: float

    @property
    def arithmetic(self) -> str:
        whole = all(np.issubdtype(array.dtype, np.integer) for array in self.potentials.values())
        return INTEGERS if whole else FLOATS


def _observe(
    system: System, weights: Arrays, batch: tuple[Images, Labels, Keys], engine: str, seed: int
) -> _Observation:
    images, labels, keys = batch
    started = time.perf_counter()
    with open_session(system, seed, engine) as opened:
        session = watched(opened, engine)
        session.load(weights)
        spikes, potentials = session.raster(images, labels, keys)
        # Before learning: an engine that learns the system would count other weights than one that does not.
        session.scores(images, keys)
        inference = session.take_counts()
        changes, learning = learnt(session, batch, seed)
    seconds = time.perf_counter() - started
    return _Observation(spikes, potentials, changes, learning, inference, seconds)


def _potential_difference(first: _Observation, second: _Observation) -> float | None:
    """Largest difference of the state both show, if it has the same units."""
    if first.arithmetic != second.arithmetic:
        return None
    shared = first.potentials.keys() & second.potentials.keys()
    return max(
        float(abs(first.potentials[name].astype(float) - second.potentials[name]).max())
        for name in shared
    )


def _first_difference(
    first: _Observation, second: _Observation, layers: tuple[Layer, ...], free_steps: int
) -> Difference | None:
    """The earliest differing spike: first by sample, then by step, layer and neuron."""
    found: list[tuple[int, int, int, int]] = []
    for index, layer in enumerate(layers):
        places = np.argwhere(first.spikes[layer.name] != second.spikes[layer.name])
        if len(places):
            sample, step, neuron = (int(place) for place in places[0])
            found.append((sample, step, index, neuron))
    if not found:
        return None
    sample, step, index, neuron = min(found)
    name, place = layers[index].name, (sample, step, neuron)
    return Difference(
        sample,
        step,
        "free" if step < free_steps else "nudged",
        name,
        neuron,
        (int(first.spikes[name][place]), int(second.spikes[name][place])),
        (float(first.potentials[name][place]), float(second.potentials[name][place])),
    )
