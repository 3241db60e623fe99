"""Metaplastic Adam: without metaplasticity it is Adam, with it weights consolidate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from eqspike.core.errors import ConfigError
from eqspike.learners.binary import MetaplasticAdam
from eqspike.learners.binary.metaplastic_adam import consolidation


def trained(
    optimiser: Callable[[list[Tensor]], torch.optim.Optimizer], steps: int = 40
) -> list[Tensor]:
    """A matrix and a vector after steps along gradients drawn anew each time, partly the same."""
    generator = torch.Generator().manual_seed(3)
    parameters = [torch.randn(shape, generator=generator) * 0.1 for shape in ((6, 5), (7,))]
    trend = [torch.randn(p.shape, generator=generator) for p in parameters]
    own = optimiser(parameters)
    for _ in range(steps):
        for parameter, mean in zip(parameters, trend, strict=True):
            parameter.grad = mean + torch.randn(parameter.shape, generator=generator)
        own.step()
    return parameters


@pytest.mark.parametrize("decay", [0.0, 0.03])
def test_without_metaplasticity_it_is_adam_bit_for_bit(decay: float) -> None:
    found = trained(lambda p: MetaplasticAdam(p, 0.0, 0.01, decay=decay))
    expected = trained(lambda p: torch.optim.Adam(p, 0.01, weight_decay=decay))
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_vectors_learn_as_in_adam_with_metaplasticity_too() -> None:
    matrix, vector = trained(lambda p: MetaplasticAdam(p, 2.0, 0.01))
    plain, expected = trained(lambda p: torch.optim.Adam(p, 0.01))
    assert torch.equal(vector, expected)
    assert not torch.equal(matrix, plain)


def test_factor_is_one_at_zero_and_falls_with_the_hidden_weight() -> None:
    hidden = torch.linspace(0, 3, 50, dtype=torch.float64)
    factor = consolidation(hidden, 1.3)
    assert factor[0] == 1
    assert torch.all(factor[1:] < factor[:-1])
    assert torch.all(factor > 0)
    assert torch.equal(factor, consolidation(-hidden, 1.3))
    np.testing.assert_allclose(factor[-1], 1 - np.tanh(1.3 * 3) ** 2)


@pytest.mark.parametrize("m", [0.5, 4.0])
def test_first_step_is_scaled_where_it_shrinks_only(m: float) -> None:
    start = torch.tensor([[0.8, -0.8, 0.8, -0.8]], dtype=torch.float64)
    gradient = torch.tensor([[1.0, -1.0, -1.0, 1.0]], dtype=torch.float64)
    steps = []
    for strength in (0.0, m):
        weights = start.clone()
        weights.grad = gradient.clone()
        MetaplasticAdam([weights], strength, 0.01).step()
        steps.append(weights - start)
    plain, scaled = steps
    factor = consolidation(start, m)
    torch.testing.assert_close(scaled[:, :2], (plain * factor)[:, :2])
    assert torch.equal(scaled[:, 2:], plain[:, 2:])


def test_the_momentum_decides_not_the_gradient() -> None:
    weights = torch.tensor([[0.5]], dtype=torch.float64)
    optimiser = MetaplasticAdam([weights], 3.0, 0.01)
    weights.grad = torch.tensor([[-10.0]], dtype=torch.float64)
    optimiser.step()
    assert weights > 0.5
    before = weights.clone()
    weights.grad = torch.tensor([[1.0]], dtype=torch.float64)
    optimiser.step()
    assert weights > before  # pushed back for one step, but the momentum still grows the weight


def test_signs_turn_less_often_the_stronger_the_metaplasticity() -> None:
    turned = []
    for m in (0.0, 1.0, 4.0, 16.0):
        generator = torch.Generator().manual_seed(0)
        weights = torch.randn((40, 40), generator=generator) * 0.3
        optimiser = MetaplasticAdam([weights], m, 0.01)
        count = 0
        for _ in range(300):
            before = weights.sign()
            weights.grad = torch.randn(weights.shape, generator=generator)
            optimiser.step()
            count += int(torch.count_nonzero(weights.sign() != before))
        turned.append(count)
    assert turned == sorted(turned, reverse=True)
    assert turned[-1] < turned[0] / 2


def test_hidden_weights_grow_linearly_where_the_optimum_is_far_inside_an_orthant() -> None:
    """Quadratic task: L = (w - o)^2 / 2 of binary w, so the gradient at w = sign(o) never ends if |o| > 1."""
    optimum = torch.tensor([[4.0, 0.2, -6.0, -0.1]])
    hidden = torch.full((1, 4), 0.01)
    optimiser = MetaplasticAdam([hidden], 1.0, 0.01)
    seen = []
    for _ in range(1000):
        hidden.grad = hidden.sign() - optimum
        optimiser.step()
        seen.append(hidden.abs().clone())
    far = torch.cat(seen)[:, [0, 2]]
    growth = far[500:] - far[499:-1]
    torch.testing.assert_close(growth, growth[:1].expand_as(growth), rtol=0.05, atol=0)
    assert torch.all(far[-1] > 5)
    assert torch.all(torch.cat(seen)[:, [1, 3]] < 0.2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"m": -1.0}, "m -1.0"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"betas": (1.0, 0.9)}, "betas"),
    ],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        MetaplasticAdam([torch.zeros(2, 2)], **wrong)  # type: ignore[arg-type]


def test_a_closure_is_refused() -> None:
    with pytest.raises(ConfigError, match="closure"):
        MetaplasticAdam([torch.zeros(2, 2)]).step(lambda: 0.0)
