"""Speed of the fast engine: ratios to a dense batched PyTorch implementation of the same dynamics and rule.

Both sides train the same network on the same MNIST images with the same number of steps, alternating within one
run; the table gives samples per second (median over rounds) and ratios. `make bench` runs it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from eqspike.core.random_stream import draws
from eqspike.engines.fast import FastSession
from eqspike.experiment import load_model
from eqspike.systems import System
from eqspike.tasks import load_task

PIXEL_LEVELS = 256


class DenseTorch:
    """EqSpike as one writes it in PyTorch: every step is a few dense products over the whole batch.

    The same sigma-delta neurons, traces and rule as `core.neurons` and `rules.eqspike`, one hidden layer,
    float32, no autograd. Input spikes come from a table, as in the fast engine.
    """

    def __init__(self, system: System, seed: int) -> None:
        rule = system.rule
        self.system, self.rule = system, rule
        pattern = system.encoder.pattern(rule.free_steps + rule.nudged_steps)
        self.pattern = torch.from_numpy(pattern.astype(np.float32))
        generator = torch.Generator().manual_seed(seed)
        sizes = [layer.size for layer in system.network.layers]
        self.weights = [
            (torch.rand(a, b, generator=generator) * 2 - 1) / a**0.5 for a, b in pairwise(sizes)
        ]
        self.biases = [torch.zeros(size) for size in sizes[1:]]

    @torch.no_grad()
    def fit(self, images: torch.Tensor, labels: torch.Tensor) -> int:
        rule, neuron = self.rule, self.system.neuron
        batch = len(images)
        (w1, w2), (b1, b2) = self.weights, self.biases
        hidden, output = w1.shape[1], w2.shape[1]
        spikes_in = self.pattern[images.long()].permute(2, 0, 1).contiguous()
        state = [torch.zeros(5, batch, size) for size in (hidden, output)]
        for layer in state:
            layer[2] = neuron.initial_potential
        spikes = [torch.zeros(batch, hidden), torch.zeros(batch, output)]
        target = torch.zeros(batch, output).scatter_(1, labels[:, None], rule.target_rate)
        beta = (torch.randint(0, 2, (batch, 1)) * 2.0 - 1) * rule.beta
        scores = torch.zeros(batch, output)
        changes = [torch.zeros_like(w) for w in self.weights]
        bias_changes = [torch.zeros_like(b) for b in self.biases]
        gain = 1 / (rule.tau_slow - rule.tau_fast)
        for step in range(rule.free_steps + rule.nudged_steps):
            nudged = step >= rule.free_steps
            drives = [
                torch.addmm(b1, spikes_in[step], w1).addmm_(spikes[1], w2.T),
                torch.addmm(b2, spikes[0], w2),
            ]
            for index, (layer, drive) in enumerate(zip(state, drives, strict=True)):
                layer[0] += neuron.synaptic_filter * (drive - layer[0])
                goal = layer[0]
                if nudged and index == 1:
                    goal = goal + beta * (target - layer[3])
                layer[1] += neuron.relaxation * (goal - layer[1])
                layer[2] += layer[1].clamp(0, 1)
                spikes[index] = (layer[2] >= 1).float()
                layer[2] -= spikes[index]
                layer[3] += (spikes[index] - layer[3]) / rule.tau_fast
                layer[4] += (spikes[index] - layer[4]) / rule.tau_slow
            if rule.free_steps - rule.readout_steps <= step < rule.free_steps:
                scores += spikes[1]
            if nudged:
                d1 = (state[0][3] - state[0][4]) * (gain / beta)
                d2 = (state[1][3] - state[1][4]) * (gain / beta)
                changes[0].addmm_(spikes_in[step].T, d1)
                changes[1].addmm_(spikes[0].T, d2).addmm_(d1.T, spikes[1])
                bias_changes[0] += d1.sum(0)
                bias_changes[1] += d2.sum(0)
        for index, rate in enumerate(self.system.learning_rates):
            self.weights[index] += changes[index] * (rate / batch)
            self.biases[index] += bias_changes[index] * (rate / batch)
        return int((scores.argmax(1) == labels).sum())


def fast_trainer(
    system: System, images: np.ndarray, labels: np.ndarray, batch: int
) -> Callable[[], int]:
    session = FastSession(system)
    keys = draws(1, np.arange(len(images), dtype=np.uint64))

    def run() -> int:
        right = 0
        for first in range(0, len(images), batch):
            part = slice(first, first + batch)
            scores = session.fit(images[part], labels[part], keys[part], 1.0, first)
            right += int((scores.argmax(1) == labels[part]).sum())
        session.take_counts()
        return right

    return run


def torch_trainer(
    system: System, images: np.ndarray, labels: np.ndarray, batch: int
) -> Callable[[], int]:
    dense = DenseTorch(system, 0)
    pixels, targets = torch.from_numpy(images.copy()), torch.from_numpy(labels.copy())

    def run() -> int:
        right = 0
        for first in range(0, len(images), batch):
            right += dense.fit(pixels[first : first + batch], targets[first : first + batch])
        return right

    return run


def fast_reader(system: System, images: np.ndarray) -> Callable[[], int]:
    session = FastSession(system)
    keys = draws(2, np.arange(len(images), dtype=np.uint64))

    def run() -> int:
        session.scores(images, keys)
        session.take_counts()
        return 0

    return run


def alternate(runs: dict[str, tuple[Callable[[], int], int]], rounds: int) -> dict[str, float]:
    """Median samples per second of each contender, one after the other within each round."""
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for run, _ in runs.values():
        run()
    for _ in range(rounds):
        for name, (run, samples) in runs.items():
            started = time.perf_counter()
            run()
            rates[name].append(samples / (time.perf_counter() - started))
    return {name: statistics.median(values) for name, values in rates.items()}


def vector_rate() -> float:
    """Additions per second of one core on vectors that stay in its first cache: the machine's floor."""
    import numba

    @numba.njit(nogil=True)
    def add(total: Any, row: Any, repeats: Any) -> None:
        for _ in range(repeats):
            for i in range(total.shape[0]):
                total[i] += row[i]

    total, row = np.zeros(1024, np.float32), np.full(1024, 1e-9, np.float32)
    add(total, row, 1)
    best = 0.0
    for _ in range(5):
        started = time.perf_counter()
        add(total, row, 200_000)
        best = max(best, 1024 * 200_000 / (time.perf_counter() - started))
    return best


def additions_per_sample(system: System, images: np.ndarray, labels: np.ndarray) -> float:
    """Additions the counted events stand for: one per synaptic operation and per rule evaluation."""
    with FastSession(system) as session:
        session.fit(images, labels, draws(1, np.arange(len(images), dtype=np.uint64)), 1.0, 0)
        counts = session.take_counts()
    total = 0
    for phase in counts.phases.values():
        total += sum(c.synaptic_operations for c in phase.couplings.values())
        total += sum(p.rule_evaluations for p in phase.plasticity.values())
    return total / counts.samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="eqspike-100")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    model = load_model(options.model)
    system = replace(model.system, precision="float32")
    split = load_task("mnist-sample").load("train")
    order = np.random.default_rng(0).permutation(len(split))[: options.samples]
    images, labels = split.images[order], split.labels[order]
    batch, samples = model.batch_size, len(images)
    runs = {f"fast, batch {batch}": (fast_trainer(system, images, labels, batch), samples)}
    runs["fast, reading out"] = (fast_reader(system, images), samples)
    torch_batches = sorted({batch, 64, 250, 1000})
    for size in torch_batches:
        few = min(samples, max(size, 100))
        run = torch_trainer(system, images[:few], labels[:few], size)
        runs[f"torch, batch {size}"] = (run, few)
    rates = alternate(runs, options.rounds)
    fast = rates[f"fast, batch {batch}"]
    steps = system.rule.free_steps + system.rule.nudged_steps
    print(f"{options.model}, {steps} steps a sample, {torch.get_num_threads()} threads, float32")
    for name, rate in rates.items():
        print(f"  {name:22s} {rate:9.0f} samples/s   fast is {fast / rate:6.2f} times as fast")
    best = max(torch_batches, key=lambda size: rates[f"torch, batch {size}"])
    print(f"ratio at equal batch size ({batch}): {fast / rates[f'torch, batch {batch}']:.1f}")
    print(f"ratio at torch's best batch size ({best}): {fast / rates[f'torch, batch {best}']:.1f}")
    additions = additions_per_sample(system, images[:200], labels[:200])
    floor = vector_rate() * torch.get_num_threads()
    print(
        f"counted events stand for {additions / 1e6:.2f} million additions a sample; adding vectors from the "
        f"first cache at {floor / 1e9:.1f} thousand million a second would make {floor / additions:.0f} "
        f"samples/s; the engine reaches {fast * additions / floor:.0%} of that"
    )


if __name__ == "__main__":
    main()
