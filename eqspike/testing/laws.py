"""What must hold of a part of one's own, whatever it does: run these on a new memory or a new neuron.

    from eqspike.testing.laws import check_memory, check_neuron

    check_memory(DeadZone((0.1,)))
    check_neuron(Adaptive())

Each raises `LawError`, which says which law does not hold and where; none of them proves that a part is right.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import EqspikeError
from eqspike.core.neurons import Neuron, StepsInNumpy, WrittenForBrian2
from eqspike.core.random_stream import stream_key
from eqspike.engines.reference import ReferenceSession
from eqspike.memory import WeightMemory, Written
from eqspike.systems.weights import initial_weights
from eqspike.testing.systems import samples, small_system

SHAPE, WRITES = (5, 4), 6
SIZE, STEPS = 7, 60
TOLERANCE = 1e-9
"""Of membrane potentials in two engines, in units of the potential worth one spike."""


class LawError(EqspikeError):
    """A part does not do what every part of its kind must."""


def check_memory(memory: WeightMemory, seed: int = 0) -> None:
    """Check a memory of at least one coupling.

    * `kept` names what `start` and `write` keep, in the shape of the weights; all values are finite.
    * Storing what is stored changes nothing: no write leaves the range.
    * Without a change asked for nothing is written.
    * 0 <= applied writes <= candidate writes <= weights; none is applied where nothing changed.
    * The same arguments give the same result, and stay as they are.

    Args:
        memory: any; coupling 0 is written to.
        seed: of the weights and changes.

    Raises:
        LawError: for the first law that does not hold.
    """
    generator = np.random.default_rng(seed)
    weights = generator.normal(0, 1, SHAPE)
    given = weights.copy()
    stored, kept = memory.store(weights, 0), memory.start(weights)
    _require(np.array_equal(weights, given), "store and start leave the weights given as they are")
    _check_held(
        memory, Written(stored, kept, _written(memory, stored, kept, 0 * weights, 0).writes)
    )
    idle = _written(memory, stored, kept, np.zeros(SHAPE), stream_key(seed, 99))
    _require(np.array_equal(idle.stored, stored), "without a change asked for nothing is written")
    _require(
        (idle.writes.candidate, idle.writes.applied) == (0, 0),
        f"a write of no change counts as none, got {idle.writes}",
    )
    for number in range(WRITES):
        sparse = generator.random(SHAPE) < 0.7
        change = generator.normal(0, 10.0 ** (number - 3), SHAPE) * sparse
        key = stream_key(seed, number)
        first, second = (_written(memory, stored, kept, change, key) for _ in "12")
        same = (
            np.array_equal(first.stored, second.stored, equal_nan=True)
            and first.writes == second.writes
        )
        _require(same, "the same write gives the same result")
        _check_held(memory, first)
        candidate, applied = first.writes.candidate, first.writes.applied
        _require(
            0 <= applied <= candidate <= weights.size,
            f"0 <= applied <= candidate <= {weights.size} writes, got {applied} and {candidate}",
        )
        if np.array_equal(first.stored, stored):
            _require(applied == 0, f"no write is applied where nothing changed, got {applied}")
        stored, kept = first.stored, dict(first.kept)


def check_neuron(neuron: Neuron, brian2: bool = True, seed: int = 0) -> None:
    """Check a spiking neuron that brings a step in NumPy, a text for Brian2, or both.

    * `full_potential` is above 0; the state has a membrane potential `v`, and one number a neuron of each name.
    * Spikes are 0 or 1, states finite, both in the precision asked for; what is given stays as it is.
    * Neurons are independent of each other, and a sample of the one before it.
    * In a small network, Brian2 gives the same spikes as the step, and potentials within 1e-9.

    Args:
        neuron: any; it must spike when driven with its full potential, or nothing is compared.
        brian2: whether to run Brian2, which must be installed.
        seed: of the drives and samples.

    Raises:
        LawError: for the first law that does not hold.
    """
    _require(neuron.full_potential > 0, f"full_potential is above 0, got {neuron.full_potential}")
    steps, text = isinstance(neuron, StepsInNumpy), isinstance(neuron, WrittenForBrian2)
    _require(steps or text, "a neuron brings `start` and `step`, or `brian2_text`")
    if isinstance(neuron, StepsInNumpy):
        for precision in ("float32", "float64"):
            _check_steps(neuron, neuron.full_potential, precision, seed)
    if steps and text and brian2:
        _check_text(neuron, seed)


def _check_held(memory: WeightMemory, held: Written) -> None:
    """Shapes and range of what a memory holds."""
    _require(
        held.stored.shape == SHAPE, f"stored weights have shape {SHAPE}, got {held.stored.shape}"
    )
    _require(bool(np.isfinite(held.stored).all()), "stored weights are finite")
    _require(
        set(held.kept) == set(memory.kept),
        f"what is kept is named {list(memory.kept)}, got {list(held.kept)}",
    )
    for name, array in held.kept.items():
        _require(array.shape == SHAPE, f"what is kept as '{name}' has shape {SHAPE}")
        _require(bool(np.isfinite(array).all()), f"what is kept as '{name}' is finite")
    again = memory.store(held.stored, 0)
    _require(np.array_equal(again, held.stored), "storing what is stored changes nothing")


def _written(
    memory: WeightMemory, stored: NDArray[np.float64], kept: dict[str, NDArray[np.float64]],
    change: NDArray[np.float64], key: int,
) -> Written:  # fmt: skip
    """One write, whose arguments stay as they are."""
    before = copy.deepcopy((stored, kept, change))
    done = memory.write(stored, kept, change, 0, key)
    untouched = (
        np.array_equal(before[0], stored)
        and all(np.array_equal(before[1][name], array) for name, array in kept.items())
        and np.array_equal(before[2], change)
    )
    _require(untouched, "write leaves its arguments as they are")
    return done


def _check_steps(neuron: StepsInNumpy, full: float, precision: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    drives = (generator.normal(0.3, 0.5, (STEPS, 3, SIZE)) * full).astype(precision)
    alone, some = np.array([2]), neuron.start(1, precision)
    state, again = (neuron.start(SIZE, precision) for _ in "12")
    _require("v" in state, f"the membrane potential is state 'v', got {list(state)}")
    for given in drives:
        before = given.copy()
        spikes = neuron.step(state, *given)
        _require(np.array_equal(before, given), "step leaves drive, bias and nudge as they are")
        _require(spikes.shape == (SIZE,), f"spikes have shape {(SIZE,)}, got {spikes.shape}")
        _require(set(np.unique(spikes)) <= {0, 1}, "spikes are 0 or 1")
        for name, array in {"spikes": spikes, **state}.items():
            _require(array.dtype == precision, f"{name} is {precision}, got {array.dtype}")
            _require(array.shape == (SIZE,), f"'{name}' is one number a neuron")
            _require(bool(np.isfinite(array).all()), f"'{name}' is finite")
        repeated = neuron.step(again, *given)
        _require(np.array_equal(repeated, spikes), "the same drives give the same spikes")
        one = neuron.step(some, *(part[alone] for part in given))
        _require(np.array_equal(one, spikes[alone]), "neurons are independent of each other")


def _check_text(neuron: Neuron, seed: int) -> None:
    """The same spikes in Brian2 as by the step, in a network whose weights fit the neuron's potentials."""
    from eqspike.engines.brian2 import Brian2Session

    system = replace(small_system(), neuron=neuron)
    weights = initial_weights(system, seed)
    weights = {name: array * neuron.full_potential for name, array in weights.items()}
    batch = samples(system, 3, seed)
    found = []
    for kind in (ReferenceSession, Brian2Session):
        with kind(system, seed) as session:
            session.load(weights)
            found.append(session.trace(*batch))
    (spikes, potentials), (of_text, its_potentials) = found
    fired = sum(int(train.sum()) for train in spikes.values())
    _require(fired > 0, "the neuron spikes in the network of the check, or nothing is compared")
    for layer, train in spikes.items():
        _require(
            np.array_equal(train, of_text[layer]),
            f"step and text give the same spikes in '{layer}'",
        )
        error = float(abs(potentials[layer] - its_potentials[layer]).max()) / neuron.full_potential
        _require(
            error <= TOLERANCE, f"step and text give the same potentials, got {error:.3g} apart"
        )


def _require(holds: bool, law: str) -> None:
    if not holds:
        raise LawError(f"law does not hold: {law}")
