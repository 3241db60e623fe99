"""Laws of nudged phases in difference form, on random small networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eqspike.core.learner import Arrays
from eqspike.core.network import layered
from eqspike.core.rates import Feedback
from eqspike.engines.fast.rates import FastRateSession
from eqspike.engines.torch import TorchSession
from eqspike.rules import AsymmetricEquilibrium, Equilibrium, Nudging
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights
from eqspike.testing import rate_samples, small_rate_system
from eqspike.testing.rate_systems import CLASSES, PIXELS

IMAGES, LABELS, KEYS = rate_samples()


@st.composite
def systems(draw: st.DrawFn) -> RateSystem:
    """Networks whose weights are so small that they come to rest."""
    hidden = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    system = small_rate_system(
        sign=draw(st.sampled_from(["positive", "random", "both"])),
        updates=draw(st.sampled_from(["synchronous", "even-odd"])),
        nudge=draw(st.sampled_from(["inside", "outside"])),
        activation=draw(st.sampled_from(["sigmoid-4", "hard-sigmoid", "tanh"])),
        initial=draw(st.sampled_from([0.0, 0.4])),
    )
    network, sign = layered((PIXELS, *hidden, CLASSES)), system.rule.nudging.sign
    return replace(
        system,
        network=network,
        initial_gain=(1.0, *(0.4,) * len(hidden)),
        rule=Equilibrium(Nudging(100, draw(st.integers(1, 8)), 0.3, sign)),
    )


def differences(system: RateSystem) -> RateSystem:
    return replace(system, dynamics=replace(system.dynamics, form="difference"))


def changes(system: RateSystem, weights: Arrays) -> Arrays:
    with TorchSession(system) as session:
        session.load(weights)
        return session.changes(IMAGES, LABELS, KEYS)


@settings(max_examples=40, deadline=None)
@given(systems(), st.integers(0, 100))
def test_at_rest_differences_are_those_of_two_states(system: RateSystem, seed: int) -> None:
    weights = initial_rate_weights(system, seed)
    found, wanted = (changes(each, weights) for each in (differences(system), system))
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-12, err_msg=name)


@settings(max_examples=20, deadline=None)
@given(systems(), st.integers(0, 100))
def test_where_weights_are_equal_both_directions_add_up_to_the_contrast(
    system: RateSystem, seed: int
) -> None:
    """But for the product of two differences, which both signs leave out."""
    both = differences(system)
    small = Nudging(100, 6, 1e-4, "both")
    tied = replace(both, rule=Equilibrium(small))
    split = replace(both, rule=AsymmetricEquilibrium(small), feedback=Feedback("separate"))
    weights = initial_rate_weights(split, seed)
    wanted = changes(tied, {name: weights[name] for name in initial_rate_weights(tied, seed)})
    found = changes(split, weights)
    for coupling in system.network.couplings:
        total = found[coupling.name]
        if coupling.bidirectional:
            total = total + found[f"{coupling.post.name}-{coupling.pre.name}"].T
        np.testing.assert_allclose(total, wanted[coupling.name], rtol=0, atol=1e-8)


@settings(max_examples=20, deadline=None)
@given(systems(), st.integers(0, 100), st.floats(1e-6, 1e-2))
def test_what_was_sent_is_never_further_from_a_difference_than_its_threshold(
    system: RateSystem, seed: int, threshold: float
) -> None:
    sends = replace(
        differences(system),
        messages=replace(small_rate_system(threshold=0.01).messages, nudged_threshold=threshold),
    )
    with FastRateSession(sends, seed) as session:
        trace = session.trace(IMAGES, LABELS, KEYS)
    free = system.rule.nudging.free_steps
    for name in trace.events:
        rates, sent = trace.states[name], trace.states[f"{name} sent"]
        left = (rates - sent)[:, free - 1 : free]
        unsent = (rates - sent)[:, free:] - left
        assert abs(unsent).max() <= threshold + 1e-12
