"""The module: targets, what passes from block to block, and what it refuses."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.nn.networks import fully_connected, lenet
from eqspike.nn.target_propagation import SolvedFeedback, TargetPropagation


@pytest.fixture
def net() -> nn.Sequential:
    torch.manual_seed(0)
    return fully_connected((6, 5, 4, 3)).double()


@pytest.fixture
def inputs(net: nn.Sequential) -> Tensor:
    return torch.randn(7, 6, dtype=torch.float64)


WANTED = torch.arange(7) % 3


def test_output_is_the_networks(net: nn.Sequential, inputs: Tensor) -> None:
    model = TargetPropagation(net)
    torch.testing.assert_close(model(inputs).detach(), net(inputs).detach())
    with torch.no_grad():
        torch.testing.assert_close(model(inputs), net(inputs))


@pytest.mark.parametrize("targets", ["difference", "plain"])
def test_gradients_are_those_of_the_local_losses(
    net: nn.Sequential, inputs: Tensor, targets: str
) -> None:
    """By the definition: mean of 1/2 |F(s) - t|^2, block by block, targets handed down by G."""
    model = TargetPropagation(net, beta=0.4, targets=targets)
    loss = F.cross_entropy(model(inputs), WANTED)
    loss.backward()
    outputs = net(inputs).detach().requires_grad_()
    (slope,) = torch.autograd.grad(F.cross_entropy(outputs, WANTED, reduction="sum"), outputs)
    target = outputs.detach() - 0.4 * slope
    layers = [net[1], net[3], net[5]]
    states = [inputs, F.elu(layers[0](inputs)).detach()]
    states.append(F.elu(layers[1](states[1])).detach())
    found = [each.grad for each in net.parameters()]
    for number in (2, 1, 0):
        output = layers[number](states[number])
        output = output if number == 2 else F.elu(output)
        local = 0.5 * (output - target).square().sum(1).mean()
        exact = torch.autograd.grad(local, list(layers[number].parameters()))
        for own, other in zip(found[2 * number : 2 * number + 2], exact, strict=True):
            torch.testing.assert_close(own, other)
        if number:
            mirror = model.mirror(number)
            lift = (lambda y: y) if number == 2 else F.elu
            back = lift(target) @ mirror.weight
            if targets == "difference":
                back = states[number] + back - lift(output.detach()) @ mirror.weight
            target = back


def test_nothing_passes_from_block_to_block(net: nn.Sequential, inputs: Tensor) -> None:
    """Without feedback weights only the output's layer hears of the loss."""
    model = TargetPropagation(net)
    for number in (1, 2):
        model.mirror(number).weight.zero_()
    F.cross_entropy(model(inputs), WANTED).backward()
    assert all(float(each.grad.abs().max()) == 0 for each in list(net.parameters())[:4])
    assert float(net[5].weight.grad.abs().max()) > 0


def test_frozen_layers_get_no_gradient(net: nn.Sequential, inputs: Tensor) -> None:
    free = TargetPropagation(deepcopy(net))
    F.cross_entropy(free(inputs), WANTED).backward()
    net[3].requires_grad_(False)
    model = TargetPropagation(net)
    F.cross_entropy(model(inputs), WANTED).backward()
    assert net[3].weight.grad is None
    torch.testing.assert_close(net[1].weight.grad, free.network[1].weight.grad)


def test_any_optimiser_and_state_dict(net: nn.Sequential, inputs: Tensor) -> None:
    model = TargetPropagation(net, seed=3)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = F.cross_entropy(model(inputs), WANTED)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 0.1
    other = TargetPropagation(deepcopy(net), seed=4)
    assert not torch.equal(other.mirror(1).weight, model.mirror(1).weight)
    other.load_state_dict(model.state_dict())
    assert torch.equal(other.mirror(1).weight, model.mirror(1).weight)


def test_copies_are_independent(net: nn.Sequential, inputs: Tensor) -> None:
    model = TargetPropagation(net)
    twin = deepcopy(model)
    twin.network[5].weight.data.zero_()
    assert twin.blocks[2].layer is twin.network[5]
    assert twin.mirror(2).block.layer is twin.network[5]
    assert bool((net[5].weight != 0).any())


def test_lenet_learns_a_batch() -> None:
    torch.manual_seed(0)
    model = TargetPropagation(lenet((1, 12, 12)))
    images, labels = torch.randn(16, 1, 12, 12), torch.arange(16) % 10
    feedback = SolvedFeedback(model)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    first = float(F.cross_entropy(model(images), labels).detach())
    for _ in range(15):
        optimiser.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        feedback.step()
        loss.backward()
        optimiser.step()
    assert float(F.cross_entropy(model(images), labels).detach()) < first - 0.2


def test_an_input_that_asks_for_a_gradient_is_refused(net: nn.Sequential, inputs: Tensor) -> None:
    with pytest.raises(UnsupportedError, match="input asks for a gradient"):
        TargetPropagation(net)(inputs.requires_grad_())


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"beta": 0.0}, "beta must be a finite number above 0, got 0.0"),
        ({"beta": float("nan")}, "beta must be a finite number above 0, got nan"),
        ({"targets": "direct"}, "targets is one of difference, plain, got 'direct'"),
        ({"activation": "other"}, "activation is one of same, matched"),
    ],
)
def test_choices_are_refused(net: nn.Sequential, keywords: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TargetPropagation(net, **keywords)  # type: ignore[arg-type]
