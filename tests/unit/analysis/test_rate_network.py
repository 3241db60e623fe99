"""Rate networks: fixed points that can be solved by hand, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.analysis.gradients.network import RateNetwork, relax, update
from eqspike.core.activations import ACTIVATIONS, HARD_SIGMOID, Activation
from eqspike.core.errors import ConvergenceError
from eqspike.core.network import layered

UP, ACROSS, HIDDEN_BIAS, OUTPUT_BIAS = 0.6, 0.5, 0.1, 0.3
LEVEL = 0.7


def chain(across: float = ACROSS, activation: Activation = HARD_SIGMOID) -> RateNetwork:
    """One neuron a layer."""
    weights = {
        "input-hidden": np.array([[UP]]),
        "hidden-output": np.array([[across]]),
        "hidden.bias": np.array([HIDDEN_BIAS]),
        "output.bias": np.array([OUTPUT_BIAS]),
    }
    return RateNetwork(layered((1, 1, 1)), weights, activation)


def rest(network: RateNetwork, beta: float, target: float = 1.0) -> tuple[float, float]:
    states = relax(network, np.array([[LEVEL]]), np.array([[target]]), beta)
    rates = network.rates(np.array([[LEVEL]]), states)
    return float(rates[1][0, 0]), float(rates[2][0, 0])


@pytest.mark.parametrize("beta", [0.0, 0.4, -0.4])
def test_fixed_point_by_hand(beta: float) -> None:
    hidden, output = rest(chain(), beta)
    # h = UP x + ACROSS o + HIDDEN_BIAS and (1 + beta) o = ACROSS h + OUTPUT_BIAS + beta y.
    wanted = np.linalg.solve(
        [[1, -ACROSS], [-ACROSS, 1 + beta]], [UP * LEVEL + HIDDEN_BIAS, OUTPUT_BIAS + beta]
    )
    assert 0 < min(wanted) < max(wanted) < 1
    assert (hidden, output) == pytest.approx(tuple(wanted), abs=1e-10)


def test_rates_stay_within_the_clip() -> None:
    hidden, output = rest(chain(across=3.0), 0.0)
    assert (hidden, output) == (1.0, 1.0)


def test_update_is_the_change_of_products_over_beta() -> None:
    network = chain()
    inputs, targets = np.array([[LEVEL]]), np.array([[1.0]])
    free, up, down = (rest(network, beta) for beta in (0.0, 0.4, -0.4))
    one_sided = update(network, inputs, targets, 0.4, centered=False)
    centered = update(network, inputs, targets, 0.4, centered=True)
    assert one_sided["hidden-output"] == pytest.approx((up[0] * up[1] - free[0] * free[1]) / 0.4)
    assert centered["hidden-output"] == pytest.approx((up[0] * up[1] - down[0] * down[1]) / 0.8)
    assert centered["input-hidden"] == pytest.approx(LEVEL * (up[0] - down[0]) / 0.8)
    assert centered["output.bias"] == pytest.approx((up[1] - down[1]) / 0.8)


def test_samples_are_averaged() -> None:
    network = chain()
    inputs, targets = np.array([[0.2], [0.9]]), np.array([[1.0], [0.0]])
    both = update(network, inputs, targets, 0.1, centered=True)
    alone = [
        update(network, inputs[i : i + 1], targets[i : i + 1], 0.1, centered=True) for i in (0, 1)
    ]
    for name in both:
        np.testing.assert_allclose(both[name], (alone[0][name] + alone[1][name]) / 2, atol=1e-9)


def test_the_input_hears_nothing_and_couplings_are_symmetric() -> None:
    network = RateNetwork(
        layered((2, 3, 2)),
        {
            "input-hidden": np.arange(6.0).reshape(2, 3),
            "hidden-output": np.arange(6.0).reshape(3, 2),
            "hidden.bias": np.zeros(3),
            "output.bias": np.zeros(2),
        },
    )
    first, last = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    hidden, output = network.neighbours([first, np.ones((1, 3)), last])
    np.testing.assert_array_equal(hidden, [[0 + 1, 1 + 3, 2 + 5]])
    np.testing.assert_array_equal(output, [[0 + 2 + 4, 1 + 3 + 5]])


@pytest.mark.parametrize("activation", ACTIVATIONS.values())
def test_slope_is_the_derivative_of_the_rate(activation: Activation) -> None:
    states = np.array([-0.7, 0.2, 0.5, 0.9, 1.3])
    slope = (activation.rate(states + 1e-6) - activation.rate(states - 1e-6)) / 2e-6
    np.testing.assert_allclose(activation.slope(states), slope, atol=1e-8)


def test_a_network_that_does_not_come_to_rest_is_an_error() -> None:
    with pytest.raises(ConvergenceError, match=r"after 20 steps .*smaller step"):
        relax(chain(), np.array([[LEVEL]]), np.array([[1.0]]), -0.4, step=0.01, longest=20)


def test_silent_network_is_at_rest() -> None:
    network = chain(across=0.0)
    network.weights["hidden.bias"][:] = network.weights["output.bias"][:] = 0
    states = relax(network, np.zeros((1, 1)), np.zeros((1, 1)))
    assert [float(state[0, 0]) for state in states] == [0.0, 0.0]
