"""A contrast of states is a gradient only where they rest: python examples/coming_to_rest.py

Blocks of two to five layers, at their initial weights, relax for a number of free steps. The picture shows how far
a state still moves in the last of them, and how far the gradient by contrast is from the exact one.
"""

import sys

import matplotlib.pyplot as plt
import torch
from torch import nn

from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings
from eqspike.tasks import load_task

digits = load_task("digits").load("test")
images = torch.tensor(digits.images[:20]).flatten(1).double() / 255
labels = torch.tensor(digits.labels[:20]).long()
exactly = EnergySettings(algorithm="implicit", tolerance=None, free_steps=200)


def gradient(block: EnergyBlock, settings: EnergySettings) -> torch.Tensor:
    """Of all parameters, as one vector."""
    block.settings = settings
    block.zero_grad()
    nn.functional.cross_entropy(block(images), labels).backward()
    return torch.cat([each.grad.flatten() for each in block.parameters()])


figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for depth in (2, 3, 4, 5):
    torch.manual_seed(0)
    layers = [EnergyLayer(64, gain=0.7) for _ in range(depth - 1)] + [EnergyLayer(10)]
    block = EnergyBlock((64,), layers).double()
    exact = gradient(block, exactly)
    steps = (2, 24) if "quick" in sys.argv[1:] else range(2, 25, 2)
    moved, errors = [], []
    for count in steps:
        shortly = EnergySettings(beta=1e-4, tolerance=None, free_steps=count, nudged_steps=100)
        contrast = gradient(block, shortly)
        moved.append(block.report.free.residuals.max().item())
        errors.append(((contrast - exact).norm() / exact.norm()).item())
    left.semilogy(steps, moved, label=f"{depth} layers")
    right.semilogy(steps, errors)
    print(f"{depth} layers: error {errors[0]:.1g} after {steps[0]} steps, then {errors[-1]:.1g}")
left.set(title="Coming to rest", xlabel="free steps", ylabel="largest change of a state")
left.legend()
right.set(title="Error of the gradient", xlabel="free steps", ylabel="share of the exact one")
plt.setp(figure.axes, ylim=(1e-12, 3))
figure.savefig("coming_to_rest.png", dpi=120)
