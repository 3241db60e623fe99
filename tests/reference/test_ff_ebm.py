"""Energy blocks stacked with ordinary torch layers between them: feedforward-tied energy-based models.

Source of the construction and of what must hold: Nest and Ernoult, NeurIPS 2024, arXiv:2409.03306.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from eqspike.core.convolution import Convolution
from eqspike.experiment import load_model
from eqspike.learners.energy import EnergyRecipe
from eqspike.learners.stacks import Stack, make_stack
from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings

SETTINGS = EnergySettings(
    beta=0.02, free_steps=300, nudged_steps=200, tolerance=1e-12, nudged_tolerance=1e-9
)
CONV = Convolution(3, 1)


def clipped(drive: Tensor) -> Tensor:
    return drive.clamp(0, 1)


def feed(below: int, above: int) -> list[nn.Module]:
    """Convolution, pooling, batch normalisation: what leads into a block, outside its dynamics."""
    return [nn.Conv2d(below, above, 3, padding=1), nn.MaxPool2d(2), nn.BatchNorm2d(above)]


def block(
    channels: int, side: int, hidden: int, settings: EnergySettings, activation: str
) -> EnergyBlock:
    """A layer that is driven by the input itself, and hidden ones above it."""
    layers = [EnergyLayer(by="identity", activation=activation)]
    layers += [EnergyLayer(channels, CONV, activation) for _ in range(hidden)]
    return EnergyBlock((channels, side, side), layers, settings)


def stack(
    hidden: int, settings: EnergySettings, seed: int, activation: str = "hard-sigmoid"
) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        *feed(2, 4), block(4, 6, hidden, settings, activation),
        *feed(4, 6), block(6, 3, hidden, settings, activation),
        nn.Flatten(), nn.Linear(54, 5),
    ).double()  # fmt: skip


def batch(seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(10, 2, 12, 12, dtype=torch.float64, generator=generator)
    return x, torch.randint(0, 5, (10,), generator=generator)


def gradients(model: nn.Module, x: Tensor, labels: Tensor) -> list[Tensor]:
    model.zero_grad()
    nn.functional.cross_entropy(model(x), labels).backward()
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]


class Plain(nn.Module):
    """What a block of one driven layer computes."""

    def __init__(self, of: EnergyBlock) -> None:
        super().__init__()
        self.bias, self.rho = (
            nn.Parameter(of.biases["output"].detach().clone()),
            of.structure.activations[0],
        )

    def forward(self, x: Tensor) -> Tensor:
        drive = x + self.bias.view(-1, *(1,) * (x.dim() - 2))
        return {"tanh": torch.tanh, "linear": torch.Tensor.clone}.get(self.rho, clipped)(drive)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("activation", "bound"), [("tanh", 1e-9), ("hard-sigmoid", 1e-9)])
def test_without_hidden_dynamics_it_is_backpropagation(
    activation: str, bound: float, seed: int
) -> None:
    model = stack(0, replace(SETTINGS, beta=1e-5, scale="largest"), seed, activation)
    plain = copy.deepcopy(model)
    for place in (3, 7):
        plain[place] = Plain(plain[place])  # type: ignore[arg-type]
    plain.double()
    x, labels = batch(seed)
    for ours, exact in zip(gradients(model, x, labels), gradients(plain, x, labels), strict=True):
        assert float((ours - exact).norm()) <= bound * float(exact.norm()) + 1e-12


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("form", ["difference", "two-states"])
@pytest.mark.parametrize(
    ("activation", "beta", "bound"), [("tanh", 0.02, 0.9999), ("hard-sigmoid", 0.002, 0.99)]
)
def test_blocks_have_the_gradient_of_implicit_differentiation(
    form: str, activation: str, beta: float, bound: float, seed: int
) -> None:
    """For every parameter, below, between and in the blocks. A clip has kinks, which a nudge must not cross."""
    model = stack(2, replace(SETTINGS, form=form, beta=beta), seed, activation)
    exact = stack(2, replace(SETTINGS, algorithm="implicit"), seed, activation)
    x, labels = batch(seed)
    for ours, right in zip(gradients(model, x, labels), gradients(exact, x, labels), strict=True):
        if float(right.norm()) > 1e-9:  # a bias before batch normalisation has no gradient
            assert float((ours * right).sum() / (ours.norm() * right.norm())) > bound


def test_one_block_is_centered_equilibrium_propagation() -> None:
    """The whole network in one block: the contrast of two nudged states, written out."""
    torch.manual_seed(0)
    sizes, beta = (9, 7, 5), 0.1
    layers = [EnergyLayer(size, activation="tanh") for size in sizes]
    settings = replace(SETTINGS, beta=beta, curvature=1.0, nudged_steps=400, nudged_tolerance=1e-13)
    one = EnergyBlock((8,), layers, settings).double()
    x, y = torch.rand(6, 8, dtype=torch.float64), torch.rand(6, 5, dtype=torch.float64)
    (0.5 * (one(x) - y).square().sum() / 6).backward()
    (w0, w1, w2), (b0, b1, b2) = one.weights.values(), one.biases.values()
    with torch.no_grad():
        ends = []
        for nudge in (-beta, beta):
            s0, s1, s2 = (torch.zeros(6, size, dtype=torch.float64) for size in sizes)
            for _ in range(600):
                s0, s1, s2 = (
                    torch.tanh(x @ w0.t() + s1 @ w1 + b0), torch.tanh(s0 @ w1.t() + s2 @ w2 + b1),
                    torch.tanh(s1 @ w2.t() + b2 + nudge * (y - s2)),
                )  # fmt: skip
            ends.append([s0.t() @ x, s1.t() @ s0, s2.t() @ s1, s0.sum(0), s1.sum(0), s2.sum(0)])
    for parameter, low, high in zip((w0, w1, w2, b0, b1, b2), *ends, strict=True):
        expected = -(high - low) / (2 * beta * 6)
        assert float((parameter.grad - expected).norm()) < 1e-6 * float(expected.norm())  # type: ignore[operator]


def narrow(name: str, settings: EnergySettings, seed: int) -> Stack:
    """A model of the library with a 32nd of its channels."""
    recipe = load_model(name).subject
    assert isinstance(recipe, EnergyRecipe)
    blocks = [
        replace(each, layers=tuple(replace(of, size=of.size // 32 or 10) for of in each.layers))
        for each in recipe.blocks
    ]
    torch.manual_seed(seed)
    return make_stack(
        (3, 32, 32), blocks, replace(settings, curvature=0.0), recipe.read_out
    ).double()


def colours(seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(12, 3, 32, 32, dtype=torch.float64, generator=generator)
    return x, torch.randint(0, 10, (12,), generator=generator)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", ["ff-ebm-6", "ff-ebm-3", "ff-ebm-2", "ep-vgg5"])
def test_models_have_the_gradient_of_implicit_differentiation(name: str, seed: int) -> None:
    """Of all parameters together, at a nudge of a hundredth of the published one: a clip has kinks."""
    x, labels = colours(seed)
    settings = replace(SETTINGS, beta=0.002, free_steps=3000, unsettled="refuse")
    found, exact = (
        torch.cat([g.flatten() for g in gradients(narrow(name, of, seed), x, labels)])
        for of in (settings, replace(settings, algorithm="implicit"))
    )
    assert float((found * exact).sum() / (found.norm() * exact.norm())) > 0.99


@pytest.mark.parametrize("seed", [0, 1])
def test_blocks_of_one_layer_are_backpropagation(seed: int) -> None:
    """The model `ff-ebm-1` and what its blocks compute; no neuron is as near to a kink as its nudge."""
    model = narrow("ff-ebm-1", replace(SETTINGS, beta=1e-9, scale="largest"), seed)
    plain = copy.deepcopy(model)
    for place, module in enumerate(plain):
        if isinstance(module, EnergyBlock):
            plain[place] = Plain(module)
    x, labels = colours(seed)
    for ours, right in zip(gradients(model, x, labels), gradients(plain, x, labels), strict=True):
        assert float((ours - right).norm()) <= 1e-9 * float(right.norm()) + 1e-12


@pytest.mark.parametrize("seed", [0, 1])
def test_a_stack_learns_with_adam(seed: int) -> None:
    model = stack(1, replace(SETTINGS, tolerance=1e-4, nudged_tolerance=1e-3), seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    x, labels = batch(seed)
    losses = []
    for _ in range(15):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.85 * losses[0]
