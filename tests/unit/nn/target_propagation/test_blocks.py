"""Cutting a network into blocks, and the feedback of one block."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from eqspike.core.errors import UnsupportedError
from eqspike.nn.networks import lenet
from eqspike.nn.target_propagation.activations import feedback_activation
from eqspike.nn.target_propagation.blocks import cut
from eqspike.nn.target_propagation.mirror import Mirror


def test_lenet_has_four_blocks() -> None:
    blocks = cut(lenet((1, 28, 28)))
    assert [block.name for block in blocks] == ["0", "3", "7", "9"]
    assert [block.pooling is not None for block in blocks] == [True, True, False, False]
    assert [block.activation is not None for block in blocks] == [True, True, True, False]
    assert [block.flattens for block in blocks] == [False, False, True, False]


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ([nn.Linear(2, 2), nn.BatchNorm1d(2)], "module 1 is BatchNorm1d"),
        (
            [nn.ELU(), nn.Linear(2, 2)],
            r"module 0 \(ELU\) is one too many or comes before its layer",
        ),
        ([nn.Linear(2, 2), nn.ELU(), nn.Tanh()], r"module 2 \(Tanh\)"),
        ([nn.Flatten(), nn.Flatten(), nn.Linear(2, 2)], r"module 1 \(Flatten\)"),
        ([nn.Linear(2, 2), nn.Flatten()], "a layer with weights at the end"),
        ([nn.Conv2d(1, 1, 3, padding="same")], "padding 'same'"),
        ([nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular")], "'circular'"),
        ([nn.Flatten(0)], "module 0 is Flatten"),
        ([], "at least one layer"),
    ],
)
def test_networks_without_a_mirror_are_refused(modules: list[nn.Module], message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        cut(nn.Sequential(*modules))


def test_elu_of_another_alpha_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"alpha 0\.5"):
        feedback_activation(nn.ELU(0.5), "same")


@pytest.mark.parametrize(
    "activation", [nn.ELU(), nn.Tanh(), nn.Sigmoid(), nn.ReLU(), nn.Identity()]
)
def test_matched_activation_has_the_slope_of_the_networks(activation: nn.Module) -> None:
    """h'(f(a)) = f'(a), for a away from the corner of ReLU."""
    sums = torch.linspace(-3.01, 3.0, 50, dtype=torch.float64, requires_grad=True)
    values = activation(sums)
    (slope,) = torch.autograd.grad(values.sum(), sums)
    place = values.detach().requires_grad_()
    (own,) = torch.autograd.grad(feedback_activation(activation, "matched")(place).sum(), place)
    torch.testing.assert_close(own, slope)


def test_same_activation_is_the_networks() -> None:
    values = torch.linspace(-2, 2, 9)
    assert torch.equal(feedback_activation(nn.ELU(), "same")(values), F.elu(values))
    assert torch.equal(feedback_activation(None, "same")(values), values)


LAYERS = [
    nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2),
    nn.Conv2d(4, 6, (3, 2), stride=(1, 3), dilation=(2, 1)),
    nn.Linear(4 * 9 * 8, 6),
]


@pytest.mark.parametrize(
    ("number", "pooled"), [(0, False), (0, True), (1, False), (1, True), (2, False)]
)
def test_projection_and_correlation_are_those_of_the_transpose(number: int, pooled: bool) -> None:
    """u . V x = x . (V^T u) = V . correlate(u, x), for any V."""
    torch.manual_seed(number)
    layer = LAYERS[number]
    modules = [nn.Flatten(), layer] if isinstance(layer, nn.Linear) else [layer]
    if pooled:
        modules.append(nn.MaxPool2d(3, 2, 1))
    (block,) = cut(nn.Sequential(*modules).double())
    mirror = Mirror(block, "same")
    mirror.draw(torch.Generator().manual_seed(1))
    x = torch.randn(5, 4, 9, 8, dtype=torch.float64)
    passage = block(x)
    sums = layer(x.flatten(1) if isinstance(layer, nn.Linear) else x).detach()
    u = torch.randn_like(sums)
    forward = (
        F.linear(x.flatten(1), mirror.weight)
        if isinstance(layer, nn.Linear)
        else F.conv2d(x, mirror.weight, None, layer.stride, layer.padding, layer.dilation, layer.groups)
    )  # fmt: skip
    scalar = (u * forward).sum()
    torch.testing.assert_close((mirror.project(u, passage) * x).sum(), scalar)
    torch.testing.assert_close((mirror.correlate(u, x) * mirror.weight).sum(), scalar)
    if pooled:
        values = torch.randn_like(passage.outputs)
        picked = sums.flatten(2).gather(2, passage.switches.flatten(2)).view_as(values)
        torch.testing.assert_close(
            (mirror.lift(values, passage) * sums).sum(), (values * picked).sum()
        )


def test_reach_counts_what_lies_inside_the_image() -> None:
    """With an image of ones it is the correlation; by hand for a 3x3 kernel at the corner of 4x4."""
    (block,) = cut(nn.Sequential(nn.Conv2d(2, 1, 3, padding=1)))
    mirror = Mirror(block, "same")
    passage = block(torch.zeros(1, 2, 4, 4))
    power = torch.zeros(1, 1, 4, 4)
    power[0, 0, 0, 0] = 2.0
    expected = torch.tensor([[0.0, 0, 0], [0, 2, 2], [0, 2, 2]])
    assert torch.equal(mirror.reach(power, passage)[0, 0], expected)
