"""Do two engines compute the same network of rates? Rates, messages, weight changes and event counts."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Protocol, cast

import numpy as np

from eqspike.core.errors import UnsupportedError
from eqspike.engines.protocol import Arrays as Weights
from eqspike.engines.protocol import Images, Keys, Labels, RateSystem, RateTrace, Session
from eqspike.experiment.batch_parity import TOLERANCE, Batch, Learnt, learn_batch, weight_error
from eqspike.experiment.sessions import open_session


class Traced(Session, Protocol):
    """A session that can show every rate and message."""

    def trace(self, images: Images, labels: Labels, keys: Keys) -> RateTrace:
        """Present a batch through all phases with weights held; nothing is counted."""
        ...


@dataclass(frozen=True)
class MessageDifference:
    """Where the messages of two engines first part.

    Attributes:
        sample, step, layer, neuron: the place; of equal steps, the layer nearest to the input.
        phase: `free` or `nudged`.
        sends: whether each engine sends; values: its rates after the step.
    """

    sample: int
    step: int
    phase: str
    layer: str
    neuron: int
    sends: tuple[bool, bool]
    values: tuple[float, float]


@dataclass(frozen=True)
class RateParity:
    """Comparison of two engines.

    Attributes:
        engines: their names.
        samples: number of samples presented through all phases.
        messages: of the free layers in the first engine.
        differing_messages: places (sample, step, neuron) where exactly one engine sends.
        max_rate_difference: largest difference of rates, after any step.
        max_weight_error: as in `Parity`.
        counts_equal: whether all event counts of the batch, if both learn, and of a read-out are equal.
        first_difference: of the messages, if any.
        seconds: time each engine took.
    """

    engines: tuple[str, str]
    samples: int
    messages: int
    differing_messages: int
    max_rate_difference: float
    max_weight_error: float | None
    counts_equal: bool
    first_difference: MessageDifference | None
    seconds: tuple[float, float]

    @property
    def holds(self) -> bool:
        """No message differs, counts are equal, rates and weight changes agree within `TOLERANCE`."""
        errors = (self.max_rate_difference, self.max_weight_error or 0.0)
        return self.differing_messages == 0 and self.counts_equal and max(errors) <= TOLERANCE


def compare_rates(
    system: RateSystem, weights: Weights, batch: Batch, engines: tuple[str, str], seed: int = 0
) -> RateParity:
    """Compare two engines on any network of rates, batch (images, labels, keys) and weights, in float64."""
    system = replace(system, precision="float64")
    first, second = (_observe(system, weights, batch, engine, seed) for engine in engines)
    names = [layer.name for layer in system.network.free_layers if first.trace.messages]
    differ = {name: first.trace.messages[name] != second.trace.messages[name] for name in names}
    return RateParity(
        engines,
        len(batch[1]),
        int(sum(first.trace.messages[name].sum() for name in names)),
        sum(int(np.count_nonzero(places)) for places in differ.values()),
        max(
            float(abs(values - second.trace.values[name]).max())
            for name, values in first.trace.values.items()
        ),
        weight_error(first.learnt, second.learnt),
        first.learnt.counts_equal(second.learnt),
        _first_difference(first.trace, second.trace, system),
        (first.seconds, second.seconds),
    )


@dataclass(frozen=True)
class _Observation:
    trace: RateTrace
    learnt: Learnt
    seconds: float


def _observe(
    system: RateSystem, weights: Weights, batch: Batch, engine: str, seed: int
) -> _Observation:
    started = time.perf_counter()
    with open_session(system, seed, engine) as session:
        if not hasattr(session, "trace"):
            raise UnsupportedError(f"engine '{engine}' does not show its messages; choose another")
        session.load(weights)
        trace = cast(Traced, session).trace(*batch)
        learnt = learn_batch(session, batch, seed)
    return _Observation(trace, learnt, time.perf_counter() - started)


def _first_difference(
    first: RateTrace, second: RateTrace, system: RateSystem
) -> MessageDifference | None:
    """The earliest differing message: first by sample, then by step, layer and neuron."""
    found: list[tuple[int, int, int, int]] = []
    layers = [layer.name for layer in system.network.free_layers]
    for index, name in enumerate(layers if first.messages else ()):
        places = np.argwhere(first.messages[name] != second.messages[name])
        if len(places):
            sample, step, neuron = (int(place) for place in places[0])
            found.append((sample, step, index, neuron))
    if not found:
        return None
    sample, step, index, neuron = min(found)
    name, place = layers[index], (sample, step, neuron)
    return MessageDifference(
        sample,
        step,
        "free" if step < system.rule.nudging.free_steps else "nudged",
        name,
        neuron,
        (bool(first.messages[name][place]), bool(second.messages[name][place])),
        (float(first.values[name][place]), float(second.values[name][place])),
    )
