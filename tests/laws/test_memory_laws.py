"""What holds for every weight memory, whatever is written to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from eqspike.core.grid import snap
from eqspike.core.random_stream import stream_key
from eqspike.memory import Fixed, Ideal
from eqspike.memory.fixed import ROUNDINGS

Weights = NDArray[np.float64]

keys = st.integers(0, 2**64 - 1)
values = st.floats(-10, 10)


def fixed(roundings: tuple[str, ...] = ROUNDINGS) -> st.SearchStrategy[Fixed]:
    return st.builds(
        Fixed, st.integers(2, 16), st.tuples(st.floats(0.01, 5)), st.sampled_from(roundings)
    )


def arrays(elements: st.SearchStrategy[float], size: int = 12) -> st.SearchStrategy[Weights]:
    return st.lists(elements, min_size=size, max_size=size).map(
        lambda numbers: np.array(numbers).reshape(3, -1)
    )


def codes(memory: Fixed, weights: Weights) -> Weights:
    return weights / memory.step(0)


@given(memory=fixed(), weights=arrays(values), change=arrays(values), key=keys)
def test_only_codes_in_range_are_ever_stored(
    memory: Fixed, weights: Weights, change: Weights, key: int
) -> None:
    """Stored weights are whole codes between the rails, and storing them again changes nothing."""
    for stored in (
        memory.store(weights, 0),
        memory.write(memory.store(weights, 0), {}, change, 0, key).stored,
    ):
        assert np.array_equal(codes(memory, stored), np.rint(codes(memory, stored)))
        assert abs(codes(memory, stored)).max() <= memory.largest_code
        assert np.array_equal(memory.store(stored, 0), stored)


@given(memory=fixed(), weights=arrays(values))
def test_stored_weights_lie_on_the_summation_grid(memory: Fixed, weights: Weights) -> None:
    """So the simulated weight is the stored weight."""
    stored = memory.store(weights, 0)
    assert np.array_equal(snap(stored), stored)


@given(memory=fixed() | st.just(Ideal()), weights=arrays(values), change=arrays(values), key=keys)
def test_writes_are_counted(
    memory: Fixed | Ideal, weights: Weights, change: Weights, key: int
) -> None:
    """A candidate is a non-zero change; no write is applied without one."""
    stored = memory.store(weights, 0)
    written = memory.write(stored, {}, change, 0, key)
    after, writes = written.stored, written.writes
    assert writes.candidate == np.count_nonzero(change)
    assert writes.applied == np.count_nonzero(after != stored)
    assert writes.applied <= writes.candidate


@given(
    memory=fixed() | st.just(Ideal()),
    weights=arrays(values),
    change=arrays(st.just(0.0) | values),
    key=keys,
)
def test_no_change_no_write(
    memory: Fixed | Ideal, weights: Weights, change: Weights, key: int
) -> None:
    """A synapse that is asked no change keeps its code, whatever its neighbours are asked."""
    stored = memory.store(weights, 0)
    after = memory.write(stored, {}, change, 0, key).stored
    assert np.array_equal(after[change == 0], stored[change == 0])


@given(memory=fixed(), weights=arrays(values), change=arrays(values), key=keys)
def test_rounding_errs_by_its_bound(
    memory: Fixed, weights: Weights, change: Weights, key: int
) -> None:
    """Inside the range: nearest by half a step, stochastic by less than one, floor downwards by less than one."""
    stored = memory.store(weights, 0)
    wanted = codes(memory, stored) + codes(memory, change)
    inside = (abs(wanted) <= memory.largest_code) & (change != 0)
    after = memory.write(stored, {}, change, 0, key).stored
    error = (codes(memory, after) - wanted)[inside]
    rounding = 1e-9 * (1 + memory.largest_code)
    low, high = {"nearest": (-0.5, 0.5), "stochastic": (-1, 1), "floor": (-1, 0)}[memory.rounding]
    assert (error >= low - rounding).all()
    assert (error <= high + rounding).all()


@given(
    memory=fixed(("stochastic",)),
    part=st.floats(-1, 1),
    change=st.floats(-2, 2).filter(bool),
    seed=st.integers(0, 2**32),
)
def test_stochastic_rounding_is_unbiased(
    memory: Fixed, part: float, change: float, seed: int
) -> None:
    """Over many keys and synapses the mean of what is stored is what was asked, within four standard errors."""
    step, trials, synapses = memory.step(0), 40, 250
    stored = memory.store(np.full(synapses, part * memory.largest_code * step), 0)
    wanted = stored[0] / step + change
    if not -memory.largest_code <= wanted <= memory.largest_code:
        return
    means = [
        memory.write(
            stored, {}, np.full(synapses, change * step), 0, stream_key(seed, trial)
        ).stored.mean()
        for trial in range(trials)
    ]
    fraction = wanted - np.floor(wanted)
    standard_error = np.sqrt(fraction * (1 - fraction) / (trials * synapses))
    rounding = 1e-9 * (1 + memory.largest_code)
    assert np.mean(means) / step == pytest.approx(wanted, abs=4 * standard_error + rounding)


@given(memory=fixed(("stochastic",)), change=arrays(values), key=keys)
def test_writes_are_reproducible(memory: Fixed, change: Weights, key: int) -> None:
    """Same stream, same codes."""
    stored = np.zeros_like(change)
    first, second = (memory.write(stored, {}, change, 0, key).stored for _ in range(2))
    assert np.array_equal(first, second)
