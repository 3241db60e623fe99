"""Our synaptic operations beside those that NeuroBench counts: a run of ours, and a network of snnTorch.

Needs `pip install neurobench nir` beside eqspike. Exit status 1 if any count differs.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import snntorch
import torch
from neurobench.benchmarks import Benchmark
from neurobench.metrics.workload import SynapticOperations
from neurobench.models import SNNTorchModel, TorchModel
from snntorch.export_nir import export_to_nir
from torch.utils.data import DataLoader, TensorDataset

from eqspike.core.counts import EventCounts
from eqspike.core.grid import snap
from eqspike.core.learner import Arrays
from eqspike.core.random_stream import draws
from eqspike.counting import count_nir
from eqspike.engines.fast import FastSession
from eqspike.experiment import load_configuration
from eqspike.systems import System
from eqspike.tasks import load_task
from eqspike.training import RunFolder

BATCH = 20
"""Samples at a time: NeuroBench sums in float32, which is exact below 2^24."""


class OurNetwork(torch.nn.Module):
    """A current-based network of ours in PyTorch: a linear layer for each direction of each coupling.

    An operation belongs to the step of its spike, and a spike of a neuron is delivered one step later: the spikes
    of the last step are delivered once more after it.
    """

    def __init__(self, system: System, weights: Arrays) -> None:
        super().__init__()
        self.system = system
        self.weights = {
            name: torch.tensor(array, dtype=torch.float32) for name, array in weights.items()
        }
        self.ways = torch.nn.ModuleDict()
        for coupling in system.network.couplings:
            matrix = self.weights[coupling.name]
            self._add(coupling.directions[0], matrix.T)
            if coupling.bidirectional:
                self._add(coupling.directions[1], matrix)

    def _add(self, name: str, matrix: torch.Tensor) -> None:
        layer = torch.nn.Linear(matrix.shape[1], matrix.shape[0], bias=False)
        layer.weight.data = matrix.contiguous()
        self.ways[name] = layer

    def forward(self, sent: torch.Tensor) -> torch.Tensor:
        """Spikes (samples, steps, neurons) of all free neurons for an input (samples, steps, pixels)."""
        neuron, network = self.system.neuron, self.system.network
        spikes = {layer.name: torch.zeros(len(sent), layer.size) for layer in network.free_layers}
        current, potential = (dict(spikes) for _ in range(2))
        rows = []
        for step in sent.unbind(1):
            drive = self._deliver({**spikes, network.input.name: step})
            for name in spikes:
                current[name] = current[name] * (1 - neuron.current_decay) + drive[name]
                v = (potential[name] * (1 - neuron.voltage_decay) + current[name]) + self.weights[
                    f"{name}.bias"
                ]
                spikes[name] = (v > neuron.threshold).float()
                potential[name] = torch.where(spikes[name] > 0, torch.zeros(()), v)
            rows.append(torch.cat(list(spikes.values()), 1))
        self._deliver({**spikes, network.input.name: torch.zeros_like(sent[:, 0])})
        return torch.stack(rows, 1)

    def _deliver(self, spikes: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        drive: dict[str, torch.Tensor] = {}
        for name, layer in self.ways.items():
            source, target = name.split("->")
            arriving = layer(spikes[source])
            drive[target] = drive[target] + arriving if target in drive else arriving
        return drive


def leaky(*shape: int, output: bool = False) -> Any:
    """Neurons whose constants have the shape of the layer, which snnTorch's export needs."""
    beta, threshold = 0.9 * torch.ones(shape), torch.ones(shape)
    return snntorch.Leaky(beta=beta, threshold=threshold, init_hidden=True, output=output)


class Convolutional(torch.nn.Module):
    """A network of snnTorch's own neurons for 8 x 8 images."""

    def __init__(self) -> None:
        super().__init__()
        self.kernels = torch.nn.Conv2d(1, 6, 3, stride=2, padding=1)
        self.maps = leaky(6, 4, 4)
        self.flat = torch.nn.Flatten(1)
        self.full = torch.nn.Linear(96, 10)
        self.out = leaky(10, output=True)

    def forward(self, step: torch.Tensor) -> Any:
        """One time step: spikes and potential of the output."""
        return self.out(self.full(self.flat(self.maps(self.kernels(step)))))


def measured(model: Any, sent: torch.Tensor) -> dict[str, float]:
    """What NeuroBench reports, times the samples: operations of all of them."""
    data = DataLoader(TensorDataset(sent, torch.zeros(len(sent))), batch_size=BATCH)
    found = Benchmark(model, data, [], [], [[], [SynapticOperations]]).run(quiet=True)
    return {name: value * len(sent) for name, value in found["SynapticOperations"].items()}


def compared(title: str, counts: EventCounts, found: Mapping[str, float]) -> bool:
    """Print both; returns whether they are equal."""
    (phase,) = counts.phases.values()
    effective = sum(c.effective_synaptic_operations for c in phase.couplings.values())
    stored = sum(c.synaptic_operations for c in phase.couplings.values())
    accumulates, products = round(found["Effective_ACs"]), round(found["Effective_MACs"])
    print(
        f"{title}, {counts.samples} samples\n"
        f"  effective operations  ours {effective:>12,}   NeuroBench {accumulates:>12,} "
        f"(accumulates; {products:,} multiplications)\n"
        f"  stored synapses       ours {stored:>12,}   NeuroBench's Dense, every synapse at every step: "
        f"{round(found['Dense']):,}"
    )
    return effective == accumulates and not products


def pruned(array: np.ndarray[Any, Any], share: float) -> np.ndarray[Any, Any]:
    """The smallest of the weights set to zero."""
    return np.where(np.abs(array) < np.quantile(np.abs(array), share), 0.0, array)


def our_run(folder: RunFolder, samples: int, share: float) -> bool:
    """A run's network on its test images: the engine's counts and spikes against PyTorch's."""
    configuration = load_configuration(folder.config_path)
    system = configuration.model.system
    split = load_task(configuration.task).load("test").limit(samples)
    keys = draws(1, np.arange(len(split), dtype=np.uint64))
    steps, network = system.rule.free_steps, system.network
    weights = {
        n: a if n.endswith("bias") else pruned(a, share) for n, a in folder.weights().items()
    }
    with FastSession(system) as session:
        session.load(weights)
        raster, _ = session.trace(split.images, split.labels, keys)
        session.scores(split.images, keys)
        counts = session.take_counts()
    sent = np.stack(
        [system.encoder.encode(i, steps, int(k)) for i, k in zip(split.images, keys, strict=True)]
    )
    acting = {name: snap(array, system.precision).astype(float) for name, array in weights.items()}
    model = OurNetwork(system, acting)
    inputs = torch.tensor(sent, dtype=torch.float32)
    with torch.no_grad():
        spikes = model(inputs).numpy()
        found = measured(TorchModel(model), inputs)
    expected = np.concatenate([raster[n.name][:, :steps] for n in network.free_layers], axis=2)
    equal = compared(f"{configuration.model.name}, {share:.0%} of the weights zero", counts, found)
    print(f"  differing spikes      {int((spikes != expected).sum())} of {int(expected.sum()):,}")
    return equal and bool((spikes == expected).all())


def network_of_snntorch(samples: int) -> bool:
    """A convolutional network, half of its weights zero: counted from its NIR graph and recorded spikes."""
    torch.manual_seed(1)
    net = Convolutional()
    for layer in (net.kernels, net.full):
        layer.weight.data = torch.tensor(pruned(3 * layer.weight.detach().numpy(), 0.5))
    images = load_task("digits").load("test").limit(samples).images
    rates = torch.tensor(images / 255, dtype=torch.float32).reshape(len(images), 1, 1, 8, 8)
    sent = (torch.rand(len(images), 25, 1, 8, 8) < rates).float()
    recorded: dict[str, list[torch.Tensor]] = {"maps": [], "out": []}
    net.maps.register_forward_hook(lambda *hook: recorded["maps"].append(hook[2]))
    net.out.register_forward_hook(lambda *hook: recorded["out"].append(hook[2][0]))
    model = SNNTorchModel(net)
    with torch.no_grad():
        model(sent)
        spikes = {name: torch.stack(steps, 1) for name, steps in recorded.items()}
        snntorch.utils.reset(net)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = export_to_nir(net, sent[:1, 0], ignore_dims=[0])
        found = measured(model, sent)
    return compared(
        "snnTorch, convolution and full layer", count_nir({"input": sent, **spikes}, graph), found
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "run", help="folder of a run with current-based neurons, such as eqspike-digits-loihi"
    )
    parser.add_argument("--samples", type=int, default=100)
    options = parser.parse_args()
    folder = RunFolder.open(Path(options.run))
    results = [our_run(folder, options.samples, share) for share in (0.0, 0.5)]
    results.append(network_of_snntorch(options.samples))
    print("all counts equal" if all(results) else "counts differ")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
