"""Do two engines of networks of rates compute the same? States, messages, weight changes and event counts."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels, Session
from eqspike.core.network import Layer
from eqspike.core.trace import RateTrace
from eqspike.experiment.learnt import (
    FLOATS,
    INTEGERS,
    TOLERANCE,
    counts_equal,
    learns_singly,
    learnt,
    weight_error,
)
from eqspike.experiment.sessions import open_session
from eqspike.systems import RateSystem


class Traced(Session, Protocol):
    """A session that can show what its neurons do and send."""

    def trace(self, images: Images, labels: Labels, keys: Keys) -> RateTrace:
        """Every value and message through all phases."""
        ...


@dataclass(frozen=True)
class MessageDifference:
    """Where the messages of two engines first part.

    Attributes:
        sample, step, layer, neuron: the place; step counts through all phases.
        values: of both engines after the step; sent: what each has sent last.
    """

    sample: int
    step: int
    layer: str
    neuron: int
    values: tuple[float, float]
    sent: tuple[float, float]


@dataclass(frozen=True)
class RateParity:
    """Comparison of two engines.

    Attributes:
        engines: their names; samples: presented through all phases.
        arithmetic: of each engine, `float64` or `integers`.
        values: states compared (samples x steps x neurons).
        messages: of the free neurons in the first engine; 0 where values are sent.
        differing_messages: places (sample, step, neuron) where exactly one engine sends.
        differing_values: places where a state or a last value sent differs in any bit.
        max_difference: largest difference of them; None if one engine computes in integers and the other not.
        max_weight_error: as in `parity.Parity`; sample by sample where one of the engines learns so.
        counts_equal: whether event counts of the batch, if both learn, and of a read-out are equal.
        first_difference: of the messages, if any.
        seconds: time each engine took, once opened.
    """

    engines: tuple[str, str]
    samples: int
    arithmetic: tuple[str, str]
    values: int
    messages: int
    differing_messages: int
    differing_values: int | None
    max_difference: float | None
    max_weight_error: float | None
    counts_equal: bool
    first_difference: MessageDifference | None
    seconds: tuple[float, float]

    @property
    def holds(self) -> bool:
        """Messages and counts are equal, states and changes within `TOLERANCE`, integers in every bit."""
        if self.arithmetic == (INTEGERS, INTEGERS):
            close = self.differing_values == 0
        else:
            close = self.max_difference is not None and self.max_difference <= TOLERANCE
        learns = self.max_weight_error is None or self.max_weight_error <= TOLERANCE
        return self.differing_messages == 0 and self.counts_equal and close and learns


def compare_rates(
    system: RateSystem,
    weights: Arrays,
    batch: tuple[Images, Labels, Keys],
    engines: tuple[str, str],
    seed: int = 0,
) -> RateParity:
    """Compare two engines on any system, batch (images, labels, keys) and weights."""
    system = replace(system, precision="float64")
    with ExitStack() as opened:
        sessions = []
        for engine in engines:
            session = _traced(system, engine, seed)
            opened.enter_context(session)
            sessions.append(session)
        singly = any(learns_singly(session) for session in sessions)
        first, second = (_observe(session, weights, batch, seed, singly) for session in sessions)
    layers = system.network.free_layers
    differing, largest = _differences(first, second)
    places = _differing_messages(first, second, layers)
    return RateParity(
        engines,
        len(batch[1]),
        (first.arithmetic, second.arithmetic),
        sum(array.size for array in first.trace.values.values()),
        sum(int(np.count_nonzero(array)) for array in first.trace.messages.values()),
        len(places),
        differing,
        largest,
        weight_error(first.changes, second.changes),
        counts_equal((first.inference, second.inference), (first.learning, second.learning)),
        _difference(first, second, layers, min(places)) if places else None,
        (first.seconds, second.seconds),
    )


@dataclass(frozen=True)
class _Observation:
    """What one engine does with the batch; `changes` and `learning` are None if it does not learn the system."""

    trace: RateTrace
    changes: Arrays | None
    learning: EventCounts | None
    inference: EventCounts
    seconds: float

    @property
    def arithmetic(self) -> str:
        arrays: list[NDArray[Any]] = list(self.trace.values.values())
        return INTEGERS if all(np.issubdtype(a.dtype, np.integer) for a in arrays) else FLOATS


def _traced(system: RateSystem, engine: str, seed: int) -> Traced:
    """A session that shows its states."""
    session = open_session(system, seed, engine)
    if not hasattr(session, "trace"):
        raise UnsupportedError(f"engine '{engine}' does not show its states; choose another")
    return cast(Traced, session)


def _observe(
    session: Traced, weights: Arrays, batch: tuple[Images, Labels, Keys], seed: int, singly: bool
) -> _Observation:
    images, labels, keys = batch
    started = time.perf_counter()
    session.load(weights)
    trace = session.trace(images, labels, keys)
    session.scores(images, keys)
    inference = session.take_counts()
    # Last, for not every engine learns every system.
    changes, learning = learnt(session, batch, seed, singly)
    return _Observation(trace, changes, learning, inference, time.perf_counter() - started)


def _differences(first: _Observation, second: _Observation) -> tuple[int | None, float | None]:
    """Places that differ, and the largest difference, of states and of last values sent."""
    if first.arithmetic != second.arithmetic:
        return None, None
    differing, largest = 0, 0.0
    for one, other in (
        (first.trace.values, second.trace.values),
        (first.trace.sent, second.trace.sent),
    ):
        for name, array in one.items():
            apart = np.abs(array.astype(float) - other[name])
            differing += int(np.count_nonzero(apart))
            largest = max(largest, float(apart.max()))
    return differing, largest


def _differing_messages(
    first: _Observation, second: _Observation, layers: tuple[Layer, ...]
) -> list[tuple[int, int, int, int]]:
    """Sample, step, layer and neuron of every message that only one engine sends."""
    found = []
    for index, layer in enumerate(layers):
        if layer.name in first.trace.messages:
            one, other = (seen.trace.messages[layer.name].astype(bool) for seen in (first, second))
            for sample, step, neuron in np.argwhere(one != other):
                found.append((int(sample), int(step), index, int(neuron)))
    return found


def _difference(
    first: _Observation, second: _Observation, layers: tuple[Layer, ...],
    place: tuple[int, int, int, int],
) -> MessageDifference:  # fmt: skip
    sample, step, index, neuron = place
    name, where = layers[index].name, (sample, step, neuron)

    def both(kind: str) -> tuple[float, float]:
        one, other = (float(getattr(seen.trace, kind)[name][where]) for seen in (first, second))
        return one, other

    return MessageDifference(sample, step, name, neuron, both("values"), both("sent"))
