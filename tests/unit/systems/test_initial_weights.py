"""Initial weights: drawn from the seed, within their bound, by every engine the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from eqspike.core.learner import Arrays
from eqspike.experiment import open_session
from eqspike.rules import ContinualVectorField, Equilibrium
from eqspike.systems import RateSystem, System
from eqspike.systems.weights import initial_rate_weights, initial_weights
from eqspike.testing import small_rate_system, small_system

SEEDS = (0, 1, 2, 31)
RATES = [
    small_rate_system(Equilibrium),
    small_rate_system(ContinualVectorField, angle=60.0),
    small_rate_system(hidden=(3,), replicas=2),
]
SPIKES = [small_system(), small_system((30, 20, 11, 4))]


def drawn(system: System | RateSystem, seed: int) -> Arrays:
    if isinstance(system, RateSystem):
        return initial_rate_weights(system, seed)
    return initial_weights(system, seed)


@pytest.mark.parametrize("system", RATES + SPIKES)
def test_each_seed_draws_every_array_anew(system: System | RateSystem) -> None:
    found = {seed: drawn(system, seed) for seed in SEEDS}
    for one, other in combinations(SEEDS, 2):
        for name, array in found[one].items():
            if isinstance(system, System) and name.endswith(".bias"):
                assert not array.any()
            else:
                assert not np.isin(array, found[other][name]).any(), name
    for name, array in drawn(system, SEEDS[-1]).items():
        np.testing.assert_array_equal(array, found[SEEDS[-1]][name])


@pytest.mark.parametrize("gain", [0.5, 2.0])
@pytest.mark.parametrize("system", [RATES[0], SPIKES[1]])
def test_weights_fill_their_bound(system: System | RateSystem, gain: float) -> None:
    """Uniform in +- gain / sqrt(fan-in): of 160 or more, some come near either end, none passes it."""
    couplings = system.network.couplings
    gains = (gain,) * len(couplings)
    for seed in SEEDS:
        weights = drawn(replace(system, initial_gain=gains), seed)
        for coupling in couplings:
            bound = gain / np.sqrt(coupling.fan_in)
            array = weights[coupling.name]
            assert np.abs(array).max() <= bound
            if array.size >= 160:
                assert array.max() > 0.9 * bound
                assert array.min() < -0.9 * bound


@pytest.mark.parametrize("angle", [0.0, 90.0, 180.0])
def test_backward_weights_start_at_their_angle(angle: float) -> None:
    """The transposed forward ones, of which (1 - cos angle) / 2 have the other sign."""
    system = small_rate_system(ContinualVectorField, angle=angle, hidden=(60, 50))
    for seed in SEEDS:
        weights = initial_rate_weights(system, seed)
        forward, backward = weights["hidden1-hidden2"].T, weights["hidden2-hidden1"]
        np.testing.assert_array_equal(np.abs(backward), np.abs(forward))
        turned = np.mean(np.sign(forward) != np.sign(backward))
        # 3,000 signs: five standard deviations.
        assert turned == pytest.approx((1 - np.cos(np.deg2rad(angle))) / 2, abs=0.046)


@pytest.mark.parametrize("engine", ["torch:cpu", "fast"])
@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_session_starts_with_the_weights_of_its_seed(engine: str, seed: int) -> None:
    if engine.startswith("torch"):
        pytest.importorskip("torch")
    system = small_rate_system(threshold=0.01)
    with open_session(system, seed, engine) as session:
        found = session.weights()
    for name, array in initial_rate_weights(system, seed).items():
        np.testing.assert_allclose(found[name], array, rtol=1e-6, err_msg=name)
