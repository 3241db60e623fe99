"""Laws of rate-based networks that send changes, on random small networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eqspike.core.messages import VALUES
from eqspike.core.network import layered
from eqspike.core.neurons import BinaryNeuron
from eqspike.core.trace import sent
from eqspike.engines.fast.rates import FastRateSession
from eqspike.engines.torch import TorchSession
from eqspike.rules import ContinualEquilibrium, ContinualVectorField, Equilibrium
from eqspike.systems import RateSystem
from eqspike.testing import rate_samples, small_rate_system
from eqspike.testing.rate_systems import CLASSES, PIXELS

IMAGES, LABELS, KEYS = rate_samples()


@st.composite
def systems(draw: st.DrawFn, learns: bool = False) -> RateSystem:
    binary = draw(st.booleans())
    rules = [Equilibrium, ContinualEquilibrium, ContinualVectorField]
    rule = draw(st.sampled_from(rules)) if learns else Equilibrium
    hidden = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    system = small_rate_system(
        rule,
        activation=draw(st.sampled_from(["sigmoid-4", "hard-sigmoid", "tanh"])),
        neuron=BinaryNeuron(draw(st.sampled_from([0.3, 1.0])), 0.7) if binary else None,
        initial=draw(st.sampled_from([0.0, 0.4])),
        hidden=hidden,
        threshold=draw(st.sampled_from([0.0, 0.003, 0.1])),
    )
    gain = draw(st.sampled_from([0.3, 1.0, 2.0]))
    network = layered((PIXELS, *hidden, CLASSES))
    return replace(system, network=network, initial_gain=(gain,) * len(network.couplings))


@settings(max_examples=30, deadline=None)
@given(systems(), st.integers(0, 100))
def test_what_was_sent_is_never_further_away_than_the_threshold(
    system: RateSystem, seed: int
) -> None:
    with FastRateSession(system, seed) as session:
        trace = session.trace(IMAGES, LABELS, KEYS)
    for name in trace.events:
        values = trace.states[name]
        assert abs(values - trace.states[sent(name)]).max() <= system.messages.threshold
        moved = np.diff(trace.states[sent(name)], axis=1) != 0
        np.testing.assert_array_equal(moved, trace.events[name][:, 1:])


@settings(max_examples=30, deadline=None)
@given(systems(), st.integers(0, 100))
def test_without_a_threshold_rates_are_those_of_values(system: RateSystem, seed: int) -> None:
    exact = replace(system, messages=replace(system.messages, threshold=0.0))
    with (
        FastRateSession(exact, seed) as events,
        TorchSession(replace(exact, messages=VALUES), seed) as values,
    ):
        found, wanted = (s.trace(IMAGES, LABELS, KEYS).states for s in (events, values))
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(systems(), st.integers(0, 100))
def test_a_step_in_which_nobody_sends_is_followed_by_rest(system: RateSystem, seed: int) -> None:
    if isinstance(system.neuron, BinaryNeuron):
        return  # its filtered state goes on towards a drive that rests
    with FastRateSession(system, seed) as session:
        trace = session.trace(IMAGES, LABELS, KEYS)
    free = system.rule.nudging.free_steps
    senders = sum(of_layer[:, :free].sum(2) for of_layer in trace.events.values())
    for steps in np.asarray(senders):
        silent = np.flatnonzero(steps == 0)
        assert not silent.size or not steps[silent[0] :].any()


@settings(max_examples=30, deadline=None)
@given(systems(learns=True), st.integers(0, 100))
def test_each_message_costs_its_fan_out(system: RateSystem, seed: int) -> None:
    with FastRateSession(system, seed) as session:
        session.fit(IMAGES, LABELS, KEYS, 0.1, 0)
        counts = session.take_counts()
    for phase in (counts.phases["free"], counts.phases["nudged"]):
        for coupling in system.network.couplings:
            ends = (coupling.pre, coupling.post)
            for sender, receiver, way in zip(ends, ends[::-1], coupling.directions, strict=False):
                operations = phase.couplings[way].synaptic_operations
                assert operations == phase.layers[sender.name].spikes * receiver.size
    assert counts.phases["nudged"].layers["input"].spikes == 0
    assert counts.phases["free"].layers["input"].spikes == np.count_nonzero(IMAGES)
