"""A network trained in snnTorch, in Loihi's integers, in Lava, and priced: python examples/deploy_snntorch.py"""

import tempfile
from pathlib import Path

import nir
import numpy as np
import snntorch as snn
import torch
from snntorch import utils
from snntorch.export_nir import export_to_nir
from torch import nn

import eqspike
from eqspike.energy.text import si

STEPS = 30
torch.manual_seed(0)
train, test = (eqspike.load_task("digits").load(split) for split in ("train", "test"))


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
for _epoch in range(4):
    for part in torch.randperm(len(labels)).split(50):
        utils.reset(network)
        counted = sum(network(sent[part, step]) for step in range(STEPS))
        optimiser.zero_grad()
        nn.functional.cross_entropy(counted, labels[part]).backward()
        optimiser.step()

folder = Path(tempfile.mkdtemp())
nir.write(folder / "network.nir", export_to_nir(network, torch.zeros(64)))
found = eqspike.deploy_nir(
    folder / "network.nir", spikes_of(test.images, 2), step_ms=0.1, labels=test.labels, lava=True, out=folder
)  # fmt: skip
print(
    f"accuracy {found.accuracy['floats']:.1%} in floats, {found.accuracy['integers']:.1%} in integers"
)
print(f"Lava: {found.lava_differing} spikes differ")
(chip,) = eqspike.estimate_run(folder / "counts.json", "loihi1").chips
energy = chip.inference.estimate.per_sample
print(f"{si(energy.low, 'J')} to {si(energy.high, 'J')} per inference on Loihi; files in {folder}")
