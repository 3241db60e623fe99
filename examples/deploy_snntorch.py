"""A network trained in snnTorch, in Loihi's integers, in Lava, and priced: python examples/deploy_snntorch.py"""

import sys

import matplotlib.pyplot as plt
import nir
import numpy as np
import snntorch as snn
import torch
from snntorch import utils
from snntorch.export_nir import export_to_nir
from torch import nn

import eqspike

quick, STEPS = "quick" in sys.argv[1:], 30
torch.manual_seed(0)
task, most = eqspike.load_task("digits"), 100 if quick else 10_000
train, test = task.load("train").limit(most), task.load("test").limit(most)


def spikes_of(images, seed):
    """Poisson spikes, (samples, steps, pixels)."""
    drawn = np.random.default_rng(seed).random((len(images), STEPS, 64))
    return (drawn < images[:, None] / 255).astype(np.uint8)


def leaky(size):
    """Reset in the step of the spike, as on Loihi."""
    kept, threshold = 0.9 * torch.ones(size), torch.ones(size)
    return snn.Leaky(kept, threshold, init_hidden=True, reset_mechanism="zero", reset_delay=False)


network = nn.Sequential(nn.Linear(64, 48), leaky(48), nn.Linear(48, 10), leaky(10))
optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
sent, labels = torch.tensor(spikes_of(train.images, 1)).float(), torch.tensor(train.labels)
losses = []
for _epoch in range(1 if quick else 4):
    for part in torch.randperm(len(labels)).split(50):
        utils.reset(network)
        optimiser.zero_grad()
        counted = sum(network(sent[part, step]) for step in range(STEPS))
        loss = nn.functional.cross_entropy(counted, labels[part])
        loss.backward()
        optimiser.step()
        losses.append(loss.item())

nir.write("network.nir", export_to_nir(network, torch.zeros(64)))
how = {"step_ms": 0.1, "labels": test.labels, "lava": True, "out": "runs/deploy_snntorch"}
found = eqspike.deploy_nir("network.nir", spikes_of(test.images, 2), **how)
(chip,) = eqspike.estimate_run("runs/deploy_snntorch/counts.json", "loihi1").chips
estimate = chip.inference.estimate
bound, energy = "at least " if estimate.lower_bound else "", estimate.per_sample.typical * 1e6
print(f"Lava: {found.lava_differing} spikes differ; Loihi: {bound}{energy:.2f} uJ per inference")

figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
axes.plot(losses)
title = "Accuracy {floats:.1%} in snnTorch's floats, {integers:.1%} in Loihi's integers"
axes.set(title=title.format(**found.accuracy), xlabel="batch", ylabel="loss in snnTorch")
figure.savefig("deploy_snntorch.png", dpi=120)
