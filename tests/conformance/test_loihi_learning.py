"""Learning on the chip: Lava and the compiled engine do what `chips.loihi.learning` says, to the last bit."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from eqspike.core.learner import Arrays
from eqspike.core.neurons import CurrentBased
from eqspike.core.phases import nudge_signs
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.fast.loihi.learner import TRACE_STREAM
from eqspike.engines.integers.loihi import round_system
from eqspike.engines.integers.loihi_learning import loihi_rules, represented_codes
from eqspike.engines.lava.session import LavaSession
from eqspike.memory import Fixed
from eqspike.systems import System
from eqspike.testing import samples, small_system
from eqspike.testing.loihi_learning import LoihiLearning, chance_of_engine, chance_of_lava

SIZES = ((5, 4, 3), (5, 6, 4, 3))
WRITE_KEY = 77


def plastic(
    sizes: tuple[int, ...], *, alternating: bool, encoder: str = "integrate-and-fire"
) -> System:
    """A lively system that learns within few steps, to the limits of its weights."""
    couplings = len(sizes) - 1
    memory = Fixed(9, (0.5, 1.0, 0.5)[:couplings], "stochastic")
    system = small_system(sizes, CurrentBased(0.5, 0.1, 0.4), encoder, memory, online=True)
    rule = replace(
        system.rule, free_steps=16, nudged_steps=16, beta=0.8, random_sign=False, alternating=alternating
    )  # fmt: skip
    return replace(
        system,
        rule=rule,
        learning_rates=(0.3, 0.2, 0.2)[:couplings],
        initial_gain=(1.2,) * couplings,
    )


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("encoder", ["integrate-and-fire", "poisson"])
@pytest.mark.parametrize("alternating", [True, False])
def test_the_compiled_engine_learns_as_defined(
    sizes: tuple[int, ...], encoder: str, alternating: bool
) -> None:
    system = plastic(sizes, alternating=alternating, encoder=encoder)
    images, labels, keys = samples(system, 5)
    with FastIntSession(system, 3) as session:
        before = session.weights()
        reference = LoihiLearning(system, session.network, loihi_rules(system, 1.0), mirrored=False)
        chance = chance_of_engine(system, WRITE_KEY, TRACE_STREAM)
        reference.learn(
            images, labels, nudge_signs(system.rule.phases[1].nudge, keys), keys, chance
        )
        session.fit(images, labels, keys, 1.0, WRITE_KEY)
        after, counts = session.weights(), session.take_counts()
    for name, copy in reference.copies.items():
        codes = np.rint(after[name] / system.memory.step(copy.coupling))  # type: ignore[union-attr]
        assert np.array_equal(codes, np.maximum(copy.weights, -255))
        assert np.count_nonzero(after[name] != before[name]) >= 3, "next to nothing was learnt"
    assert max(abs(copy.weights).max() for copy in reference.copies.values()) >= 255
    for name, spikes in reference.spikes.items():
        assert sum(phase.layers[name].spikes for phase in counts.phases.values()) == spikes > 0
    evaluated = counts.phases["nudged"].plasticity[
        "input-hidden" if len(sizes) == 3 else "input-hidden1"
    ]
    assert evaluated.rule_evaluations >= evaluated.candidate_writes >= evaluated.applied_writes > 0


def learnt_as_lava(system: System, first: Arrays) -> tuple[LoihiLearning, Arrays]:
    """The definition with Lava's random numbers, from weights `first`: the reference, and what it ends with."""
    images, labels, keys = samples(system, 5)
    network, _ = round_system(system, first)
    reference = LoihiLearning(system, network, loihi_rules(system, 1.0), mirrored=True)
    seeds = {}
    for index, coupling in enumerate(network.couplings):
        seeds[coupling.name] = WRITE_KEY + 4 * index
        seeds[f"{coupling.name} back"] = WRITE_KEY + 4 * index + 2
    chance = chance_of_lava(seeds, 5 * 32)
    reference.learn(images, labels, nudge_signs(system.rule.phases[1].nudge, keys), keys, chance)
    couplings = tuple(
        replace(coupling, mantissas=reference.copies[coupling.name].weights)
        for coupling in network.couplings
    )
    return reference, represented_codes(system, replace(network, couplings=couplings), first)


def check_as_lava(session: FastIntSession | LavaSession, system: System) -> None:
    images, labels, keys = samples(system, 5)
    reference, expected = learnt_as_lava(system, session.weights())
    session.fit(images, labels, keys, 1.0, WRITE_KEY)
    after, counts = session.weights(), session.take_counts()
    for name, weights in expected.items():
        assert np.array_equal(after[name], weights)
    apart = {}
    for name, copy in reference.copies.items():
        back = reference.copies.get(f"{name} back")
        if back is not None:
            size = np.linalg.norm(copy.weights)
            apart[name] = pytest.approx(np.linalg.norm(copy.weights - back.weights.T) / size)
    assert session.drift == apart
    if system.rule.alternating:  # with one sign, all weights of a deep network end at their limits
        assert max(session.drift.values()) > 0
    for name, spikes in reference.spikes.items():
        assert sum(phase.layers[name].spikes for phase in counts.phases.values()) == spikes > 0


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("alternating", [True, False])
def test_the_compiled_engine_learns_as_lava_if_asked(
    sizes: tuple[int, ...], alternating: bool
) -> None:
    system = plastic(sizes, alternating=alternating)
    with FastIntSession(system, 3, as_lava=True) as session:
        check_as_lava(session, system)


@pytest.mark.skipif(importlib.util.find_spec("lava") is None, reason="Lava is not installed")
@pytest.mark.parametrize("alternating", [True, False])
def test_lava_learns_as_defined(alternating: bool) -> None:
    """With the random numbers that Lava draws, the definition gives Lava's weights, both copies of them."""
    system = plastic(SIZES[0], alternating=alternating)
    with LavaSession(system, 3) as session:
        check_as_lava(session, system)
