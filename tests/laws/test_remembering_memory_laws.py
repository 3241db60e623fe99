"""What holds for memories of binary weights, whatever is written to them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from eqspike.memory import Binary, Metaplastic, Scale, Written

Weights = NDArray[np.float64]
Memory = Binary | Metaplastic

values = st.floats(-3, 3)
rates = st.sampled_from([0.0, 0.1])
gammas, taus = st.floats(1e-3, 1), st.floats(0, 1)


def arrays(elements: st.SearchStrategy[float] = values) -> st.SearchStrategy[Weights]:
    numbers = st.lists(elements, min_size=12, max_size=12)
    return numbers.map(lambda found: np.array(found).reshape(3, 4))


scales = st.builds(Scale, st.sampled_from(["coupling", "unit"]), st.tuples(rates))
fixed_scales = st.builds(Scale, st.sampled_from(["coupling", "unit"]), st.just((0.0,)))


def binaries(
    scales: st.SearchStrategy[Scale] = scales, gamma: st.SearchStrategy[float] = gammas,
    tau: st.SearchStrategy[float] = taus,
) -> st.SearchStrategy[Binary]:  # fmt: skip
    return st.builds(Binary, st.tuples(gamma), st.tuples(tau), scales)


def metaplastics(scales: st.SearchStrategy[Scale] = scales) -> st.SearchStrategy[Metaplastic]:
    return st.builds(Metaplastic, st.tuples(st.floats(0, 20)), scales)


memories = binaries() | metaplastics()


def written(memory: Memory, weights: Weights, changes: list[Weights]) -> list[Written]:
    """The memory after each change."""
    stored, kept, found = memory.store(weights, 0), memory.start(weights), []
    for change in changes:
        found.append(memory.write(stored, kept, change, 0, 0))
        stored, kept = found[-1].stored, found[-1].kept
    return found


@given(memory=memories, weights=arrays(), changes=st.lists(arrays(), min_size=1, max_size=4))
def test_two_values_a_scale(memory: Memory, weights: Weights, changes: list[Weights]) -> None:
    """One magnitude for all weights that share a scale, above 0; storing what is stored changes nothing."""
    for after in written(memory, weights, changes):
        stored = after.stored
        columns = stored.T if memory.scale.shared == "unit" else [stored]
        for column in columns:
            assert len(set(np.abs(column).ravel())) == 1
        assert np.abs(stored).min() > 0
        assert np.array_equal(memory.store(stored, 0), stored)


@given(memory=memories, weights=arrays(), changes=st.lists(arrays(), min_size=1, max_size=4))
def test_writes_are_counted_by_weight(
    memory: Memory, weights: Weights, changes: list[Weights]
) -> None:
    """Every weight's count is the number of times its sign turned; their sum is the applied writes."""
    before, turned, applied = np.sign(memory.store(weights, 0)), np.zeros_like(weights), 0
    for after in written(memory, weights, changes):
        now = np.sign(after.stored)
        turned, before, applied = turned + (now != before), now, applied + after.writes.applied
        assert np.array_equal(after.kept["writes"], turned)
        assert applied == turned.sum()
        assert after.writes.candidate <= weights.size


@given(memory=memories, weights=arrays())
def test_without_a_change_nothing_turns(memory: Memory, weights: Weights) -> None:
    """From a start without inertia."""
    after = written(memory, weights, [np.zeros_like(weights)])[0]
    assert np.array_equal(after.stored, memory.store(weights, 0))
    assert (after.writes.candidate, after.writes.applied) == (0, 0)


@given(
    memory=binaries(fixed_scales, tau=st.just(1e6)),
    weights=arrays(),
    changes=st.lists(arrays(), min_size=1, max_size=3),
)
def test_a_huge_threshold_keeps_every_sign(
    memory: Binary, weights: Weights, changes: list[Weights]
) -> None:
    assert np.array_equal(written(memory, weights, changes)[-1].stored, memory.store(weights, 0))


@given(memory=binaries(fixed_scales, st.just(1.0), st.just(0.0)), weights=arrays(), change=arrays())
def test_no_threshold_and_no_inertia_is_the_sign_of_the_change(
    memory: Binary, weights: Weights, change: Weights
) -> None:
    """Each weight takes the sign of its change; one without keeps its own."""
    signs = np.sign(written(memory, weights, [change, change])[0].stored)
    old = np.where(weights >= 0, 1, -1)
    assert np.array_equal(signs, np.where(change == 0, old, np.sign(change)))


@given(memory=binaries(), weights=arrays(), changes=st.lists(arrays(), min_size=1, max_size=4))
def test_inertia_is_a_moving_mean(memory: Binary, weights: Weights, changes: list[Weights]) -> None:
    """gamma x what is kept follows m <- (1 - gamma) m + gamma dW, whatever flips."""
    gamma, inertia = memory.inertia_rates[0], np.zeros_like(weights)
    for change, after in zip(changes, written(memory, weights, changes), strict=True):
        inertia = (1 - gamma) * inertia + gamma * change
        np.testing.assert_allclose(gamma * after.kept["inertia"], inertia, atol=1e-12)


@given(memory=metaplastics(), hidden=st.lists(st.floats(0, 3), min_size=2, max_size=2).map(sorted))
def test_shares_fall_with_the_hidden_weight(memory: Metaplastic, hidden: list[float]) -> None:
    """f(0) = 1, f even and falling, between 0 and 1."""
    near, far = memory.share(np.array(hidden), 0)
    assert 0 <= far <= near <= 1
    assert memory.share(np.zeros(1), 0) == 1
    assert np.array_equal(memory.share(-np.array(hidden), 0), [near, far])


@given(scale=fixed_scales, weights=arrays(), changes=st.lists(arrays(), min_size=1, max_size=4))
def test_without_metaplasticity_all_changes_add_up(
    scale: Scale, weights: Weights, changes: list[Weights]
) -> None:
    after = written(Metaplastic((0.0,), scale), weights, changes)[-1]
    np.testing.assert_allclose(after.kept["hidden"], weights + sum(changes), atol=1e-12)


@given(memory=metaplastics(), weights=arrays(), change=arrays())
def test_only_changes_towards_zero_are_made_smaller(
    memory: Metaplastic, weights: Weights, change: Weights
) -> None:
    hidden = written(memory, weights, [change])[0].kept["hidden"]
    grows = np.where(weights >= 0, 1, -1) * change >= 0
    assert np.array_equal(hidden[grows], (weights + change)[grows])
    assert (np.abs(hidden - weights) <= np.abs(change) * (1 + 1e-12) + 1e-12).all()


@given(weights=arrays(), change=arrays(), less=st.floats(0, 3), more=st.floats(0, 3))
def test_signs_turn_more_rarely_with_more_metaplasticity(
    weights: Weights, change: Weights, less: float, more: float
) -> None:
    flips = [
        written(Metaplastic((m,), Scale("coupling", (0.0,))), weights, [change])[0].writes.applied
        for m in sorted((less, more))
    ]
    assert flips[1] <= flips[0]


@given(memory=memories, weights=arrays(), change=arrays())
def test_a_learnt_scale_follows_the_sum_of_changes(
    memory: Memory, weights: Weights, change: Weights
) -> None:
    axes = 0 if memory.scale.shared == "unit" else (0, 1)
    signs = np.where(weights >= 0, 1, -1)
    magnitude = np.abs(memory.store(weights, 0)).max(axes)
    wanted = magnitude + memory.scale.rates[0] * (signs * change).sum(axes)
    found = np.abs(written(memory, weights, [change])[0].stored).max(axes)
    np.testing.assert_allclose(found, np.maximum(wanted, 1e-6), atol=1e-12)
