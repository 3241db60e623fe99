"""What the learning rule of EqSpike sums up to, whatever the spikes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eqspike.core.local_rule import derivative_rule
from eqspike.core.neurons import Neuron
from eqspike.tasks.encoders import Encoder
from eqspike.testing import NEURONS, SIZES, present, samples, small_system

Vector = NDArray[np.float64]

time_constants = st.tuples(st.floats(1, 40), st.floats(0.5, 60)).map(lambda t: (t[0], t[0] + t[1]))
rates = st.floats(0, 1)


def trace(spikes: Vector, tau: float, start: float) -> Vector:
    """The trace at the start and after each step, each step's spike included."""
    values = [start]
    for spike in spikes:
        values.append(values[-1] + (spike - values[-1]) / tau)
    return np.array(values)


def summed_derivative(
    spikes: Vector, taus: tuple[float, float], start: tuple[float, float]
) -> float:
    """Sum over the steps of the rule's rate derivative."""
    of_fast, of_slow = derivative_rule(*taus).coefficients("pre")
    fast, slow = (trace(spikes, tau, first) for tau, first in zip(taus, start, strict=True))
    return float(np.sum(of_fast * fast[1:] + of_slow * slow[1:]))


def closed_form(fast: Vector, slow: Vector, taus: tuple[float, float]) -> float:
    """[(tau_slow - 1)(slow_end - slow_start) - (tau_fast - 1)(fast_end - fast_start)] / (tau_slow - tau_fast)."""
    tau_fast, tau_slow = taus
    gained = (tau_slow - 1) * (slow[-1] - slow[0]) - (tau_fast - 1) * (fast[-1] - fast[0])
    return float(gained / (tau_slow - tau_fast))


@given(
    spikes=st.lists(st.booleans(), max_size=120),
    taus=time_constants,
    start=st.tuples(rates, rates),
)
def test_the_summed_derivative_depends_on_the_ends_alone(
    spikes: list[bool], taus: tuple[float, float], start: tuple[float, float]
) -> None:
    """The sum telescopes, for any spike train.

    A trace f follows f_t = f_(t-1) + (S_t - f_(t-1)) / tau, so S_t = tau f_t - (tau - 1) f_(t-1), that is
    f_t = S_t - (tau - 1)(f_t - f_(t-1)). Summed over a phase: sum f = sum S - (tau - 1)(f_end - f_start).
    The spikes cancel in the difference of the fast and the slow trace.
    """
    train = np.array(spikes, float)
    fast, slow = (trace(train, tau, first) for tau, first in zip(taus, start, strict=True))
    expected = closed_form(fast, slow, taus)
    assert summed_derivative(train, taus, start) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(before=rates, after=rates, taus=time_constants)
def test_after_a_step_of_the_rate_the_sum_tends_to_its_size(
    before: float, after: float, taus: tuple[float, float]
) -> None:
    """Whatever the time constants: both traces go from one rate to the other."""
    steps = int(40 * taus[1])
    total = summed_derivative(np.full(steps, after), taus, (before, before))
    assert total == pytest.approx(after - before, abs=1e-9)


@given(before=rates, after=rates, onset=rates, taus=time_constants)
def test_spikes_in_place_of_rates_add_little(
    before: float, after: float, onset: float, taus: tuple[float, float]
) -> None:
    """With evenly spaced spikes the sum misses the step by less than 4 / (tau_slow - tau_fast).

    Spikes of an evenly spaced train miss rate x time by less than one, so its trace misses the rate by less
    than 1 / tau, and (tau - 1) times it by less than one: twice (start and end) for each of two traces.
    """

    def even(rate: float, steps: int) -> Vector:
        return np.diff(np.floor(onset + rate * np.arange(steps + 1)))

    steps = int(40 * taus[1])
    first = even(before, steps)
    start = (trace(first, taus[0], before)[-1], trace(first, taus[1], before)[-1])
    total = summed_derivative(even(after, steps), taus, start)
    assert abs(total - (after - before)) <= 4 / (taus[1] - taus[0]) + 1e-9


@settings(max_examples=20)
@given(
    sizes=st.sampled_from(SIZES),
    neuron=st.sampled_from(NEURONS),
    taus=time_constants,
    beta=st.floats(-1, 1).filter(lambda beta: abs(beta) > 0.01),
    seed=st.integers(0, 1000),
)
def test_a_synapse_that_always_gets_input_learns_the_change_of_rate(
    sizes: tuple[int, ...], neuron: Neuron, taus: tuple[float, float], beta: float, seed: int
) -> None:
    """A presynaptic neuron firing in each step makes the rule sum the whole derivative; so does a bias."""
    system = small_system(sizes, neuron)
    rule = replace(system.rule, tau_fast=taus[0], tau_slow=taus[1])
    system = replace(system, rule=rule, encoder=Encoder("integrate-and-fire", 1.0, "together"))
    images, labels, keys = samples(system, 1, seed)
    images[0, 0] = 255
    generator = np.random.default_rng(seed)
    weights = {
        name: generator.normal(0, 0.5, shape)
        for name, shape in [
            *((coupling.name, coupling.shape) for coupling in system.network.couplings),
            *((f"{layer.name}.bias", (layer.size,)) for layer in system.network.free_layers),
        ]
    }
    seen = present(system, weights, images[0], int(labels[0]), beta, int(keys[0]))
    first = system.network.couplings[0]
    for layer in system.network.free_layers:
        for neuron_index in range(layer.size):
            train = seen.raster[layer.name][:, neuron_index].astype(float)
            fast, slow = (trace(train, tau, 0.0)[rule.free_steps :] for tau in taus)
            expected = pytest.approx(closed_form(fast, slow, taus) / beta, rel=1e-9, abs=1e-9)
            assert seen.changes[f"{layer.name}.bias"][neuron_index] == expected
            if layer is first.post:
                assert seen.changes[first.name][0, neuron_index] == expected
