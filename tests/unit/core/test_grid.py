"""Sums of weights on the summation grid are exact."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqspike.core.grid import STEPS_PER_UNIT, snap

# A float32 sum is exact below 2^6: 40 weights of at most 1.5.
weights = st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=40)
precisions = st.sampled_from(sorted(STEPS_PER_UNIT))


@given(numbers=weights, precision=precisions, seed=st.integers(0, 1000))
def test_the_order_of_additions_does_not_matter(
    numbers: list[float], precision: str, seed: int
) -> None:
    """One after the other in any order: the true sum, to the last bit."""
    snapped = snap(np.array(numbers), precision)
    total = snapped.dtype.type(0)
    for value in np.random.default_rng(seed).permutation(snapped):
        total += value
    assert float(total) == math.fsum(snapped.astype(float))


@given(numbers=weights, precision=precisions)
def test_snapping_errs_by_half_a_step_and_once(numbers: list[float], precision: str) -> None:
    """The nearest point of the grid, which stays where it is."""
    exact = np.array(numbers)
    snapped = snap(exact, precision)
    assert snapped.dtype == precision
    assert abs(snapped - exact).max() <= 0.5 / STEPS_PER_UNIT[precision]
    np.testing.assert_array_equal(snap(snapped, precision), snapped)


def test_ties_go_to_even() -> None:
    """As the compiled kernels round."""
    step = 1 / STEPS_PER_UNIT["float64"]
    np.testing.assert_array_equal(
        snap(np.array([0.5, 1.5, -0.5, -1.5]) * step), np.array([0, 2, 0, -2]) * step
    )


def test_an_unknown_precision_is_an_error() -> None:
    """There is no grid for it."""
    with pytest.raises(KeyError):
        snap(np.zeros(1), "float16")
