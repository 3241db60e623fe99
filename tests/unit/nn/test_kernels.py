"""Kernels in the processor's own order: the same products, gradients where they are wanted, nothing outdated."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d

from eqspike.nn import kernels
from eqspike.nn.kernels import Kernel, packable

SHAPES = [(1, 5, 5, 0, 12), (4, 8, 3, 1, 8), (16, 32, 5, 2, 7), (64, 10, 1, 0, 3), (3, 6, 4, 3, 6)]
"""Channels below and above, width of the kernel, zeros around the maps, width of the maps."""


def pair(shape: tuple[int, ...], dtype: torch.dtype, samples: int = 5) -> tuple[Tensor, Tensor]:
    """Maps and weights, channels last."""
    below, above, width, _, side = shape
    random = torch.Generator().manual_seed(above)
    maps = torch.randn(samples, below, side, side, generator=random)
    weight = torch.randn(above, below, width, width, generator=random) / width
    last = torch.channels_last
    return maps.to(dtype, memory_format=last), weight.to(dtype, memory_format=last)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("samples", [1, 5])
def test_products_are_those_of_pytorch(
    shape: tuple[int, ...], dtype: torch.dtype, samples: int
) -> None:
    maps, weight = pair(shape, dtype, samples)
    kernel, padding = Kernel(weight, shape[3], fixed=True), shape[3]
    close = (
        {"rtol": 2e-2, "atol": 2e-1} if dtype is torch.bfloat16 else {"rtol": 1e-4, "atol": 1e-4}
    )
    above = conv2d(maps.double(), weight.double(), padding=padding)
    for _ in range(2):  # the second time, weights are in order already
        torch.testing.assert_close(kernel.up(maps).double(), above, **close)
        found = kernel.down(above.to(maps))
        wanted = conv_transpose2d(above.to(maps).double(), weight.double(), padding=padding)
        torch.testing.assert_close(found.double(), wanted, **{**close, "atol": 10 * close["atol"]})
        assert found.shape == maps.shape


def test_weights_are_ordered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ordered: list[torch.Size] = []
    pack = kernels._packed

    def noted(weight: Tensor, padding: int, maps: Tensor) -> Tensor:
        ordered.append(weight.shape)
        return pack(weight, padding, maps)

    monkeypatch.setattr(kernels, "_packed", noted)
    maps, weight = pair(SHAPES[1], torch.float32)
    if not packable(weight):
        pytest.skip("PyTorch has no such operators here")
    kernel = Kernel(weight, 1, fixed=True)
    for samples in (5, 3, 1):
        kernel.down(kernel.up(maps[:samples]))
    assert ordered == [(8, 4, 3, 3), (4, 8, 3, 3)]
    Kernel(weight, 1).up(maps)
    assert len(ordered) == 2


def test_what_changes_is_not_kept() -> None:
    maps, weight = pair(SHAPES[1], torch.float32)
    kernel = Kernel(weight, 1)
    before = kernel.up(maps)
    weight.mul_(2)
    torch.testing.assert_close(kernel.up(maps), 2 * before)


def test_gradients_are_followed() -> None:
    maps, weight = pair(SHAPES[1], torch.float32)
    weight.requires_grad_()
    kernel = Kernel(weight, 1, fixed=True)
    kernel.down(kernel.up(maps)).square().sum().backward()  # type: ignore[no-untyped-call]
    found = weight.grad
    weight.grad = None
    there = conv2d(maps, weight, padding=1)
    conv_transpose2d(there, weight, padding=1).square().sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(found, weight.grad)
    assert weight.grad is not None
    assert weight.grad.any()
