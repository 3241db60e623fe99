"""Time of a training step of a deep convolutional Hopfield network as an EnergyBlock, and what it learns.

    python benchmarks/energy_block.py                                   # step times of dchn-quarter
    python benchmarks/energy_block.py --network dchn --batch 32 --equal # as published: all 60 + 2 x 15 steps
    python benchmarks/energy_block.py --train 5000 --epochs 3 --batch 32 --beta 0.1 --low   # accuracy on MNIST

Times are of the processor, on one thread, of forward and backward without optimiser and data: the fastest of the
rounds, at initial weights. Rates, momentum and decay of the training are the published ones (Scellier, Ernoult,
Kendall and Kumar, NeurIPS 2023); its images are padded to 32 x 32 and not augmented. Weights start with a gain of
0.7 instead of 0.5, with which so few steps do not leave the plateau where all outputs are a tenth.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import torch
from torch import Tensor

from eqspike.nn import DCHN_SETTINGS, DCHN_WIDTHS, EnergyBlock, EnergySettings, dchn
from eqspike.tasks import load_task

RATES = (0.0625, 0.0375, 0.025, 0.02, 0.0125)
MEAN, DEVIATION = 0.1307, 0.3081
VARIANTS = {
    "difference, float32": {},
    "difference, bfloat16": {"precision": torch.bfloat16, "tolerance": 4e-3},
    "two states, float32": {"form": "two-states"},
}


def images_of(split: str, number: int) -> tuple[Tensor, Tensor]:
    """The first samples of MNIST: (samples, 1, 32, 32), and labels."""
    data = load_task("mnist").load(split)
    pixels = torch.tensor(data.images[:number]).view(-1, 1, 28, 28).float() / 255
    padded = torch.nn.functional.pad(pixels, (2, 2, 2, 2))
    return (padded - MEAN) / DEVIATION, torch.tensor(data.labels[:number]).long()


def step(block: EnergyBlock, images: Tensor, labels: Tensor) -> Tensor:
    """Forward and backward; returns how many are right."""
    outputs = block(images)
    targets = torch.eye(outputs.shape[1])[labels]
    (0.5 * (outputs - targets).square().sum() / len(images)).backward()
    return (outputs.argmax(1) == labels).sum()


def measure(options: argparse.Namespace) -> None:
    """Print the time of a step of each variant."""
    images, labels = images_of("train", options.batch)
    equal = {"tolerance": None, "nudged_tolerance": None} if options.equal else {}
    print(
        f"{options.network}, batch {options.batch}: seconds a step, samples/s, free and nudged steps"
    )
    for name, changes in VARIANTS.items():
        torch.manual_seed(0)
        block = dchn(options.network, settings=replace(DCHN_SETTINGS, **(changes | equal)))
        times = []
        for _ in range(options.rounds):
            started = time.thread_time()
            step(block, images, labels)
            times.append(time.thread_time() - started)
        free, nudged = block.report.free, block.report.nudged
        if free is None or nudged is None:
            continue
        best = min(times)
        print(
            f"{name}: {best:.3f} s, {options.batch / best:.1f}, {free.steps} + {nudged.steps}",
            flush=True,
        )


def train(options: argparse.Namespace) -> None:
    """Train and print the accuracy after each epoch."""
    images, labels = images_of("train", options.train)
    seen, known = images_of("test", options.test)
    torch.manual_seed(options.seed)
    settings: EnergySettings = replace(DCHN_SETTINGS, beta=options.beta)
    if options.low:
        settings = replace(
            settings, precision=torch.bfloat16, tolerance=4e-3, nudged_tolerance=1e-2
        )
    block = dchn(options.network, settings=settings, gains=options.gain)
    groups = [
        {"params": tensors, "lr": rate}
        for tensors, rate in zip(block.layer_parameters(), RATES, strict=True)
    ]
    optimiser = torch.optim.SGD(groups, momentum=0.9, weight_decay=3e-4)
    steps = options.epochs * (len(images) // options.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, 2e-6)
    for epoch in range(options.epochs):
        started, right, done, free_steps = time.time(), 0, 0, 0
        for part in torch.randperm(len(images)).split(options.batch):
            if len(part) < options.batch:
                continue
            optimiser.zero_grad()
            right += int(step(block, images[part], labels[part]))
            optimiser.step()
            schedule.step()
            done += len(part)
            free_steps += block.report.free.steps if block.report.free else 0
        with torch.no_grad():
            read = torch.cat([block(each).argmax(1) for each in seen.split(500)])
        print(
            f"epoch {epoch + 1}: train {right / done:.2%}, test {float((read == known).float().mean()):.2%}, "
            f"{free_steps * options.batch / done:.1f} free steps a batch, {time.time() - started:.0f} s",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--network", choices=tuple(DCHN_WIDTHS), default="dchn-quarter")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--equal", action="store_true", help="do all steps instead of stopping at rest"
    )
    parser.add_argument(
        "--train", type=int, metavar="IMAGES", help="train on so many images instead"
    )
    parser.add_argument("--test", type=int, default=2000, metavar="IMAGES")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--beta", type=float, default=DCHN_SETTINGS.beta)
    parser.add_argument("--gain", type=float, default=0.7, help="of initial weights, in training")
    parser.add_argument("--low", action="store_true", help="train in bfloat16")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    train(options) if options.train else measure(options)


if __name__ == "__main__":
    main()
