"""Products by either library are the same, values and gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from eqspike.nn import products
from eqspike.nn.products import Linear, contracted, product, times

Found = tuple[Tensor, ...]


def found(rows: Tensor, matrix: Tensor, bias: Tensor) -> Found:
    """Product and its gradients."""
    leaves = [of.clone().requires_grad_() for of in (rows, matrix, bias)]
    of = product(*leaves)
    return of.detach(), *torch.autograd.grad(of.sin().sum(), leaves)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("outputs", [3, 40])
def test_both_ways_are_automatic_differentiation_of_the_formula(
    dtype: torch.dtype, outputs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    rows, matrix, bias = (
        torch.randn(of, dtype=dtype) for of in ((2, 50, 7), (outputs, 7), (outputs,))
    )
    leaves = [of.clone().double().requires_grad_() for of in (rows, matrix, bias)]
    of = leaves[0] @ leaves[1].T + leaves[2]
    exact = of.detach(), *torch.autograd.grad(of.sin().sum(), leaves)
    ways = [found(rows, matrix, bias)]
    monkeypatch.setattr(products, "_by_onednn", lambda *_: False)
    ways.append(found(rows, matrix, bias))
    for way in ways:
        for part, wanted in zip(way, exact, strict=True):
            tight = 1e-12 if dtype == torch.float64 else 1e-5
            torch.testing.assert_close(part.double(), wanted, rtol=tight, atol=10 * tight)


def test_contraction_in_either_order() -> None:
    torch.manual_seed(0)
    left, right = torch.randn(90, 5), torch.randn(90, 8)
    torch.testing.assert_close(contracted(left, right), left.T @ right)
    torch.testing.assert_close(contracted(right, left), right.T @ left)


def test_float32_goes_to_onednn_and_the_rest_does_not() -> None:
    """Were the operator renamed, nothing would fail but the speed."""
    single, double = torch.ones(2, 2), torch.ones(2, 2, dtype=torch.float64)
    assert products._by_onednn(single, single)
    assert not products._by_onednn(double, double)
    assert not products._by_onednn(single.to("meta"), single.to("meta"))


def test_the_layer_is_pytorchs() -> None:
    torch.manual_seed(0)
    layer = Linear(6, 9)
    rows = torch.randn(4, 6)
    with torch.no_grad():
        torch.testing.assert_close(layer(rows), torch.nn.Linear.forward(layer, rows))
        assert times(rows, layer.weight).shape == (4, 9)
