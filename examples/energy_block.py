"""A network that relaxes, between two ordinary torch layers, trained with Adam: python examples/energy_block.py

`loss.backward()` through the block is a contrast of its nudged states. The picture shows the test accuracy.
"""

import sys

import matplotlib.pyplot as plt
import torch
from torch import nn

from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings
from eqspike.tasks import load_task

torch.manual_seed(0)
train, test = (load_task("digits").load(split) for split in ("train", "test"))
images, seen = (torch.tensor(part.images).flatten(1).float() / 255 for part in (train, test))
labels, known = (torch.tensor(part.labels).long() for part in (train, test))

settings = EnergySettings(beta=0.01, tolerance=1e-3)
relaxing = EnergyBlock((64,), [EnergyLayer(128), EnergyLayer(64)], settings)
model = nn.Sequential(nn.Linear(64, 64), relaxing, nn.Linear(64, 10))
optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)

accuracies = []
for _epoch in range(1 if "quick" in sys.argv[1:] else 8):
    for part in torch.randperm(len(images)).split(32):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(images[part]), labels[part]).backward()
        optimiser.step()
    accuracies.append((model(seen).argmax(1) == known).float().mean().item())
print(f"test accuracy {accuracies[-1]:.1%} after {len(accuracies)} epochs")

plt.figure(figsize=(9, 4), layout="tight").add_subplot(xlabel="epoch", ylabel="test accuracy")
plt.plot(range(1, len(accuracies) + 1), accuracies, "o-")
plt.savefig("energy_block.png", dpi=120)
