"""A network trained in snnTorch, in Loihi's integers, in Lava, and priced: python examples/deploy_snntorch.py

The picture shows the loss while snnTorch trains, and the accuracy before and after rounding to integers.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nir
import numpy as np
import snntorch as snn
import torch
from snntorch import utils
from snntorch.export_nir import export_to_nir
from torch import nn

import eqspike

quick = "quick" in sys.argv[1:]
STEPS = 30
torch.manual_seed(0)
train, test = (eqspike.load_task("digits").load(split) for split in ("train", "test"))
train, test = train.limit(200 if quick else None), test.limit(20 if quick else None)


def spikes_of(images, seed):
    """Poisson spikes, (samples, steps, pixels)."""
    drawn = np.random.default_rng(seed).random((len(images), STEPS, images.shape[1]))
    return (drawn < images[:, None] / 255).astype(np.uint8)


def leaky(size):
    """Reset to 0 in the step of the spike, as on Loihi."""
    kept, threshold = 0.9 * torch.ones(size), torch.ones(size)
    return snn.Leaky(kept, threshold, init_hidden=True, reset_mechanism="zero", reset_delay=False)


network = nn.Sequential(nn.Linear(64, 48), leaky(48), nn.Linear(48, 10), leaky(10))
optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
sent, labels = torch.tensor(spikes_of(train.images, 1)).float(), torch.tensor(train.labels)
losses = []
for _epoch in range(1 if quick else 4):
    for part in torch.randperm(len(labels)).split(50):
        utils.reset(network)
        loss = nn.functional.cross_entropy(
            sum(map(network, sent[part].transpose(0, 1))), labels[part]
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())

folder = Path("runs/deploy_snntorch")
folder.mkdir(parents=True, exist_ok=True)
nir.write(folder / "network.nir", export_to_nir(network, torch.zeros(64)))
found = eqspike.deploy_nir(
    folder / "network.nir", spikes_of(test.images, 2), step_ms=0.1, labels=test.labels, lava=True, out=folder
)  # fmt: skip
accuracy = f"accuracy {found.accuracy['floats']:.1%} in floats, {found.accuracy['integers']:.1%} in integers"
(chip,) = eqspike.estimate_run(folder / "counts.json", "loihi1").chips
energy = chip.inference.estimate.per_sample
print(f"{accuracy}; Lava: {found.lava_differing} spikes differ")
print(f"{energy.low * 1e6:.3g} to {energy.high * 1e6:.3g} uJ per inference on Loihi")
figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
axes.plot(losses)
axes.set(xlabel="batch", ylabel="cross-entropy in snnTorch", title=accuracy)
figure.savefig("deploy_snntorch.png", dpi=120)
