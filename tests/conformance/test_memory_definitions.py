"""A memory without a compiled twin runs by its own definition in every engine, and gives the same weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Session
from eqspike.core.random_stream import stream_key
from eqspike.engines.brian2 import Brian2Session
from eqspike.engines.fast import FastSession
from eqspike.experiment.sessions import open_session
from eqspike.memory import Binary, Fixed, Ideal, Metaplastic, Scale, WeightMemory, Written
from eqspike.systems import System
from eqspike.systems.weights import initial_rate_weights, kept_beside, kept_names
from eqspike.testing import (
    NEURONS,
    SIZES,
    PlainRates,
    fixed_memory,
    flattened,
    rate_samples,
    samples,
    small_rate_system,
    small_system,
)

SAMPLES, FACTOR, KEY = 8, 0.5, 7
COUPLINGS = len(SIZES[1]) - 1
STILL = Scale("unit", (0.0,) * COUPLINGS)
KEEPING: tuple[WeightMemory, ...] = (
    Binary((0.5,) * COUPLINGS, (1e-4,) * COUPLINGS, STILL),
    Metaplastic((1.0,) * COUPLINGS, replace(STILL, rates=(0.1,) * COUPLINGS)),
)
RATE_ENGINES = ("fast", "torch", "brian2")


@dataclass(frozen=True)
class OwnIdeal(Ideal):
    """A class of a user's own: no table of twins knows it."""

    def write(self, stored: Any, kept: Any, change: Any, coupling: int, key: int) -> Written:
        return super().write(stored, kept, change, coupling, key)


@dataclass(frozen=True)
class OwnFixed(Fixed):
    """A class of a user's own: no table of twins knows it."""

    def write(self, stored: Any, kept: Any, change: Any, coupling: int, key: int) -> Written:
        return super().write(stored, kept, change, coupling, key)


@pytest.fixture
def dead_zone(plugin: Callable[[str], ModuleType]) -> Callable[[float], WeightMemory]:
    """Makes the memory of the worked example, with one threshold for all couplings."""
    kind = plugin("dead_zone_memory").MEMORIES["dead-zone"]
    return lambda threshold: kind((threshold,) * COUPLINGS)


def learnt(session: Session, system: System, batches: int = 2) -> Arrays:
    """Weights, and what is kept, after a few batches."""
    images, labels, keys = samples(system, SAMPLES * batches)
    for batch in range(batches):
        part = slice(SAMPLES * batch, SAMPLES * (batch + 1))
        session.fit(images[part], labels[part], keys[part], FACTOR, KEY + batch)
    return session.weights()


def by_definition(system: System, batches: int = 2) -> tuple[Arrays, int, int]:
    """The same from the changes the rule asks for; and candidate and applied writes of weights."""
    images, labels, keys = samples(system, SAMPLES * batches)
    candidate = applied = 0
    with FastSession(system, 4) as session:
        for batch in range(batches):
            part = slice(SAMPLES * batch, SAMPLES * (batch + 1))
            asked, held = session.changes(images[part], labels[part], keys[part]), session.weights()
            for layer in system.network.free_layers:
                index = system.network.free_layers.index(layer)
                held[f"{layer.name}.bias"] += (
                    system.learning_rates[index] * FACTOR * asked[f"{layer.name}.bias"]
                )
            names = kept_names(system)
            for index, coupling in enumerate(system.network.couplings):
                name = coupling.name
                done = system.memory.write(
                    held[name], {kind: held[each] for kind, each in names[index].items()},
                    system.learning_rates[index] * FACTOR * asked[name], index,
                    stream_key(KEY + batch, index),
                )  # fmt: skip
                held[name] = done.stored
                held |= {names[index][kind]: array for kind, array in done.kept.items()}
                candidate += done.writes.candidate
                applied += done.writes.applied
            session.load(held)
    return held, candidate, applied


def same(first: Arrays, second: Arrays, tolerance: float = 0.0) -> None:
    assert set(first) == set(second)
    for name, array in first.items():
        np.testing.assert_allclose(
            array, second[name], rtol=tolerance, atol=tolerance, err_msg=name
        )


@pytest.mark.parametrize("neuron", NEURONS, ids=lambda neuron: type(neuron).__name__)
def test_a_dead_zone_in_spikes(dead_zone: Callable[[float], WeightMemory], neuron: object) -> None:
    """Fast to the last bit, Brian2 within rounding; some changes are dropped and some are not."""
    system = replace(small_system(SIZES[1], memory=dead_zone(2e-3)), neuron=neuron)
    wanted, candidate, applied = by_definition(system)
    assert 0 < applied < candidate
    with FastSession(system, 4) as session:
        same(learnt(session, system), wanted)
        written = session.take_counts().phases["update"].plasticity
    pairs = [written[coupling.name] for coupling in system.network.couplings]
    assert sum(pair.candidate_writes for pair in pairs) == candidate
    assert sum(pair.applied_writes for pair in pairs) == applied
    with Brian2Session(system, 4) as session:
        same(learnt(session, system), wanted, 1e-12)
        counts = session.take_counts().phases["update"].plasticity
    assert sum(counts[c.name].applied_writes for c in system.network.couplings) == applied


@pytest.mark.parametrize("memory", KEEPING, ids=lambda memory: memory.kind)
def test_what_is_kept_beside_weights_of_spikes(memory: WeightMemory) -> None:
    """It is part of the weights, and the weights are all that a session needs to go on."""
    system = small_system(SIZES[1], memory=memory)
    wanted, _, applied = by_definition(system)
    assert applied > 0
    with FastSession(system, 4) as session:
        same(learnt(session, system), wanted)
        assert {f"input-hidden1.{name}" for name in memory.kept} <= set(session.weights())
    with Brian2Session(system, 4) as session:
        same(learnt(session, system), wanted, 1e-12)
    images, labels, keys = samples(system, 2 * SAMPLES)
    with FastSession(system, 4) as first, FastSession(system, 5) as second:
        first.fit(images[:SAMPLES], labels[:SAMPLES], keys[:SAMPLES], FACTOR, KEY)
        second.load(first.weights())
        second.fit(images[SAMPLES:], labels[SAMPLES:], keys[SAMPLES:], FACTOR, KEY + 1)
        same(second.weights(), wanted)


@pytest.mark.parametrize("rounding", [None, "nearest", "stochastic", "floor"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_twins_equal_definitions(rounding: str | None, precision: str) -> None:
    """A class that the tables do not know is run by its definition, which gives the twin's bits.

    With float32, sums of changes are rounded by the twin and not by the definition.
    """
    known = fixed_memory(4, rounding, COUPLINGS) if rounding else Ideal()
    own = (
        OwnFixed(known.bits, known.ranges, known.rounding)
        if isinstance(known, Fixed)
        else OwnIdeal()
    )
    found = []
    for memory in (known, own):
        system = small_system(SIZES[1], memory=memory, precision=precision)
        with FastSession(system, 4) as session:
            found.append(learnt(session, system, 1))
    if precision == "float64":
        same(found[1], found[0])
    else:
        bits = known.step(0) if isinstance(known, Fixed) else 1e-6
        same(found[1], found[0], 2 * bits)


@pytest.mark.parametrize("engine", RATE_ENGINES)
@pytest.mark.parametrize("threshold", [0.0, 0.02])
def test_a_dead_zone_in_rates(
    dead_zone: Callable[[float], WeightMemory], engine: str, threshold: float
) -> None:
    """As message by message in NumPy: weights within rounding, equal counts."""
    system = small_rate_system(memory=dead_zone(2e-3), threshold=threshold)
    images, labels, keys = rate_samples()
    start = initial_rate_weights(system, 3)
    plain = PlainRates(system, {**start, **kept_beside(system, start)})
    plain.fit(images, labels, keys, FACTOR, KEY)
    asked, done = (
        sum(number for (_, _, kind), number in plain.counts.items() if kind == f"{name}_writes")
        for name in ("candidate", "applied")
    )
    assert 0 < done < asked
    with open_session(system, 3, engine) as session:
        session.fit(images, labels, keys, FACTOR, KEY)
        same(session.weights(), plain.weights, 1e-12)
        counts = flattened(session.take_counts())
    assert {k: n for k, n in counts.items() if n} == {k: n for k, n in plain.counts.items() if n}


@pytest.mark.parametrize("engine", ["fast", "brian2", "fast-int", "lava:stock"])
def test_an_unknown_memory_is_refused_where_it_has_no_twin(
    dead_zone: Callable[[float], WeightMemory], engine: str
) -> None:
    """Event by event, and on Loihi."""
    system = small_system(SIZES[1], NEURONS[1], memory=dead_zone(0.1), online=True)
    with pytest.raises(UnsupportedError, match=r"memory.* dead-zone"):
        open_session(system, 0, engine)
