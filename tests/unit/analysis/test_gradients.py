"""The gradient check: what it measures, what it refuses and how it judges."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from eqspike.analysis.gradients.exact import bptt
from eqspike.analysis.gradients.expected import (
    kept_share,
    lengthened,
    limit,
    spiking_update,
    stored_weights,
)
from eqspike.analysis.gradients.network import RateNetwork
from eqspike.analysis.gradients.spikes import FACTORS, GradientCheck, check_gradient, compare
from eqspike.analysis.gradients.spikes_report import report
from eqspike.core.errors import ActivityError, ConfigError, MissingPackageError, UnsupportedError
from eqspike.core.learner import Arrays
from eqspike.core.neurons import CurrentBased, SigmaDelta
from eqspike.systems import System
from eqspike.testing import fixed_memory, samples, small_system

SYSTEM = small_system()
NAMES = ["input-hidden", "hidden-output", "hidden.bias", "output.bias"]


def weights_of(system: System, scale: float = 0.3) -> Arrays:
    generator = np.random.default_rng(5)
    weights: Arrays = {
        coupling.name: generator.normal(0, scale, coupling.shape)
        for coupling in system.network.couplings
    }
    for layer in system.network.free_layers:
        weights[f"{layer.name}.bias"] = np.full(layer.size, 0.4)
    return weights


@pytest.fixture(scope="module")
def check() -> GradientCheck:
    images, labels, _ = samples(SYSTEM, 12)
    return check_gradient(SYSTEM, images, labels, weights_of(SYSTEM))


class TestCheck:
    def test_it_holds_for_the_rule(self, check: GradientCheck) -> None:
        assert check.failures() == ()
        assert check.samples == 12

    def test_every_coupling_and_bias_at_every_length(self, check: GradientCheck) -> None:
        assert [length.factor for length in check.growth] == list(FACTORS)
        assert [length.free_steps for length in check.growth] == [17 * f for f in FACTORS]
        for length in (*check.growth, check.limit):
            assert sorted(length.against_rates) == sorted(length.against_exact) == sorted(NAMES)

    def test_a_worse_rule_fails(self, check: GradientCheck) -> None:
        opposite = {
            name: replace(item, cosine=-item.cosine) for name, item in check.limit.against_rates.items()
        }  # fmt: skip
        wrong = replace(check, limit=replace(check.limit, against_rates=opposite))
        assert len(wrong.failures()) == 4
        assert wrong.failures()[0].startswith("input-hidden: cosine -0.9")
        assert "does NOT hold" in report(wrong).verdict

    def test_worse_with_longer_phases_fails(self, check: GradientCheck) -> None:
        reverse = replace(check, growth=check.growth[::-1])
        own, last = reverse.growth[0].against_rates, reverse.growth[-1].against_rates
        falling = [name for name in NAMES if last[name].cosine < own[name].cosine - 0.01]
        assert len(reverse.failures()) == len(falling)

    def test_a_wrong_theorem_fails(self, check: GradientCheck) -> None:
        smallest = replace(check.theorem[-1], centered=0.1)
        wrong = replace(check, theorem=(*check.theorem[:-1], smallest))
        assert wrong.failures() == (
            "smooth rate network at beta 0.001: relative error 1.0e-01 (needed: at most 0.001)",
        )

    def test_json_has_the_models_own_phases_first(self, check: GradientCheck) -> None:
        data = report(check).data
        assert data["holds"] is True
        assert set(data["cosine"]) == set(data["relative_error"]) == set(NAMES)
        assert data["cosine"] == data["growth"][0]["cosine"]
        assert [row["factor"] for row in data["growth"]] == list(FACTORS)
        assert data["limit"]["nudged_steps"] == check.limit.nudged_steps

    def test_tables(self, check: GradientCheck) -> None:
        theorem, own, growth = report(check).tables
        assert [row[0] for row in theorem.rows] == ["0.1", "0.01", "0.001"]
        assert [row[0] for row in own.rows] == NAMES
        assert [row[0] for row in growth.rows] == ["x1", "x2", "x4", "x8", "limit"]
        text = report(check).markdown("Title")
        assert text.startswith("# Title\n")
        assert text.count("\n| ---") == 3

    def test_current_based_neurons_are_refused(self) -> None:
        images, labels, _ = samples(SYSTEM, 2)
        system = replace(SYSTEM, neuron=CurrentBased())
        with pytest.raises(UnsupportedError, match="sigma-delta"):
            check_gradient(system, images, labels, weights_of(system))

    def test_silence_has_no_gradient(self) -> None:
        images, labels, _ = samples(SYSTEM, 2)
        weights = {name: -np.abs(array) for name, array in weights_of(SYSTEM).items()}
        with pytest.raises(ActivityError, match=r"gradient of '.*' is zero"):
            check_gradient(SYSTEM, images, labels, weights)

    def test_weights_of_another_network_are_refused(self) -> None:
        images, labels, _ = samples(SYSTEM, 2)
        with pytest.raises(ConfigError, match="input-hidden"):
            check_gradient(SYSTEM, images, labels, weights_of(small_system((30, 20, 4))))

    def test_torch_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "torch", None)
        network = RateNetwork(SYSTEM.network, weights_of(SYSTEM))
        with pytest.raises(MissingPackageError, match="pip install torch"):
            bptt(network, np.zeros((1, 30)), np.zeros((1, 4)), network.silent(1))


class TestSpikingUpdate:
    def test_both_signs_are_averaged(self) -> None:
        images, labels, _ = samples(SYSTEM, 6)
        weights = weights_of(SYSTEM)
        positive, negative = (
            replace(SYSTEM, rule=replace(SYSTEM.rule, beta=beta, random_sign=False))
            for beta in (0.3, -0.3)
        )
        one, other, both = (
            spiking_update(system, images, labels, weights, 0)
            for system in (positive, negative, SYSTEM)
        )
        for name in NAMES:
            np.testing.assert_allclose(both[name], (one[name] + other[name]) / 2, atol=1e-12)

    def test_drawn_spikes_are_averaged_over_presentations(self) -> None:
        system = small_system(encoder="poisson")
        images, labels, _ = samples(system, 6)
        weights = weights_of(system)
        first, second = (spiking_update(system, images, labels, weights, seed) for seed in (0, 1))
        repeated = spiking_update(system, images, labels, weights, 0)
        assert np.array_equal(first["hidden-output"], repeated["hidden-output"])
        assert not np.array_equal(first["hidden-output"], second["hidden-output"])
        assert compare(first, second)["hidden-output"].cosine > 0.8

    def test_what_a_memory_holds_is_compared(self) -> None:
        system = small_system(memory=fixed_memory(4, "nearest", 2))
        weights = weights_of(system)
        stored = stored_weights(system, weights)
        step = fixed_memory(4, "nearest", 2).step(0)
        codes = stored["input-hidden"] / step
        np.testing.assert_allclose(codes, np.rint(codes), atol=1e-9)
        assert np.array_equal(stored["hidden.bias"], weights["hidden.bias"])


class TestSlowing:
    def test_lengthened(self) -> None:
        rule = lengthened(SYSTEM, 4, 2).rule
        assert (rule.free_steps, rule.nudged_steps) == (68, 44)
        assert (rule.tau_fast, rule.tau_slow) == (6.0, 16.0)
        assert rule.readout_steps == SYSTEM.rule.readout_steps

    def test_limit_slows_neurons_too(self) -> None:
        slow = limit(SYSTEM)
        assert isinstance(slow.neuron, SigmaDelta)
        assert slow.neuron.synaptic_filter == pytest.approx(0.6 / 8)
        assert kept_share(slow.rule) > 0.999

    def test_kept_share_is_what_the_traces_sum_up(self) -> None:
        rule = lengthened(SYSTEM, 20, 20).rule
        fast = slow = total = 0.0
        for _ in range(rule.nudged_steps):
            fast += (1 - fast) / rule.tau_fast
            slow += (1 - slow) / rule.tau_slow
            total += (fast - slow) / (rule.tau_slow - rule.tau_fast)
        assert kept_share(rule) == pytest.approx(total, abs=0.01)


def test_compare_measures_angle_error_and_size() -> None:
    found = compare({"w": np.array([3.0, 4.0])}, {"w": np.array([6.0, 8.0])})["w"]
    assert (found.cosine, found.relative_error, found.size) == pytest.approx((1.0, 0.5, 0.5))
    turned = compare({"w": np.array([0.0, 2.0])}, {"w": np.array([1.0, 0.0])})["w"]
    assert turned.cosine == pytest.approx(0.0)
