"""What a pair of spikes does to a weight, against the formula; and all changes in a network against the engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eqspike.analysis.stdp import BASELINES, LAGS, input_half, pair_protocol, pair_term
from eqspike.core.local_rule import derivative_rule
from eqspike.core.neurons import Neuron
from eqspike.core.random_stream import draws, stream_key
from eqspike.engines.fast import FastSession
from eqspike.experiment.stdp import in_situ
from eqspike.testing import NEURONS, SIZES, samples, small_system

TAUS = (5.0, 20.0)


def kernel(k: NDArray[np.int64], tau_fast: float, tau_slow: float) -> NDArray[np.float64]:
    """[(1 - 1/tau_fast)^k / tau_fast - (1 - 1/tau_slow)^k / tau_slow] / (tau_slow - tau_fast).

    A trace follows f <- f + (S - f) / tau. From 0, a spike sets it to 1/tau in the same step; each later step
    without a spike multiplies it by (1 - 1/tau). After k steps it is (1 - 1/tau)^k / tau, which the other neuron's
    spike reads with the coefficients +-1 / (tau_slow - tau_fast).
    """
    fast, slow = ((1 - 1 / tau) ** k / tau for tau in (tau_fast, tau_slow))
    return np.asarray((fast - slow) / (tau_slow - tau_fast))


def window(tau_fast: float, tau_slow: float) -> NDArray[np.float64]:
    """The kernel at |lag|: the later spike reads the earlier one's trace; at lag 0 each reads the other's."""
    return kernel(np.abs(LAGS), tau_fast, tau_slow) * np.where(LAGS == 0, 2, 1)


class TestPair:
    @pytest.mark.parametrize(("rate", "pattern"), BASELINES)
    def test_the_pairs_own_change_is_the_kernel_on_any_baseline(
        self, rate: float, pattern: str
    ) -> None:
        found = pair_protocol(derivative_rule(*TAUS), rate, pattern, trials=10)
        np.testing.assert_allclose(found.own, window(*TAUS), rtol=0, atol=1e-15)

    @settings(max_examples=5)
    @given(taus=st.tuples(st.floats(1, 20), st.floats(0.5, 20)).map(lambda t: (t[0], sum(t))))
    def test_whatever_the_time_constants(self, taus: tuple[float, float]) -> None:
        rule = derivative_rule(*taus)
        np.testing.assert_allclose(pair_term(rule, LAGS), window(*taus), rtol=0, atol=1e-14)
        found = pair_protocol(rule, 0.0, "silent")
        np.testing.assert_allclose(found.own, window(*taus), rtol=0, atol=1e-14)

    def test_symmetric_and_of_both_signs(self) -> None:
        """The two traces cross at lag ln(tau_slow / tau_fast) / ln[(1 - 1/tau_slow) / (1 - 1/tau_fast)] = 8.07."""
        curve = pair_term(derivative_rule(*TAUS), LAGS)
        np.testing.assert_array_equal(curve, curve[::-1])
        np.testing.assert_array_equal(curve > 0, np.abs(LAGS) <= 8)
        assert curve.max() == pytest.approx(2 * (1 / 5 - 1 / 20) / 15)

    def test_a_pair_changes_nothing_on_balance(self) -> None:
        """Summed over all lags the kernel is 0: steady trains do not change a weight on average."""
        far = np.arange(2000)
        assert kernel(far, *TAUS).sum() == pytest.approx(0, abs=1e-15)

    @pytest.mark.parametrize(("rate", "pattern"), [(0.0, "silent"), (0.3, "Poisson")])
    def test_brian2_synapses_change_alike(self, rate: float, pattern: str) -> None:
        """The statements that the engine prints, on spike trains of Brian2's own."""
        brian2 = pytest.importorskip("eqspike.engines.brian2")
        rule = derivative_rule(*TAUS)
        plain = pair_protocol(rule, rate, pattern, trials=3)
        found = pair_protocol(rule, rate, pattern, trials=3, simulate=brian2.summed_change)
        np.testing.assert_allclose(found.own, window(*TAUS), rtol=0, atol=1e-15)
        np.testing.assert_allclose(found.total.mean, plain.total.mean, rtol=0, atol=1e-15)

    def test_an_input_synapse_has_the_half_of_presynaptic_spikes(self) -> None:
        half = input_half(derivative_rule(*TAUS))
        expected = np.where(LAGS <= 0, kernel(np.abs(LAGS), *TAUS), 0)
        np.testing.assert_allclose(pair_term(half, LAGS), expected, rtol=0, atol=1e-15)
        found = pair_protocol(half, 0.3, "Poisson", trials=5)
        np.testing.assert_allclose(found.own, expected, rtol=0, atol=1e-15)


def test_brian2_gives_the_same_evaluations() -> None:
    """Lags, changes and numbers, at every coupling and for each sign of beta."""
    pytest.importorskip("brian2")
    system = small_system()
    images, labels, _ = samples(system, 4)
    with FastSession(system, 3) as session:
        weights = session.weights()
    results = [in_situ(system, weights, images, labels, 4, engine) for engine in ("fast", "brian2")]
    for coupling, nudges in results[0].items():
        for nudge, seen in nudges.items():
            for name in ("lags", "changes", "counts"):
                other = results[1][coupling][nudge]
                np.testing.assert_array_equal(getattr(seen, name), getattr(other, name))
            assert seen.events > 0


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("neuron", NEURONS)
@pytest.mark.parametrize("encoder", ["integrate-and-fire", "poisson"])
def test_all_collected_changes_are_those_of_the_engine(
    sizes: tuple[int, ...], neuron: Neuron, encoder: str
) -> None:
    """Summed over all lags and synapses, for either sign of beta."""
    system = small_system(sizes, neuron, encoder)
    images, labels, _ = samples(system, 25)
    keys = draws(stream_key(4), np.arange(25, dtype=np.uint64))
    with FastSession(system, 3) as session:
        weights = {name: 2 * array for name, array in session.weights().items()}
    found = in_situ(system, weights, images, labels, seed=4)
    for nudge, sign in (("positive", 1), ("negative", -1)):
        rule = replace(system.rule, beta=sign * system.rule.beta, random_sign=False)
        with FastSession(replace(system, rule=rule)) as session:
            session.load(weights)
            changes = session.changes(images, labels, keys)
        for coupling in system.network.couplings:
            total = found[coupling.name][nudge].total
            assert total == pytest.approx(25 * changes[coupling.name].sum(), rel=1e-9)
            assert total != 0
