"""The compiled integer engine against the plain reference of a network in Loihi's integers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from eqspike.chips.loihi import LoihiNetwork
from eqspike.core.neurons import CurrentBased
from eqspike.core.phases import nudge_signs
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.integers.loihi import round_system
from eqspike.systems import System
from eqspike.systems.weights import initial_weights
from eqspike.testing import (
    SIZES,
    flattened,
    present_loihi,
    random_network,
    samples,
    small_system,
)

NEURON = CurrentBased(0.3, 0.1, 0.9)
ENCODERS = ("integrate-and-fire", "poisson")


def system_of(sizes: tuple[int, ...] = SIZES[0], encoder: str = ENCODERS[0]) -> System:
    return small_system(sizes, NEURON, encoder)


def assert_equal(system: System, network: LoihiNetwork, threads: int = 2, count: int = 6) -> None:
    """Spikes, both registers, scores and counts of both phases."""
    images, labels, keys = samples(system, count)
    signs = nudge_signs(system.rule.phases[1].nudge, keys)
    with FastIntSession(system, threads=threads) as session:
        session.load_network(network)
        spikes, registers = session.trace(images, labels, keys)
        scores = session.scores(images, keys)
        counts = session.take_counts()
    expected: Counter[tuple[str, str, str]] = Counter()
    fired = dict.fromkeys(spikes, 0)
    for sample in range(count):
        shown = present_loihi(
            system, network, images[sample], labels[sample], int(signs[sample]), int(keys[sample])
        )
        for name in spikes:
            np.testing.assert_array_equal(
                registers[f"{name} current"][sample], shown.currents[name]
            )
            np.testing.assert_array_equal(registers[name][sample], shown.potentials[name])
            np.testing.assert_array_equal(spikes[name][sample], shown.raster[name])
            fired[name] += int(shown.raster[name].sum())
        np.testing.assert_array_equal(scores[sample], shown.scores)
        expected += Counter({key: n for key, n in shown.counts.items() if key[0] == "free"})
    assert all(fired.values())
    assert flattened(counts) == expected


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("sizes", SIZES)
def test_a_rounded_system(sizes: tuple[int, ...], encoder: str) -> None:
    """With the signs of beta drawn: both occur."""
    system = system_of(sizes, encoder)
    network, _ = round_system(system, initial_weights(system, 3))
    assert set(nudge_signs(system.rule.phases[1].nudge, samples(system, 6)[2])) == {-1, 1}
    assert_equal(system, network)


def test_a_positive_nudge_only() -> None:
    """Where the rule says so."""
    drawn = system_of()
    system = replace(drawn, rule=replace(drawn.rule, random_sign=False))
    network, _ = round_system(system, initial_weights(system, 3))
    assert_equal(system, network)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("encoder", ENCODERS)
def test_any_integers(seed: int, encoder: str) -> None:
    """Exponents that round sums downwards, odd mantissas, parameters that differ by layer."""
    exponents = ((0, -3, 2), (-8, 1, -5), (3, -2, 0), (-1, -1, -1))[seed]
    system = system_of(SIZES[1], encoder)
    assert_equal(system, random_network(system, seed, exponents))


@pytest.mark.parametrize("threads", [1, 3, 5])
def test_threads_do_not_matter(threads: int) -> None:
    """All are equal to the reference, hence to each other; also with fewer samples than threads."""
    system = system_of(SIZES[1])
    network = random_network(system, 9, (0, 1, -1))
    assert_equal(system, network, threads)
    assert_equal(system, network, threads, count=2)


def test_currents_that_wrap_and_potentials_that_saturate() -> None:
    """As the registers do; the extremes are those before, and the overflows are counted."""
    system = system_of()
    network = random_network(system, 4, (7, 7))
    assert_equal(system, network)
    with FastIntSession(system, threads=2) as session:
        session.load_network(network)
        met = session.extremes(*samples(system, 6))["hidden"]
    assert min(met.wraps, met.saturations) > 0
    assert min(met.fill["current"], met.fill["potential"]) > 1


def test_extremes_are_those_of_the_registers() -> None:
    """Of the presentations since they were last asked for; spiking resets a potential only afterwards."""
    system = system_of(SIZES[1])
    batch = samples(system, 6)
    with FastIntSession(system, threads=2) as session:
        _, registers = session.trace(*batch)
        met = session.extremes(*batch)
        assert session.extremes(*batch) == met
    for name, found in met.items():
        assert found.current == abs(registers[f"{name} current"]).max()
        assert found.lowest_potential == registers[name].min()
        threshold = session.network.layer(name).neuron.threshold << 6
        assert found.highest_potential > threshold >= registers[name].max()
        assert found.wraps == found.saturations == 0
