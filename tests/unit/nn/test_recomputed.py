"""Blocks that compute twice and hold little: the same output and gradients as blocks that hold all."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from eqspike.core.errors import ConfigError
from eqspike.nn.hamiltonian import compiled
from eqspike.nn.hssm import HamiltonianStack


def stack(
    kind: str, *, recompute: bool, backward: str = "rhel", dropout: float = 0.0
) -> HamiltonianStack:
    return HamiltonianStack(
        2, 3, hidden=6, units=5, kind=kind, step=0.2, backward=backward, dropout=dropout, seed=3, recompute=recompute
    ).double()  # fmt: skip


def drawn(seed: int = 0) -> Tensor:
    return torch.randn(3, 40, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("piece", [100, 1_000, 100_000])
@pytest.mark.parametrize(("kind", "error"), [("linear", 1e-12), ("log-cosh", 1e-7)])
def test_nothing_but_memory_changes(
    monkeypatch: pytest.MonkeyPatch, kind: str, error: float, piece: int
) -> None:
    """Pieces of some steps, of one sample and of all samples."""
    monkeypatch.setattr(compiled, "PIECE", piece)
    found = []
    for recompute, backward in ((True, "rhel"), (False, "bptt")):
        model = stack(kind, recompute=recompute, backward=backward)
        series = drawn().requires_grad_()
        outputs = model(series)
        (outputs**2).sum().backward()
        leaves = {"series": series} | dict(model.named_parameters())
        found.append(
            (outputs, {name: of.grad for name, of in leaves.items()}, dict(model.named_buffers()))
        )
    (outputs, gradients, buffers), (expected, exact, kept) = found
    assert torch.allclose(outputs, expected, rtol=1e-12, atol=1e-13)
    for name, of in exact.items():
        assert float((gradients[name] - of).norm()) <= error * float(of.norm()), name
    for name, of in kept.items():
        assert torch.allclose(buffers[name].double(), of.double(), rtol=1e-12, atol=1e-14), name


def test_dropout_is_drawn_again_alike() -> None:
    """The gradient is that of the very draws of the forward pass: finite differences along a direction."""
    model = stack("linear", recompute=True, dropout=0.4)
    parameters = [of for of in model.parameters() if of.requires_grad]
    generator = torch.Generator().manual_seed(1)
    way = [torch.randn(of.shape, generator=generator, dtype=of.dtype) for of in parameters]

    def loss() -> Tensor:
        torch.manual_seed(5)
        squares: Tensor = (model(drawn()) ** 2).sum()
        return squares

    loss().backward()
    slope = sum(
        float((of.grad * to).sum())
        for of, to in zip(parameters, way, strict=True)
        if of.grad is not None
    )
    values = []
    for sign in (1e-6, -2e-6):
        with torch.no_grad():
            for of, to in zip(parameters, way, strict=True):
                of += sign * to
        values.append(float(loss().detach()))
    assert (values[0] - values[1]) / 2e-6 == pytest.approx(slope, rel=1e-5)


def test_drawing_again_leaves_the_random_numbers_alone() -> None:
    model = stack("linear", recompute=True, dropout=0.4)
    outputs = model(drawn())
    before = torch.random.get_rng_state()
    outputs.sum().backward()
    assert torch.equal(before, torch.random.get_rng_state())


def test_only_echoes_compute_again() -> None:
    with pytest.raises(
        ConfigError, match="recompute needs backward rhel or rhel-one-sided, got 'bptt'"
    ):
        stack("linear", recompute=True, backward="bptt")
