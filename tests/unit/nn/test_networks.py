"""The networks of the papers: layers, sizes, refusals."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from eqspike.core.errors import ConfigError
from eqspike.nn.networks import fully_connected, lenet, vgg


def weights(network: nn.Sequential) -> int:
    return sum(each.numel() for each in network.parameters() if each.dim() > 1)


def test_fully_connected_has_an_activation_between_layers_only() -> None:
    network = fully_connected((6, 5, 4, 3), nn.Tanh)
    kinds = [type(module) for module in network]
    assert kinds == [nn.Flatten, nn.Linear, nn.Tanh, nn.Linear, nn.Tanh, nn.Linear]
    assert network(torch.zeros(2, 1, 2, 3)).shape == (2, 3)


@pytest.mark.parametrize(("side", "flat"), [(28, 3136), (32, 4096), (27, 3136)])
def test_lenet(side: int, flat: int) -> None:
    """4096 inputs of the first fully connected layer for images of 32 by 32, as published."""
    network = lenet((3, side, side), 7)
    assert network[7].in_features == flat
    assert network(torch.zeros(2, 3, side, side)).shape == (2, 7)
    assert weights(network) == 25 * (3 * 32 + 32 * 64) + flat * 512 + 512 * 7


def test_vgg() -> None:
    network = vgg((3, 32, 32))
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert weights(network) == 9 * (3 * 128 + 128 * 128 + 128 * 256 + 256 * 256 + 256 * 512) + 5120


@pytest.mark.parametrize("sizes", [(5,), (), (5, 0)])
def test_sizes_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=r"two sizes|each of sizes must be a whole number"):
        fully_connected(sizes)


def test_small_images_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"at least 32, got \(1, 28, 28\)"):
        vgg((1, 28, 28))
    with pytest.raises(ConfigError, match="at least 4"):
        lenet((1, 3, 9))
    with pytest.raises(ConfigError, match="channels, rows, columns"):
        lenet((28, 28))  # type: ignore[arg-type]
