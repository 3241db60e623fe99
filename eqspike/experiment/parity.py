"""Do two engines compute the same? Spikes or messages, states, weight changes and event counts of a model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels, Session
from eqspike.core.network import Layer
from eqspike.core.random_stream import Purpose
from eqspike.core.stages import doing
from eqspike.core.trace import Trace, sent
from eqspike.experiment.configuration import load_configuration
from eqspike.experiment.data import image_task
from eqspike.experiment.learnt import (
    FLOATS,
    INTEGERS,
    TOLERANCE,
    Learnt,
    counts_equal,
    learns_singly,
    learnt,
    weight_error,
)
from eqspike.experiment.sessions import open_session
from eqspike.systems import AnySystem, RateSystem
from eqspike.training import RunFolder
from eqspike.training.evaluating import presentation_keys

Batch = tuple[Images, Labels, Keys]


class Watched(Session, Protocol):
    """A session that can show what its neurons do."""

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Every spike or message, and every state, through all phases; nothing is counted."""
        ...


def watched(session: Session, engine: str) -> Watched:
    """The session, if it can show its neurons.

    Raises:
        UnsupportedError: if not, naming the engine.
    """
    if not hasattr(session, "trace"):
        raise UnsupportedError(f"engine '{engine}' does not show its neurons; choose another")
    return cast(Watched, session)


@dataclass(frozen=True)
class Difference:
    """Where the events of two engines first part.

    Attributes:
        sample, step, layer, neuron: the place; step counts through all phases; of equal steps, the layer nearest
            to the input.
        phase: name of the phase.
        events: of both engines, 1 for a spike or a message.
        states: of the neuron in both engines after the step, by what they show of it: `potential`, or `rate` and
            `sent`.
    """

    sample: int
    step: int
    phase: str
    layer: str
    neuron: int
    events: tuple[int, int]
    states: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Parity:
    """Comparison of two engines.

    Attributes:
        kind: of the events compared: `spikes`, or `messages` of a rate-based network.
        engines: their names; samples: presented through all phases.
        arithmetic: of each engine, `float64` or `integers`.
        events: of the free neurons in the first engine; 0 where every rate is sent at every step.
        differing_events: places (sample, step, neuron) where exactly one engine has one.
        states: numbers compared: membrane potentials or rates, and whatever else both engines show.
        differing_states: places where they differ in any bit; max_state_difference: the largest difference. Both
            None if one engine computes in integers and the other not, as their units differ.
        max_weight_error: largest difference of the changes of one batch of these samples (sample by sample where
            one engine learns so), relative to the largest change of that array; None if an engine does not learn
            the system.
        counts_equal: whether all event counts of the batch, if both learn, and of a read-out are equal.
        first_difference: of the events, if any.
        seconds: time each engine took, once it was opened and had compiled what it needs.
    """

    kind: str
    engines: tuple[str, str]
    samples: int
    arithmetic: tuple[str, str]
    events: int
    differing_events: int
    states: int
    differing_states: int | None
    max_state_difference: float | None
    max_weight_error: float | None
    counts_equal: bool
    first_difference: Difference | None
    seconds: tuple[float, float]

    @property
    def holds(self) -> bool:
        """No event differs, counts are equal, floats agree within `TOLERANCE`, integers in every bit.

        States in floats are compared for messages; a spike says all there is to say of a membrane potential.
        """
        if self.arithmetic == (INTEGERS, INTEGERS):
            close = self.differing_states == 0
        elif self.kind == "messages":
            largest = self.max_state_difference
            close = largest is not None and largest <= TOLERANCE
        else:
            close = True
        learns = self.max_weight_error is None or self.max_weight_error <= TOLERANCE
        return self.differing_events == 0 and self.counts_equal and close and learns

    def to_json(self) -> dict[str, Any]:
        """Plain data; the events stand under their kind, such as `differing_spikes`."""
        data = asdict(self)
        kind = data.pop("kind")
        for name in ("events", "differing_events"):
            data[name.replace("events", kind)] = data.pop(name)
        return {**data, "equal": self.holds}


def compare_run(out: Path, engines: tuple[str, str], samples: int) -> Parity:
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
    task = image_task(configuration)
    test = task.load("test")
    if not 1 <= samples <= len(test):
        raise ConfigError(
            f"--samples must be from 1 to {len(test)} (test set of {task.name}), got {samples}"
        )
    keys = presentation_keys(configuration.seed, Purpose.PARITY, 0, samples)
    batch = (test.images[:samples], test.labels[:samples], keys)
    return compare(system, folder.weights(), batch, engines, configuration.seed)


def compare(
    system: AnySystem, weights: Arrays, batch: Batch, engines: tuple[str, str], seed: int = 0
) -> Parity:
    """Compare two engines on any system, batch (images, labels, keys) and weights."""
    system = replace(system, precision="float64")
    with ExitStack() as opened:
        sessions = []
        for engine in engines:
            session = watched(open_session(system, seed, engine), engine)
            opened.enter_context(session)
            sessions.append(session)
        singly = any(learns_singly(session) for session in sessions)
        seen = []
        for engine, session in zip(engines, sessions, strict=True):
            with doing(f"engine {engine}"):
                seen.append(_observe(session, weights, batch, seed, singly))
    first, second = seen
    layers = system.network.free_layers
    places = _differing_events(first.trace, second.trace, layers)
    differing, largest, compared = _differing_states(first, second)
    return Parity(
        "messages" if isinstance(system, RateSystem) else "spikes",
        engines,
        len(batch[1]),
        (first.arithmetic, second.arithmetic),
        sum(int(np.count_nonzero(array)) for array in first.trace.events.values()),
        len(places),
        compared,
        differing,
        largest,
        weight_error(first.learnt, second.learnt),
        counts_equal(first.learnt, second.learnt),
        _difference(first, second, system, min(places)) if places else None,
        (first.seconds, second.seconds),
    )


@dataclass(frozen=True)
class _Observation:
    """What one engine does with the batch."""

    trace: Trace
    learnt: Learnt
    seconds: float

    @property
    def arithmetic(self) -> str:
        arrays: list[NDArray[Any]] = list(self.trace.states.values())
        return INTEGERS if all(np.issubdtype(a.dtype, np.integer) for a in arrays) else FLOATS


def _observe(
    session: Watched, weights: Arrays, batch: Batch, seed: int, singly: bool
) -> _Observation:
    session.load(weights)
    _warm_up(session, batch, seed, singly)
    started = time.perf_counter()
    session.load(weights)
    trace = session.trace(*batch)
    found = learnt(session, batch, seed, singly)
    return _Observation(trace, found, time.perf_counter() - started)


def _warm_up(session: Watched, batch: Batch, seed: int, singly: bool) -> None:
    """Present one sample in every way that is timed later: engines compile what they need at its first use."""
    first = (batch[0][:1], batch[1][:1], batch[2][:1])
    session.trace(*first)
    learnt(session, first, seed, singly)
    session.take_counts()


def _differing_states(
    first: _Observation, second: _Observation
) -> tuple[int | None, float | None, int]:
    """Places that differ and the largest difference, if the units are the same; and how many were compared."""
    shared = sorted(first.trace.states.keys() & second.trace.states.keys())
    compared = sum(first.trace.states[name].size for name in shared)
    if first.arithmetic != second.arithmetic:
        return None, None, compared
    differing, largest = 0, 0.0
    for name in shared:
        apart = np.abs(first.trace.states[name].astype(float) - second.trace.states[name])
        differing += int(np.count_nonzero(apart))
        largest = max(largest, float(apart.max()))
    return differing, largest, compared


def _differing_events(
    first: Trace, second: Trace, layers: tuple[Layer, ...]
) -> list[tuple[int, int, int, int]]:
    """Sample, step, layer and neuron of every event that only one engine has."""
    found = []
    for index, layer in enumerate(layers):
        if layer.name in first.events:
            one, other = (trace.events[layer.name].astype(bool) for trace in (first, second))
            for sample, step, neuron in np.argwhere(one != other):
                found.append((int(sample), int(step), index, int(neuron)))
    return found


def _difference(
    first: _Observation, second: _Observation, system: AnySystem, place: tuple[int, int, int, int]
) -> Difference:
    sample, step, index, neuron = place
    name, where = system.network.free_layers[index].name, (sample, step, neuron)
    shown = (
        {"rate": name, "sent": sent(name)}
        if isinstance(system, RateSystem)
        else {"potential": name}
    )

    def both(kind: str, array: str) -> tuple[float, float]:
        one, other = (float(getattr(seen.trace, kind)[array][where]) for seen in (first, second))
        return one, other

    events = both("events", name)
    states = {what: both("states", array) for what, array in shown.items()}
    return Difference(
        sample, step, _phase_of(system, step), name, neuron, (int(events[0]), int(events[1])), states
    )  # fmt: skip


def _phase_of(system: AnySystem, step: int) -> str:
    """Name of the phase that a step of a presentation is in."""
    left = step
    for phase in system.rule.phases:
        if left < phase.steps:
            return phase.name
        left -= phase.steps
    raise ValueError(f"a presentation has no step {step}")
