"""A network that relaxes, between two ordinary torch layers, trained with Adam: python examples/energy_block.py

`loss.backward()` through the block is a contrast of its nudged states. The picture shows the test accuracy of each
epoch, and how the block comes to rest for ten test images.
"""

import sys

import matplotlib.pyplot as plt
import torch
from torch import nn

from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings
from eqspike.tasks import load_task

quick = "quick" in sys.argv[1:]
torch.manual_seed(0)
train, test = (load_task("digits").load(split) for split in ("train", "test"))
images, seen = (torch.tensor(part.images).flatten(1).float() / 255 for part in (train, test))
labels, known = (torch.tensor(part.labels).long() for part in (train, test))

settings = EnergySettings(beta=0.01, tolerance=1e-3)
relaxing = EnergyBlock((64,), [EnergyLayer(128), EnergyLayer(64)], settings)
model = nn.Sequential(nn.Linear(64, 64), relaxing, nn.Linear(64, 10))
optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)

accuracies = []
for _epoch in range(1 if quick else 8):
    for part in torch.randperm(len(images)).split(32):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(images[part]), labels[part]).backward()
        optimiser.step()
    accuracies.append((model(seen).argmax(1) == known).float().mean().item())
rest = relaxing.report.free
print(f"test accuracy {accuracies[-1]:.1%}; moved {rest.residuals.max():.1g} in step {rest.steps}")

moved = []
for steps in range(1, 31):  # the same block, stopped after so many steps
    relaxing.settings = EnergySettings(beta=0.01, tolerance=None, free_steps=steps)
    model(seen[:10])
    moved.append(relaxing.report.free.residuals.max().item())
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
left.plot(range(1, len(accuracies) + 1), accuracies, "o-")
left.set(xlabel="epoch", ylabel="test accuracy", title="Learning")
right.semilogy(range(1, 31), moved)
right.set(xlabel="free step", ylabel="largest change of a state", title="Coming to rest")
figure.savefig("energy_block.png", dpi=120)
