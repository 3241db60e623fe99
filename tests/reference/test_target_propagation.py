"""Target propagation against backpropagation: where theory says they agree, and where it says they do not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from eqspike.core.errors import ConfigError
from eqspike.nn.networks import fully_connected
from eqspike.nn.target_propagation import (
    IteratedFeedback,
    SolvedFeedback,
    TargetPropagation,
    compare_feedback,
    layer_angles,
)
from eqspike.nn.target_propagation.losses import l_drl

SEEDS = (0, 1, 2)


def dense(activation: type[nn.Module]) -> tuple[nn.Sequential, Tensor]:
    net = fully_connected((12, 10, 9, 8, 5), activation).double()
    return net, torch.randn(64, 12, dtype=torch.float64)


def convolutional(activation: type[nn.Module]) -> tuple[nn.Sequential, Tensor]:
    """With strides, padding, overlapping windows that share maxima, and a grouped convolution."""
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, stride=2), activation(), nn.MaxPool2d(3, 2, 1),
        nn.Conv2d(4, 6, 2, stride=2, groups=2), activation(),
        nn.Conv2d(6, 4, 2), nn.MaxPool2d(2, 1), activation(),
        nn.Flatten(), nn.Linear(4, 5), activation(), nn.Linear(5, 3),
    ).double()  # fmt: skip
    return net, torch.randn(16, 2, 24, 24, dtype=torch.float64)[:, :, :, :22]


def labels(net: nn.Sequential, inputs: Tensor) -> Tensor:
    classes = net(inputs).shape[1]
    return torch.randint(classes, (len(inputs),))


def symmetric(model: TargetPropagation) -> TargetPropagation:
    model.symmetric()
    return model


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [dense, convolutional])
@pytest.mark.parametrize("averaged", [True, False])
def test_linear_layers_with_symmetric_feedback_are_backpropagation(
    make: type, averaged: bool, seed: int
) -> None:
    """Also through pooling: the feedback is the transpose of the forward pass."""
    torch.manual_seed(seed)
    net, inputs = make(nn.Identity)
    wanted = labels(net, inputs)
    reduction = "mean" if averaged else "sum"
    model = symmetric(TargetPropagation(net, beta=0.3, averaged=averaged))
    parameters = list(net.parameters())
    exact = torch.autograd.grad(
        F.cross_entropy(net(inputs), wanted, reduction=reduction), parameters
    )
    F.cross_entropy(model(inputs), wanted, reduction=reduction).backward()
    for parameter, gradient in zip(parameters, exact, strict=True):
        assert parameter.grad is not None
        error = (parameter.grad - 0.3 * gradient).norm() / (0.3 * gradient).norm()
        assert float(error) < 1e-12


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [dense, convolutional])
@pytest.mark.parametrize("activation", [nn.ELU, nn.Tanh, nn.Sigmoid])
def test_matched_activations_make_symmetric_feedback_exact(
    make: type, activation: type[nn.Module], seed: int
) -> None:
    """As beta goes to 0; the published choice, the network's own activation, keeps an angle."""
    torch.manual_seed(seed)
    net, inputs = make(activation)
    wanted = labels(net, inputs)
    angle = {}
    for choice in ("matched", "same"):
        model = symmetric(TargetPropagation(net, beta=1e-5, activation=choice))
        rows = layer_angles(model, inputs, wanted, F.cross_entropy)
        angle[choice] = max(row.angle for row in rows)
        if choice == "matched":
            assert all(abs(row.norm_ratio - 1) < 1e-3 for row in rows)
    assert angle["matched"] < 0.02
    assert angle["same"] > 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_mean_of_l_drl_at_symmetric_feedback(seed: int) -> None:
    """For a linear layer, V = W: the loss is -sigma^2 |W|^2 and its gradient 0, in the mean over noise."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 5)).double()
    model = symmetric(TargetPropagation(net))
    sigma = 0.7
    generator = torch.Generator().manual_seed(seed)
    model(torch.randn(20_000, 4, dtype=torch.float64))
    weight = net[1].weight.detach()
    with torch.no_grad():
        slope, bias = l_drl(model, 1, sigma, generator)
        losses = reconstruction(model, 1, sigma, generator)
        model.mirror(1).weight.mul_(0.5)
        away, _ = l_drl(model, 1, sigma, generator)
    scale = 2 * sigma**2 * weight.norm()
    assert bias is None
    assert float(slope.norm() / scale) < 0.1
    assert float(away.norm() / scale) == pytest.approx(0.5, abs=0.1)
    floor = -(sigma**2) * float(weight.square().sum())
    assert abs(float(losses.mean()) - floor) < 5 * float(losses.std()) / len(losses) ** 0.5


def reconstruction(
    model: TargetPropagation, number: int, sigma: float, generator: torch.Generator
) -> Tensor:
    """The loss of each sample by its definition, with four passes through the feedback."""
    block, mirror, passage = model.blocks[number], model.mirror(number), model.passages[number]
    x, y = passage.inputs, passage.outputs
    xi = torch.empty_like(x).normal_(generator=generator) * sigma
    there = mirror(block(x + xi).outputs, passage) - mirror(block(x).outputs, passage)
    eta = torch.empty_like(y).normal_(generator=generator) * sigma
    back = mirror(y + eta, passage) - mirror(y, passage)
    return (back.square() - 2 * xi * there).flatten(1).sum(1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [dense, convolutional])
def test_gradient_of_l_drl_is_that_of_its_loss(make: type, seed: int) -> None:
    """Written out, against automatic differentiation of the definition under the same noise."""
    torch.manual_seed(seed)
    net, inputs = make(nn.ELU)
    model = TargetPropagation(net)
    model(inputs)
    for number in range(1, len(model.blocks)):
        mirror = model.mirror(number)
        mirror.weight.requires_grad_()
        generator = torch.Generator().manual_seed(seed)
        loss = reconstruction(model, number, 0.2, generator).mean()
        (exact,) = torch.autograd.grad(loss, mirror.weight)
        mirror.weight.requires_grad_(False)
        with torch.no_grad():
            slope, _ = l_drl(model, number, 0.2, torch.Generator().manual_seed(seed))
        torch.testing.assert_close(slope, exact, rtol=1e-9, atol=1e-12)


def trained_angles(
    loss: str, rate: float, steps: tuple[int, ...], seed: int, samples: int = 1
) -> list[list[float]]:
    """Angles of the hidden layers after so many steps of feedback training, forward weights held."""
    torch.manual_seed(seed)
    net, inputs = dense(nn.ELU)
    wanted = labels(net, inputs)
    model = TargetPropagation(net, beta=1e-3, seed=seed)
    feedback = IteratedFeedback(model, loss, noise=0.1, rate=rate, samples=samples, seed=seed)
    found, done = [], 0
    for count in steps:
        model(inputs)
        for _ in range(count - done):
            feedback.step()
        done = count
        found.append(
            [row.angle for row in layer_angles(model, inputs, wanted, F.cross_entropy)][:-1]
        )
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_angle_falls_with_iterations_of_l_drl(seed: int) -> None:
    angles = trained_angles("l-drl", 0.1, (0, 40, 500), seed)
    worst = [max(row) for row in angles]
    assert worst[0] > 50
    assert worst[0] > worst[1] > worst[2]
    assert worst[2] < 20


@pytest.mark.parametrize("seed", SEEDS)
def test_angle_falls_with_noise_samples(seed: int) -> None:
    (few,), (many,) = (trained_angles("l-drl", 0.5, (60,), seed, samples) for samples in (1, 8))
    assert max(many) < max(few)


@pytest.mark.parametrize("seed", SEEDS)
def test_autoencoder_feedback_stays_far_from_backpropagation(seed: int) -> None:
    """The negative control: it learns an inverse, not a transpose."""
    (angles,) = trained_angles("autoencoder", 0.05, (600,), seed)
    assert max(angles) > 45


@pytest.mark.parametrize("seed", SEEDS)
def test_drl_learns_the_inverse_of_what_is_above(seed: int) -> None:
    """Of linear layers that lose nothing: the feedback of the whole is the inverse of the forward weights."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 6), nn.Linear(6, 6)).double()
    for layer in (net[1], net[2]):
        nn.init.orthogonal_(layer.weight)
        layer.weight.data *= 1.5
    model = TargetPropagation(net, seed=seed)
    feedback = IteratedFeedback(model, "drl", noise=1.0, rate=0.02, seed=seed)
    model(torch.randn(64, 4, dtype=torch.float64))
    for _ in range(400):
        feedback.step()
    for number in (1, 2):
        through = model.mirror(number).weight.t() @ net[number].weight.detach()
        torch.testing.assert_close(through, torch.eye(6, dtype=torch.float64), rtol=0, atol=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_solved_feedback_of_linear_layers_is_the_transpose(seed: int) -> None:
    """After one period of balanced noise, to the rounding of the differences."""
    torch.manual_seed(seed)
    net, inputs = dense(nn.Identity)
    model = TargetPropagation(net)
    SolvedFeedback(model, ridge=0.0, decay=0.9, seed=seed).warm_up([inputs])
    for number in range(1, len(model.blocks)):
        weight = model.blocks[number].layer.weight.detach()
        torch.testing.assert_close(model.mirror(number).weight, weight, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [dense, convolutional])
def test_solved_feedback_is_near_backpropagation(make: type, seed: int) -> None:
    torch.manual_seed(seed)
    net, inputs = make(nn.ELU)
    wanted = labels(net, inputs)
    model = TargetPropagation(net, beta=0.01, activation="matched", seed=seed)
    before = [row.angle for row in layer_angles(model, inputs, wanted, F.cross_entropy)]
    SolvedFeedback(model, seed=seed).warm_up([inputs] * 150)
    after = [row.angle for row in layer_angles(model, inputs, wanted, F.cross_entropy)]
    assert max(before) > 50
    assert max(after) < 12


@pytest.mark.parametrize("seed", SEEDS)
def test_kinds_of_feedback_compared(seed: int) -> None:
    """Exact where symmetric, near where solved, far where random; the output's layer is always exact."""
    torch.manual_seed(seed)
    net, inputs = dense(nn.ELU)
    before = [each.clone() for each in net.parameters()]
    rows = compare_feedback(
        net, [(inputs, labels(net, inputs))] * 40, F.cross_entropy,
        model={"beta": 1e-4, "activation": "matched"}, iterated={"rate": 0.05, "iterations": 5},
    )  # fmt: skip
    worst = {kind: max(row.angle for row in angles) for kind, angles in rows.items()}
    assert worst["symmetric"] < 0.1
    assert worst["solved"] < 12
    assert worst["solved"] < worst["l-drl"] < worst["random"]
    assert worst["random"] > 50
    assert worst["autoencoder"] > 45
    assert all(angles[-1].angle < 1e-6 for angles in rows.values())
    assert all(angles[0].weight_angle is None for angles in rows.values())
    assert all(torch.equal(*pair) for pair in zip(before, net.parameters(), strict=True))


def test_kinds_that_do_not_exist_are_refused() -> None:
    net, inputs = dense(nn.ELU)
    with pytest.raises(ConfigError, match="got kind 'ideal'"):
        compare_feedback(net, [(inputs, inputs)], F.mse_loss, ["ideal"])
    with pytest.raises(ConfigError, match="got no batch"):
        compare_feedback(net, [], F.mse_loss)
