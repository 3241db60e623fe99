"""Input spikes follow intensity, and nothing but the description and the key."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqspike.core.random_stream import stream_key
from eqspike.tasks.encoders import CURRENT_STEPS, ENCODERS, LEVELS, ONSETS, Encoder

max_rates = st.floats(0.01, 1)
onsets = st.sampled_from(ONSETS)


@given(rate=max_rates, onset=onsets, steps=st.integers(1, 200), data=st.data())
def test_integrate_and_fire_misses_the_rate_by_less_than_one_spike(
    rate: float, onset: str, steps: int, data: st.DataObject
) -> None:
    """Over any window of time, for every level."""
    encoder = Encoder("integrate-and-fire", rate, onset)
    first = data.draw(st.integers(0, steps))
    last = data.draw(st.integers(first, steps))
    spikes = encoder.pattern(steps)[:, first:last].sum(1)
    expected = np.arange(LEVELS) * (last - first) / encoder.full_scale
    assert (abs(spikes - expected) < 1).all()


@given(rate=max_rates)
def test_the_highest_level_has_the_highest_rate(rate: float) -> None:
    """Up to rounding of the full scale to a whole level; level 0 sends nothing in any encoder."""
    for kind in ENCODERS:
        encoder = Encoder(kind, rate, "spread")
        assert (LEVELS - 1) / encoder.full_scale == pytest.approx(
            rate, rel=0.5 / (LEVELS - 1) + 1e-9
        )
        assert not encoder.encode(np.zeros(5, np.uint8), 50, 1).any()


@given(rate=max_rates)
def test_all_encoders_mean_the_same_rate(rate: float) -> None:
    """A poisson threshold is the rate in 2^-32; a current is the rate on its grid, exact to half a step of it."""
    encoder = Encoder("poisson", rate, "together")
    expected = np.arange(LEVELS) / encoder.full_scale
    np.testing.assert_allclose(encoder.thresholds() / 2.0**32, expected, rtol=0, atol=2.0**-32)
    currents = encoder.currents()
    np.testing.assert_allclose(currents, expected, rtol=0, atol=0.5 / CURRENT_STEPS)
    assert np.array_equal(currents * CURRENT_STEPS, np.rint(currents * CURRENT_STEPS))


@given(
    kind=st.sampled_from(ENCODERS),
    rate=max_rates,
    onset=onsets,
    seed=st.integers(0, 2**32),
    steps=st.integers(1, 40),
    more=st.integers(0, 40),
)
def test_encoding_is_reproducible_and_causal(
    kind: str, rate: float, onset: str, seed: int, steps: int, more: int
) -> None:
    """The same key gives the same input, and how long one looks does not change what came before."""
    encoder = Encoder(kind, rate, onset)
    image = np.random.default_rng(seed).integers(0, LEVELS, 9).astype(np.uint8)
    sent = encoder.encode(image, steps, stream_key(seed))
    assert sent.shape == (steps, 9)
    np.testing.assert_array_equal(sent, encoder.encode(image, steps, stream_key(seed)))
    np.testing.assert_array_equal(
        sent, encoder.encode(image, steps + more, stream_key(seed))[:steps]
    )


@given(level=st.integers(0, LEVELS - 1), rate=max_rates, seed=st.integers(0, 2**32))
def test_poisson_spikes_have_the_rate_and_are_independent(
    level: int, rate: float, seed: int
) -> None:
    """Mean and correlation of successive steps and of neighbouring pixels, within five standard errors."""
    encoder = Encoder("poisson", rate, "together")
    steps, pixels = 100, 60
    spikes = encoder.encode(np.full(pixels, level, np.uint8), steps, stream_key(seed))
    p = level / encoder.full_scale
    deviation = spikes - p
    # Where spikes are rare (or almost certain) a single one is no surprise: hence the 5 / count.
    count = steps * pixels
    assert abs(deviation.mean()) <= 5 * np.sqrt(p * (1 - p) / count) + 5 / count
    for product in (deviation[1:] * deviation[:-1], deviation[:, 1:] * deviation[:, :-1]):
        assert abs(product.mean()) <= 5 * p * (1 - p) / np.sqrt(product.size) + 5 / count


@given(level=st.integers(1, LEVELS - 2), seed=st.integers(0, 2**32))
def test_only_poisson_uses_the_key(level: int, seed: int) -> None:
    """Another key, other spikes; the other encoders draw nothing."""
    image = np.full(40, level, np.uint8)
    for kind in ENCODERS:
        encoder = Encoder(kind, 1.0, "together")
        first, second = (encoder.encode(image, 200, stream_key(seed, n)) for n in range(2))
        assert np.array_equal(first, second) == (kind != "poisson")
