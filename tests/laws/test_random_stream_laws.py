"""A draw depends on its key and position alone, and draws look uniform and independent."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqspike.core.random_stream import draws, mix, stream_key, uniforms

keys = st.integers(0, 2**64 - 1)
positions = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20).map(
    lambda numbers: np.array(numbers, np.uint64)
)


@given(key=keys, where=positions, data=st.data())
def test_any_selection_gives_the_same_draws(
    key: int, where: np.ndarray, data: st.DataObject
) -> None:
    """Slices, repetitions and permutations of positions select the same slices of draws."""
    chosen = data.draw(st.lists(st.integers(0, len(where) - 1), max_size=30))
    np.testing.assert_array_equal(draws(key, where[chosen]), draws(key, where)[chosen])
    np.testing.assert_array_equal(draws(key, where[::-1]), draws(key, where)[::-1])
    shaped = where[: len(where) // 2 * 2].reshape(2, -1)
    np.testing.assert_array_equal(draws(key, shaped).ravel(), draws(key, shaped.ravel()))


@given(key=keys, where=positions)
def test_arrays_and_whole_numbers_are_mixed_alike(key: int, where: np.ndarray) -> None:
    """The NumPy version equals the definition on Python's whole numbers."""
    assert draws(key, where).tolist() == [mix(key ^ int(position)) for position in where]


@given(key=keys, where=positions)
def test_uniforms_are_at_least_zero_and_below_one(key: int, where: np.ndarray) -> None:
    """And a multiple of 2^-53, the highest of which is still below 1."""
    values = uniforms(key, where)
    assert ((values >= 0) & (values < 1)).all()
    np.testing.assert_array_equal(values, (draws(key, where) >> np.uint64(11)) * 2.0**-53)
    assert (2**64 - 1 >> 11) * 2.0**-53 < 1


@given(key=keys)
def test_draws_are_uniform_and_uncorrelated(key: int) -> None:
    """Mean, variance, neighbours and the neighbouring stream, each within five standard errors."""
    count = 4000
    where = np.arange(count + 1, dtype=np.uint64)
    centred = uniforms(stream_key(key), where) - 0.5
    other = uniforms(stream_key(key, 0), where) - 0.5
    assert abs(centred.mean()) < 5 * np.sqrt(1 / 12 / count)
    assert abs((centred**2).mean() - 1 / 12) < 5 * np.sqrt(1 / 180 / count)
    assert abs((centred[:-1] * centred[1:]).mean()) < 5 / 12 / np.sqrt(count)
    assert abs((centred * other).mean()) < 5 / 12 / np.sqrt(count)


def test_keys_of_different_words_differ() -> None:
    """Also of the same words in another order and of longer sequences."""
    words = [numbers for length in (1, 2, 3) for numbers in product(range(12), repeat=length)]
    assert len({stream_key(*numbers) for numbers in words}) == len(words)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0xE220A8397B1DCDAF), (0x9E3779B97F4A7C15, 0x6E789E6AA1B965F4)],
)
def test_mixing_is_that_of_splitmix64(value: int, expected: int) -> None:
    """First two outputs of the published generator started at 0."""
    assert mix(value) == expected
