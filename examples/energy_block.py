"""An energy-based network between two ordinary torch layers, trained with Adam: python examples/energy_block.py"""

import torch
from torch import nn

from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings
from eqspike.tasks import load_task

torch.manual_seed(0)
train, test = (load_task("digits").load(split) for split in ("train", "test"))
images, seen = (torch.tensor(part.images).flatten(1).float() / 255 for part in (train, test))
labels, known = (torch.tensor(part.labels).long() for part in (train, test))

relaxing = EnergyBlock(
    (64,), [EnergyLayer(128), EnergyLayer(64)], EnergySettings(beta=0.01, tolerance=1e-3)
)
model = nn.Sequential(nn.Linear(64, 64), relaxing, nn.Linear(64, 10))
optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)

for _epoch in range(8):
    for part in torch.randperm(len(images)).split(32):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(images[part]), labels[part]).backward()
        optimiser.step()

right = (model(seen).argmax(1) == known).float().mean()
rest = relaxing.report.free
print(
    f"test accuracy {right:.1%}; moved {rest.residuals.max():.1g} in the last of {rest.steps} steps"
)
