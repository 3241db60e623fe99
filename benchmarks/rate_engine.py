"""Speed of the torch engine against the public code of C-EP: samples per second, and errors after equal training.

    python benchmarks/rate_engine.py                     # this engine alone
    python benchmarks/rate_engine.py --peer DIR          # DIR: a checkout of github.com/ernoult/continualEP

Both train 784-512-10 on MNIST from the same initial weights, with the phases, batch size and nudge (outside the
activation) of that code's own commands, on one thread of the CPU, taking turns on the same samples. Speeds are
samples per second of that thread's own time, which a busy machine changes less than time on the wall; the table
gives the median of the rounds and, in brackets, the slowest and the fastest. Batches are handed over ready, so
neither loads data. Afterwards each reads the whole test set. DIR needs MNIST in DIR/data, as its code asks.
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

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

TEST_BATCH = 500


class Side(Protocol):
    """One of the two that are compared. Images are (samples, pixels), labels (samples,)."""

    def train(self, images: np.ndarray, labels: np.ndarray) -> None:
        """Learn from the samples, batch by batch."""
        ...

    def error(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Percentage read wrongly."""
        ...


class Batches:
    """What the public code expects of a data loader: pairs of tensors, and the data set's length."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, size: int) -> None:
        data = torch.from_numpy(images.astype(np.float32) / 255)
        targets = torch.eye(10)[torch.tensor(labels)]
        self.dataset = labels
        self._pairs = list(zip(data.split(size), targets.split(size), strict=True))

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return iter(self._pairs)


class Own:
    """This engine."""

    def __init__(self, model: str) -> None:
        lower, upper, free, nudged, beta = OWN[model]
        settings = (
            "dynamics.nudge=outside", f"training.learning_rates=[{lower}, {upper}]",
            f"rule.free_steps={free}", f"rule.nudged_steps={nudged}", f"rule.beta={beta}",
        )  # fmt: skip
        self.session = TorchSession(
            resolve(model, "mnist", overrides=settings).model.system  # type: ignore[arg-type]
        )

    def train(self, images: np.ndarray, labels: np.ndarray) -> None:
        """See `Side`."""
        keys = np.arange(BATCH, dtype=np.uint64)
        for first in range(0, len(images), BATCH):
            part = slice(first, first + BATCH)
            self.session.fit(images[part], labels[part], keys, 1.0, first)

    def error(self, images: np.ndarray, labels: np.ndarray) -> float:
        """See `Side`."""
        self.session.take_counts()
        scores = self.session.scores(images, np.arange(len(images), dtype=np.uint64))
        return float(100 * np.mean(scores.argmax(1) != labels))


class Public:
    """The public code, imported from its checkout with the options of one model.

    Args:
        weights: to start from, by this engine's names.
    """

    def __init__(self, folder: Path, model: str, weights: dict[str, np.ndarray]) -> None:
        options = f"main.py --action train --discrete --size_tab 10 512 784 --device-label -1 {PEER[model]}"
        for name in ("main", "netClasses", "netFunctions", "plotFunctions"):
            sys.modules.pop(name, None)
        arguments, here = sys.argv, Path.cwd()
        sys.argv = options.split()
        os.chdir(folder)
        try:
            classes = importlib.import_module("netClasses")
            self.functions: Any = importlib.import_module("netFunctions")
            self.net: Any = classes.EPdisc(importlib.import_module("main").args)
        finally:
            sys.argv = arguments
            os.chdir(here)
        pairs = ((2, "input-hidden", "hidden.bias"), (0, "hidden-output", "output.bias"))
        for place, weight, bias in pairs:  # its layers are counted from the output
            self.net.w[place].weight.data.copy_(torch.from_numpy(weights[weight].T))
            self.net.w[place].bias.data.copy_(torch.from_numpy(weights[bias]))

    def train(self, images: np.ndarray, labels: np.ndarray) -> None:
        """See `Side`."""
        with contextlib.redirect_stdout(io.StringIO()):
            self.functions.train(self.net, Batches(images, labels, BATCH), 1, "ep")

    def error(self, images: np.ndarray, labels: np.ndarray) -> float:
        """See `Side`."""
        with contextlib.redirect_stdout(io.StringIO()):
            return float(self.functions.evaluate(self.net, Batches(images, labels, TEST_BATCH)))


def compare(model: str, options: argparse.Namespace) -> None:
    """Let the sides take turns, and print speeds, their ratio and the errors."""
    train, test = (load_task("mnist").load(split) for split in ("train", "test"))
    own = Own(model)
    sides: dict[str, Side] = {"eqspike": own}
    if options.peer:
        sides["public"] = Public(options.peer.resolve(), model, own.session.weights())
    speeds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(options.rounds):
        part = slice(number * options.samples, (number + 1) * options.samples)
        for name, side in sides.items():
            started = time.thread_time()
            side.train(train.images[part], train.labels[part])
            speeds[name].append(options.samples / (time.thread_time() - started))
    for name, side in sides.items():
        error = side.error(test.images, test.labels)
        print(f"{model}, {name}: {spread(speeds[name], 0)}; test error {error:.2f} %", flush=True)
    if options.peer:
        ratios = [a / b for a, b in zip(speeds["eqspike"], speeds["public"], strict=True)]
        print(f"{model}, ratio: {spread(ratios, 1)}", flush=True)


def spread(values: list[float], digits: int) -> str:
    """Median and, in brackets, extremes."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--peer", type=Path, help="checkout of the public code")
    parser.add_argument("--samples", type=int, default=2000, help="per round (default: 2000)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.peer:
        sys.path.insert(0, str(options.peer.resolve()))
    torch.set_num_threads(1)
    print(
        f"after {options.rounds} rounds of {options.samples} samples of MNIST, batches of {BATCH}"
    )
    print("model, code: samples per second, median (slowest to fastest)")
    for model in PEER:
        compare(model, options)


if __name__ == "__main__":
    main()
