"""Equilibrium Propagation on rates follows the gradient, summed and step by step; nudged outside, it does not.

Networks are small, smooth and at rest; `analysis.gradients.unrolled` differentiates them by autograd, apart
from the engine.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.analysis.gradients.processes import update_processes
from eqspike.analysis.gradients.rates import (
    BETAS,
    FACTORS,
    RateGradientCheck,
    at_rest,
    centered_changes,
    check_rate_gradient,
    free_states,
)
from eqspike.analysis.gradients.rates_report import report, slopes
from eqspike.analysis.gradients.spikes import compare
from eqspike.analysis.gradients.unrolled import unroll
from eqspike.core.activations import ACTIVATIONS
from eqspike.core.convolution import Convolution, Pooling
from eqspike.core.errors import ConvergenceError
from eqspike.core.learner import Arrays
from eqspike.core.network import layered
from eqspike.core.neurons import RateNeuron
from eqspike.core.rates import Dynamics, Feedback
from eqspike.memory import Ideal
from eqspike.rules import (
    AsymmetricEquilibrium,
    ContinualEquilibrium,
    ContinualVectorField,
    Equilibrium,
    Nudging,
    RateRule,
)
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights

SIZES = (20, 15, 12, 5)
SAMPLES = 6
RANDOM = np.random.default_rng(2)
IMAGES = RANDOM.integers(0, 256, (SAMPLES, SIZES[0])).astype(np.uint8)
LABELS = RANDOM.integers(0, SIZES[-1], SAMPLES)
TARGETS = np.eye(SIZES[-1])[LABELS]


def make(
    rule: type[RateRule] = Equilibrium, dynamics: Dynamics | None = None, *, activation: str = "sigmoid-4",
    angle: float = 0.0, sizes: tuple[int, ...] = SIZES,
) -> RateSystem:  # fmt: skip
    couplings, separate = len(sizes) - 1, rule in (ContinualVectorField, AsymmetricEquilibrium)
    dynamics = dynamics or Dynamics()
    if rule is AsymmetricEquilibrium:
        dynamics = replace(dynamics, form="difference")
    return RateSystem(
        layered(sizes),
        RateNeuron(ACTIVATIONS[activation]),
        dynamics,
        Feedback("separate", angle) if separate else Feedback(),
        rule(Nudging(40, 8, 0.1)),
        Ideal(),
        "float64",
        (0.05, 0.02, 0.01)[:couplings],
        (1.0,) * couplings,
    )


def check(system: RateSystem) -> RateGradientCheck:
    return check_rate_gradient(system, IMAGES, LABELS, initial_rate_weights(system, 1))


@pytest.fixture(scope="module")
def c_ep() -> RateGradientCheck:
    return check(make(ContinualEquilibrium))


class TestSum:
    def test_orders_of_the_error(self, c_ep: RateGradientCheck) -> None:
        assert slopes(c_ep.theorem) == pytest.approx({"one_sided": 1, "centered": 2}, abs=0.02)
        assert c_ep.theorem[-1].beta == 1e-3
        assert c_ep.theorem[-1].centered < 1e-5

    @pytest.mark.parametrize("activation", ["sigmoid-4", "tanh"])
    @pytest.mark.parametrize("updates", ["synchronous", "even-odd"])
    def test_both_orders_of_updates(self, activation: str, updates: str) -> None:
        found = check(make(dynamics=Dynamics(updates), activation=activation))
        assert found.theorem[-1].centered < 1e-5
        assert found.failures() == ()

    def test_nudge_outside_is_biased_at_every_beta(self) -> None:
        found = check(make(dynamics=Dynamics(nudge="outside")))
        errors = [point.centered for point in found.outside]
        assert min(errors) > 0.1
        assert errors[-1] == pytest.approx(errors[-2], rel=1e-3)
        assert "the nudge stands outside" in found.failures()[0]

    def test_gradient_is_the_slope_of_the_loss(self) -> None:
        system = make()
        weights = initial_rate_weights(system, 1)
        rested = at_rest(system, weights, IMAGES)

        def loss(given: Arrays) -> float:
            output = free_states(rested, given, IMAGES)["output"]
            return float(0.5 * ((TARGETS - output) ** 2).sum(1).mean())

        states = free_states(rested, weights, IMAGES)
        total = unroll(rested, weights, IMAGES / 255, TARGETS, states, steps=80).total
        generator = np.random.default_rng(0)
        for name, array in weights.items():
            direction = generator.standard_normal(array.shape)
            ahead, behind = (loss({**weights, name: array + s * direction}) for s in (1e-5, -1e-5))
            assert (ahead - behind) / 2e-5 == pytest.approx(
                float((total[name] * direction).sum()), rel=1e-4
            )


class TestConvolutions:
    """Averages have no kinks. Of each window's places, the largest stays the largest for these images and weights,
    while the nudge is small, so that max pooling has none in reach either."""

    @pytest.mark.parametrize("updates", ["synchronous", "even-odd"])
    @pytest.mark.parametrize("kind", ["average", "max"])
    def test_orders_of_the_error(self, kind: str, updates: str) -> None:
        first, second = (Convolution(k, 1, Pooling(kind, 2)) for k in (3, 2))
        shape = (2, 6, 7)
        lower = (3, *first.pooled(shape))
        upper = (3, *second.pooled(lower))
        system = replace(
            make(dynamics=Dynamics(updates)),
            network=layered((shape, lower, upper, 4), (first, second, None)),
            initial_gain=(0.5,) * 3,
        )
        images = np.random.default_rng(4).integers(0, 256, (4, 84)).astype(np.uint8)
        weights = initial_rate_weights(system, 1)
        found = check_rate_gradient(system, images, np.arange(4), weights)
        assert slopes(found.theorem) == pytest.approx({"one_sided": 1, "centered": 2}, abs=0.02)
        assert found.theorem[-1].centered < 1e-5
        assert bool(found.processes) == (updates == "synchronous")
        assert found.failures() == ()


class TestStepByStep:
    def test_every_process_is_the_gradients(self) -> None:
        found = check(make())
        assert len(found.updates.neurons["output"]) == 8
        assert set(found.processes) == {*found.updates.neurons, *found.updates.parameters}
        assert max(found.processes.values()) < 1e-5
        for name, array in found.gradients.neurons.items():
            assert np.abs(array[1:]).max() > 1e-6, name

    def test_steps_add_up_to_the_sum(self) -> None:
        system = make()
        weights = initial_rate_weights(system, 1)
        states = free_states(at_rest(system, weights, IMAGES), weights, IMAGES)
        exact = unroll(system, weights, IMAGES / 255, TARGETS, states, steps=60, apart=60)
        for name, array in exact.total.items():
            np.testing.assert_allclose(exact.parameters[name].sum(0), array, atol=1e-12)

    def test_continual_updates_with_a_vanishing_rate(self, c_ep: RateGradientCheck) -> None:
        assert max(c_ep.processes.values()) < 1e-5
        assert c_ep.factors[FACTORS[0]] > c_ep.factors[FACTORS[-1]]

    def test_the_rate_must_vanish_before_beta_does(self) -> None:
        system = make(ContinualEquilibrium)
        weights = initial_rate_weights(system, 1)

        def apart(beta: float, factor: float) -> float:
            held, moving = (
                update_processes(
                    system, weights, IMAGES, LABELS, beta, centered=False, rate_factor=f
                )
                for f in (0.0, factor)
            )
            return max(moving.errors(held).values())

        assert apart(1e-2, 1e-4) == pytest.approx(10 * apart(1e-2, 1e-5), rel=0.05)
        assert apart(1e-3, 1e-5) == pytest.approx(10 * apart(1e-2, 1e-5), rel=0.05)

    def test_two_directions_of_equal_weights(self) -> None:
        found = check(make(ContinualVectorField))
        assert found.symmetric
        assert found.failures() == ()
        assert {"output-hidden2", "hidden2-hidden1"} < set(found.processes)


class TestAngles:
    def test_other_backward_weights_turn_the_update(self) -> None:
        cosines = [
            check(make(ContinualVectorField, angle=angle, sizes=(20, 15, 5)))
            .own["input-hidden"]
            .cosine
            for angle in (0, 90, 180)
        ]
        assert cosines == sorted(cosines, reverse=True)
        assert cosines[0] > 0.99
        assert cosines[-1] < 0

    def test_nothing_is_asked_where_nothing_is_proved(self) -> None:
        found = check(make(ContinualVectorField, angle=90))
        assert not found.symmetric
        assert found.failures() == ()
        assert "Nothing is proved" in report(found).verdict


class TestDifferences:
    @pytest.mark.parametrize("seed", [1, 2, 3])
    @pytest.mark.parametrize("angle", [0.0, 45.0, 135.0])
    def test_every_weight_has_its_gradient_at_any_angle(self, angle: float, seed: int) -> None:
        system = make(AsymmetricEquilibrium, angle=angle)
        weights = initial_rate_weights(system, seed)
        found = check_rate_gradient(system, IMAGES, LABELS, weights)
        assert slopes(found.theorem) == pytest.approx({"one_sided": 1, "centered": 2}, abs=0.02)
        assert found.theorem[-1].centered < 1e-5
        assert found.symmetric == (angle == 0)
        assert {"output-hidden2", "hidden2-hidden1", "hidden1.bias"} < set(found.processes)
        assert max(found.processes.values()) < 1e-5
        assert found.failures() == ()
        assert report(found).data["holds"]

    @pytest.mark.parametrize("activation", ["sigmoid-4", "tanh"])
    def test_layers_updated_in_turn(self, activation: str) -> None:
        dynamics = Dynamics("even-odd")
        found = check(make(AsymmetricEquilibrium, dynamics, angle=135.0, activation=activation))
        assert found.theorem[-1].centered < 1e-5
        assert found.failures() == ()

    def test_tied_weights_in_difference_form(self) -> None:
        found = check(make(dynamics=Dynamics(form="difference")))
        assert found.theorem[-1].centered < 1e-5
        assert found.failures() == ()

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_untransposed_couplings_would_not_do(self, seed: int) -> None:
        """C-VF, whose two states the couplings carry as they are, turns away with the angle."""
        cosines = {}
        for rule in (AsymmetricEquilibrium, ContinualVectorField):
            system = make(rule, angle=135.0)
            weights = initial_rate_weights(system, seed)
            found = check_rate_gradient(system, IMAGES, LABELS, weights).own
            cosines[rule] = min(each.cosine for each in found.values())
        assert cosines[AsymmetricEquilibrium] > 0.9
        assert cosines[ContinualVectorField] < 0


class TestContinualSum:
    def test_telescopes_to_equilibrium_propagation(self) -> None:
        system = make(ContinualEquilibrium)
        weights = initial_rate_weights(system, 1)
        plain = replace(system, rule=Equilibrium(system.rule.nudging))
        continual = centered_changes(system, weights, IMAGES, LABELS, 0.1)
        for name, change in centered_changes(plain, weights, IMAGES, LABELS, 0.1).items():
            np.testing.assert_allclose(continual[name], change, atol=1e-13)


def test_a_network_that_does_not_rest_is_an_error() -> None:
    """Two chains of states that never meet, hidden at even steps and at odd ones, end at two fixed points."""
    system = make(activation="tanh", sizes=(20, 15, 5))
    weights = {name: 0 * array for name, array in initial_rate_weights(system, 1).items()}
    weights["hidden-output"][:5] = 3 * np.eye(5)
    weights["hidden.bias"][:], weights["output.bias"][:] = 0.1, -0.05
    with pytest.raises(ConvergenceError, match="even-odd if they oscillate"):
        check_rate_gradient(system, IMAGES, LABELS, weights)


def test_report_says_what_was_measured(c_ep: RateGradientCheck) -> None:
    data = report(c_ep).data
    assert data["holds"] is True
    assert data["cosine"]["hidden2-output"] == c_ep.own["hidden2-output"].cosine
    assert [row["beta"] for row in data["theorem"]] == list(BETAS)
    assert [table.header[0] for table in report(c_ep).tables] == [
        "beta", "process", "learning rates, relative to the model's", "coupling",
    ]  # fmt: skip
    own = compare(*(c_ep.updates.parameters,) * 2)
    assert all(similarity.relative_error == 0 for similarity in own.values())
