"""Equilibrium Propagation follows the gradient: the theorem on rates, and the spiking rule against the rates.

For networks of this kind (20-30-25-5, batch 8, beta 1e-3) the theorem's error is of order 2e-3 one-sided and 5e-6
centered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from eqspike.analysis.gradients import spikes
from eqspike.analysis.gradients.exact import bptt, implicit
from eqspike.analysis.gradients.expected import kept_share, lengthened, limit, spiking_update
from eqspike.analysis.gradients.network import (
    Array,
    RateNetwork,
    States,
    relax,
    update,
)
from eqspike.analysis.gradients.spikes import compare, nudge_errors
from eqspike.core.activations import HARD_SIGMOID, SIGMOID_4, Activation
from eqspike.core.errors import ConvergenceError
from eqspike.core.learner import Arrays
from eqspike.core.network import layered
from eqspike.experiment import resolve
from eqspike.systems import System
from eqspike.systems.weights import initial_weights
from eqspike.tasks import load_task
from eqspike.testing import small_system

SIZES = (20, 30, 25, 5)
SAMPLES = 8


@dataclass(frozen=True)
class Problem:
    """A rate network at its free fixed point, with inputs and targets."""

    network: RateNetwork
    inputs: Array
    targets: Array
    free: States

    def loss(self, weights: Arrays) -> float:
        network = replace(self.network, weights=weights)
        states = relax(network, self.inputs, self.targets, start=self.free)
        output = network.rates(self.inputs, states)[-1]
        return float(0.5 * ((self.targets - output) ** 2).sum(1).mean())

    def update(self, beta: float, *, centered: bool) -> Arrays:
        return update(
            self.network, self.inputs, self.targets, beta, centered=centered, free=self.free
        )

    def exact(self, beta: float = 0.0) -> Arrays:
        """Gradient of the loss at the fixed point for `beta`."""
        states = relax(self.network, self.inputs, self.targets, beta, self.free)
        return implicit(self.network, self.inputs, self.targets, states, beta)


def make(activation: Activation) -> Problem:
    generator = np.random.default_rng(0)
    wired = layered(SIZES)
    weights: Arrays = {
        coupling.name: 0.5 * generator.standard_normal(coupling.shape) / np.sqrt(coupling.pre.size)
        for coupling in wired.couplings
    }
    for layer in wired.free_layers:
        weights[f"{layer.name}.bias"] = generator.uniform(0, 0.3, layer.size)
    network = RateNetwork(wired, weights, activation)
    inputs = generator.uniform(size=(SAMPLES, SIZES[0]))
    targets = np.eye(SIZES[-1])[generator.integers(SIZES[-1], size=SAMPLES)]
    return Problem(network, inputs, targets, relax(network, inputs, targets))


@pytest.fixture(scope="module")
def smooth() -> Problem:
    return make(SIGMOID_4)


@pytest.fixture(scope="module")
def clipped() -> Problem:
    return make(HARD_SIGMOID)


def errors(change: Arrays, gradient: Arrays) -> dict[str, float]:
    """Relative error of an update against minus a gradient, by name."""
    downhill = {name: -array for name, array in gradient.items()}
    return {name: item.relative_error for name, item in compare(change, downhill).items()}


def weighted(parts: list[tuple[float, Arrays]]) -> Arrays:
    return {name: sum(w * part[name] for w, part in parts) for name in parts[0][1]}  # type: ignore[misc]


class TestExactGradient:
    @pytest.mark.parametrize("activation", [SIGMOID_4, HARD_SIGMOID])
    def test_both_derivations_agree(self, activation: Activation) -> None:
        problem = make(activation)
        through_time = bptt(problem.network, problem.inputs, problem.targets, problem.free)
        for name, array in problem.exact().items():
            np.testing.assert_allclose(through_time[name], array, rtol=1e-8, atol=1e-12)

    def test_it_is_the_slope_of_the_loss(self, smooth: Problem) -> None:
        gradient = smooth.exact()
        generator = np.random.default_rng(1)
        for name, array in gradient.items():
            direction = generator.standard_normal(array.shape)
            step = 1e-4
            ahead, behind = (
                smooth.loss({**smooth.network.weights, name: smooth.network.weights[name] + s * direction})
                for s in (step, -step)
            )  # fmt: skip
            slope = (ahead - behind) / (2 * step)
            assert slope == pytest.approx(float((array * direction).sum()), rel=1e-4)

    @pytest.mark.parametrize("steps", [1, 30])
    def test_the_check_unrolls_as_long_as_the_relaxation_takes(
        self, clipped: Problem, monkeypatch: pytest.MonkeyPatch, steps: int
    ) -> None:
        """Weights near instability relax slowly: a number of steps that is too small is doubled, not the end."""
        monkeypatch.setattr(spikes, "UNROLLED_STEPS", steps)
        found = spikes._downhill(clipped.network, clipped.inputs, clipped.targets)
        for name, array in clipped.exact().items():
            np.testing.assert_allclose(found[name], -array, rtol=1e-5, atol=1e-9)
        monkeypatch.setattr(spikes, "_LONGEST_UNROLLED", steps)
        with pytest.raises(ConvergenceError, match=f"{steps} steps of backpropagation"):
            spikes._downhill(clipped.network, clipped.inputs, clipped.targets)

    @pytest.mark.parametrize("seed", range(4))
    def test_weights_near_instability(self, seed: int) -> None:
        """64-24-16-10 on digits, where three of these seeds need more steps than the fewest."""
        changes = ("layers=[64, 24, 16, 10]", "training.learning_rates=[0.1, 0.1, 0.1]",
                   "training.initial_gain=[1.3, 1.3, 1.3]")  # fmt: skip
        system = resolve("eqspike-digits", "digits", overrides=changes).model.system
        samples = load_task("digits").load("train").limit(10)
        network = RateNetwork(system.network, initial_weights(system, seed))
        inputs, targets = samples.images / 255, np.eye(10)[samples.labels]
        found = spikes._downhill(network, inputs, targets)
        wanted = implicit(network, inputs, targets, relax(network, inputs, targets))
        for name, similarity in compare(found, wanted).items():
            assert similarity.cosine == pytest.approx(-1.0, abs=1e-6), name


class TestTheorem:
    def test_centered_update_is_the_gradient(self, smooth: Problem) -> None:
        found = errors(smooth.update(1e-3, centered=True), smooth.exact())
        assert max(found.values()) < 1e-5

    @pytest.mark.parametrize(("centered", "order"), [(False, 1), (True, 2)])
    def test_order_of_the_error(self, smooth: Problem, centered: bool, order: int) -> None:
        gradient = smooth.exact()
        small, large = (errors(smooth.update(b, centered=centered), gradient) for b in (1e-3, 1e-2))
        for name in gradient:
            assert np.log10(large[name] / small[name]) == pytest.approx(order, abs=0.05)

    def test_nudge_errors_report_the_largest(self, smooth: Problem) -> None:
        found = nudge_errors(smooth.network, smooth.inputs, smooth.targets)
        assert [point.beta for point in found] == [1e-1, 1e-2, 1e-3]
        worst = max(errors(smooth.update(1e-2, centered=True), smooth.exact()).values())
        assert found[1].centered == pytest.approx(worst, rel=1e-6)

    def test_a_small_step_lowers_the_loss_whatever_the_sign_of_beta(self, smooth: Problem) -> None:
        before = smooth.loss(smooth.network.weights)
        for beta in (0.1, -0.1):
            change = smooth.update(beta, centered=False)
            weights = {
                name: array + 0.01 * change[name] for name, array in smooth.network.weights.items()
            }
            assert smooth.loss(weights) < before

    def test_hard_clip_off_its_kinks(self, clipped: Problem) -> None:
        found = errors(clipped.update(1e-5, centered=False), clipped.exact())
        assert max(found.values()) < 1e-3

    def test_outside_the_nonlinearity_a_bias_remains(self, smooth: Problem) -> None:
        found = [errors(outside_update(smooth, beta), smooth.exact()) for beta in (1e-2, 1e-3)]
        assert all(min(each.values()) > 0.05 for each in found)
        for name in found[0]:
            assert found[0][name] == pytest.approx(found[1][name], rel=0.05)


def outside_update(problem: Problem, beta: float) -> Arrays:
    """Centered update with the nudge added to the output's rate instead of its drive."""
    network = problem.network
    products = []
    for sign in (1, -1):
        rates = network.rates(problem.inputs, problem.free)
        for _ in range(400):
            drives = network.neighbours(rates)
            wanted = [
                network.activation.rate(drive + network.weights[f"{layer.name}.bias"])
                for drive, layer in zip(drives, network.network.free_layers, strict=True)
            ]
            wanted[-1] = wanted[-1] + sign * beta * (problem.targets - rates[-1])
            rates = (rates[0], *(0.5 * (r + w) for r, w in zip(rates[1:], wanted, strict=True)))
        products.append(network.products(rates))
    return {name: (products[0][name] - products[1][name]) / (2 * beta) for name in products[0]}


class TestFiniteNudge:
    """At any beta the update is minus the gradient of the loss averaged over nudges."""

    @pytest.mark.parametrize(("centered", "lowest"), [(True, -0.3), (False, 0.0)])
    def test_smooth(self, smooth: Problem, centered: bool, lowest: float) -> None:
        nodes, weights = np.polynomial.legendre.leggauss(12)
        nudges = lowest + (0.3 - lowest) * (nodes + 1) / 2
        mean = weighted([(w / 2, smooth.exact(b)) for b, w in zip(nudges, weights, strict=True)])
        assert max(errors(smooth.update(0.3, centered=centered), mean).values()) < 1e-8

    def test_hard_clip(self, clipped: Problem) -> None:
        count = 50
        nudges = -0.3 + 0.6 * (np.arange(count) + 0.5) / count
        mean = weighted([(1 / count, clipped.exact(float(beta))) for beta in nudges])
        assert max(errors(clipped.update(0.3, centered=True), mean).values()) < 0.02
        assert max(errors(clipped.update(0.3, centered=True), clipped.exact()).values()) > 0.05


Agreement = dict[str, tuple[float, float]]

BASE = small_system((30, 20, 4))
RULE = replace(
    BASE.rule, free_steps=60, nudged_steps=40, readout_steps=60, tau_fast=5.0, tau_slow=15.0
)
SPIKING = replace(BASE, rule=RULE)


DRAWS = (0, 1, 2)
"""Seeds of samples and weights: what is said of one network may be luck."""


def agreement(system: System, draw: int) -> Agreement:
    """Cosine and size of the spiking rule's update against the rate network's, by name."""
    generator = np.random.default_rng(draw)
    images = generator.integers(0, 256, (40, 30)).astype(np.uint8)
    labels = generator.integers(0, 4, 40)
    weights: Arrays = {
        "input-hidden": generator.normal(0, 0.3, (30, 20)),
        "hidden-output": generator.normal(0, 0.3, (20, 4)),
        "hidden.bias": np.full(20, 0.3),
        "output.bias": np.full(4, 0.3),
    }
    inputs = images / SPIKING.encoder.full_scale
    targets = np.eye(4)[labels] * SPIKING.rule.target_rate
    network = RateNetwork(SPIKING.network, weights)
    of_rates = update(network, inputs, targets, SPIKING.rule.beta, centered=True)
    of_spikes = spiking_update(system, images, labels, weights, seed=draw)
    found = compare(of_spikes, of_rates)
    return {name: (item.cosine, item.size) for name, item in found.items()}


@pytest.fixture(scope="module")
def in_the_limit() -> list[Agreement]:
    return [agreement(limit(SPIKING), draw) for draw in DRAWS]


def misaligned(found: list[Agreement]) -> dict[str, float]:
    """1 - cosine by name, the mean of several networks."""
    return {name: float(np.mean([1 - each[name][0] for each in found])) for name in found[0]}


class TestSpikesAgainstRates:
    def test_longer_phases_and_slower_traces_agree_better(
        self, in_the_limit: list[Agreement]
    ) -> None:
        """On the mean of networks; in a single one, chance may favour the short phases."""
        short, long = (
            misaligned([agreement(lengthened(SPIKING, factor, factor), draw) for draw in DRAWS])
            for factor in (1, 8)
        )
        longest = misaligned(in_the_limit)
        for name in short:
            assert long[name] < short[name]
            assert longest[name] < long[name] / 2

    def test_in_the_limit_they_are_equal(self, in_the_limit: list[Agreement]) -> None:
        """As far as the clip allows: a neuron whose rate is near 0 or 1 crosses it in some steps only."""
        assert kept_share(limit(SPIKING).rule) > 0.999
        for found in in_the_limit:
            for cosine, size in found.values():
                assert cosine > 0.995
                assert size == pytest.approx(1.0, abs=0.06)
