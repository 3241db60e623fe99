"""Speed of the torch engine: samples per second, and the ratio to the public code of C-EP.

    python benchmarks/rate_engine.py                     # this engine alone
    python benchmarks/rate_engine.py --peer DIR          # DIR: a checkout of github.com/ernoult/continualEP

Both train 784-512-10 on MNIST with the phases, batch size and nudge (outside the activation) of that code's own
commands, on one thread of the CPU, taking turns. Speeds are samples per second of that thread's own time, which a
busy machine changes less than the time on the wall; the table gives the median of the rounds and, in brackets, the
slowest and the fastest. Batches are handed over ready, so neither loads data. DIR needs MNIST in DIR/data, as its
code asks.
The checkout is run as it is: it takes its options from the command line and finds its parts by importing them.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eqspike.engines.torch import TorchSession
from eqspike.experiment import resolve
from eqspike.tasks import load_task

BATCH = 20
PEER = {
    "ep-512": "--lr_tab 0.04 0.08 --T 30 --Kmax 10 --beta 0.1",
    "cep-512": "--lr_tab 0.0028 0.0056 --T 40 --Kmax 15 --beta 0.2 --cep",
}
OWN = {
    "ep-512": (0.08, 0.04, 30, 10, 0.1),
    "cep-512": (0.0056, 0.0028, 40, 15, 0.2),
}
"""The same: learning rates from the input, free and nudged steps, beta."""

Trainer = Callable[[np.ndarray, np.ndarray], None]
"""Learns from images (samples, pixels) and labels (samples,), batch by batch."""


class Batches:
    """What the public code expects of a data loader: pairs of tensors, and the data set's length."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        data = torch.from_numpy(images.astype(np.float32) / 255)
        targets = torch.eye(10)[torch.tensor(labels)]
        self.dataset = labels
        self._pairs = list(zip(data.split(BATCH), targets.split(BATCH), strict=True))

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return iter(self._pairs)


def own(model: str) -> Trainer:
    """This engine."""
    lower, upper, free, nudged, beta = OWN[model]
    settings = (
        "dynamics.nudge=outside", f"training.learning_rates=[{lower}, {upper}]",
        f"rule.free_steps={free}", f"rule.nudged_steps={nudged}", f"rule.beta={beta}",
    )  # fmt: skip
    session = TorchSession(resolve(model, "mnist", overrides=settings).model.system)  # type: ignore[arg-type]

    def train(images: np.ndarray, labels: np.ndarray) -> None:
        keys = np.arange(BATCH, dtype=np.uint64)
        for first in range(0, len(images), BATCH):
            part = slice(first, first + BATCH)
            session.fit(images[part], labels[part], keys, 1.0, first)

    return train


def peer(folder: Path, model: str) -> Trainer:
    """The public code, imported from its checkout with the options of one model."""
    options = (
        f"main.py --action train --discrete --size_tab 10 512 784 --device-label -1 {PEER[model]}"
    )
    for name in ("main", "netClasses", "netFunctions", "plotFunctions"):
        sys.modules.pop(name, None)
    arguments, here = sys.argv, Path.cwd()
    sys.argv = options.split()
    os.chdir(folder)
    try:
        classes = importlib.import_module("netClasses")
        functions = importlib.import_module("netFunctions")
        net: Any = classes.EPdisc(importlib.import_module("main").args)
    finally:
        sys.argv = arguments
        os.chdir(here)

    def train(images: np.ndarray, labels: np.ndarray) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            functions.train(net, Batches(images, labels), 1, "ep")

    return train


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--peer", type=Path, help="checkout of the public code")
    parser.add_argument("--samples", type=int, default=2000, help="per round (default: 2000)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.peer:
        sys.path.insert(0, str(options.peer.resolve()))
    torch.set_num_threads(1)
    train = load_task("mnist").load("train")
    print("model, code: samples per second, median (slowest to fastest)")
    for model in PEER:
        sides = {"eqspike": own(model)}
        if options.peer:
            sides["public"] = peer(options.peer.resolve(), model)
        speeds: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(options.rounds):
            part = slice(number * options.samples, (number + 1) * options.samples)
            for name, side in sides.items():
                started = time.thread_time()
                side(train.images[part], train.labels[part])
                speeds[name].append(options.samples / (time.thread_time() - started))
        for name, of in speeds.items():
            middle = statistics.median(of)
            print(f"{model}, {name}: {middle:.0f} ({min(of):.0f} to {max(of):.0f})")
        if options.peer:
            ratios = [a / b for a, b in zip(speeds["eqspike"], speeds["public"], strict=True)]
            print(
                f"{model}, ratio: {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
            )


if __name__ == "__main__":
    main()
