"""Speed of the torch engine against public code of C-EP and of binary EP, and errors after equal training.

    python benchmarks/rate_engine.py                     # this engine alone
    python benchmarks/rate_engine.py --peer DIR          # DIR: a checkout of github.com/ernoult/continualEP
    python benchmarks/rate_engine.py --binary-peer DIR   # of github.com/jlaydevant/Binary-Equilibrium-Propagation

Both train on MNIST from the same initial weights, with the sizes, phases, batches and nudge (outside the
activation) of that code's own commands, on one thread of the CPU, taking turns on the same samples. Speeds are
samples per second of that thread's own time, which a busy machine changes less than time on the wall; the table
gives the median of the rounds and, in brackets, the slowest and the fastest. Batches are handed over ready, so
neither loads data. Afterwards each reads the same test samples. A checkout needs MNIST in DIR/data, as its code
asks, and what its code imports. It is run as it is: it takes its options from the command line.
Binary EP is nudged with one sign only, since that code draws a sign for each batch and this engine for each
sample; that code also clips nudged outputs to [0, 1].
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

BINARY = "binary-ep-w-4096"
BATCHES = {"ep-512": 20, "cep-512": 20, BINARY: 64}
PEER = {
    "ep-512": "--lr_tab 0.04 0.08 --T 30 --Kmax 10 --beta 0.1",
    "cep-512": "--lr_tab 0.0028 0.0056 --T 40 --Kmax 15 --beta 0.2 --cep",
}
BINARY_PEER = (
    "main.py --device -1 --dataset mnist --optim ep --archi fc --binary_settings bin_W --layersList 10 4096 784 "
    "--activationFun hardsigm --T 50 --Kmax 10 --beta 0.3 --random_beta 0 --gamma 1e-5 1e-4 "
    "--gradThreshold 5e-7 5e-7 --lrBias 0.025 0.05 --batchSize 64 --learnAlpha 0"
)
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
        settings: tuple[str, ...] = ("rule.beta_sign=positive",)
        if model in OWN:
            lower, upper, free, nudged, beta = OWN[model]
            settings = (
                "dynamics.nudge=outside", f"training.learning_rates=[{lower}, {upper}]",
                f"rule.free_steps={free}", f"rule.nudged_steps={nudged}", f"rule.beta={beta}",
            )  # fmt: skip
        self.batch = BATCHES[model]
        self.session = TorchSession(
            resolve(model, "mnist", overrides=settings).model.system  # type: ignore[arg-type]
        )

    def train(self, images: np.ndarray, labels: np.ndarray) -> None:
        """See `Side`."""
        keys = np.arange(self.batch, dtype=np.uint64)
        for first in range(0, len(images), self.batch):
            part = slice(first, first + self.batch)
            self.session.fit(images[part], labels[part], keys, 1.0, first)

    def error(self, images: np.ndarray, labels: np.ndarray) -> float:
        """See `Side`."""
        self.session.take_counts()
        scores = self.session.scores(images, np.arange(len(images), dtype=np.uint64))
        return float(100 * np.mean(scores.argmax(1) != labels))


def imported(folder: Path, options: str, *names: str) -> list[Any]:
    """Modules of a checkout by name, imported as if its `main.py` had been started with the options.

    Its `main` and the module of its networks import each other; the latter has to come first.
    """
    for name in (*names, "plotFunctions", "plotFunction"):
        sys.modules.pop(name, None)
    arguments, here, path = sys.argv, Path.cwd(), sys.path
    sys.argv, sys.path = options.split(), [str(folder), *sys.path]
    os.chdir(folder)
    try:
        return [importlib.import_module(name) for name in names]
    finally:
        sys.argv, sys.path = arguments, path
        os.chdir(here)


def start_from(weights: dict[str, np.ndarray], layers: Any, hidden: int) -> None:
    """Give linear layers, counted from the output, this engine's initial weights."""
    for place, coupling, layer in (
        (hidden, "input-hidden", "hidden"),
        (0, "hidden-output", "output"),
    ):
        layers[place].weight.data.copy_(torch.from_numpy(weights[coupling].T))
        layers[place].bias.data.copy_(torch.from_numpy(weights[f"{layer}.bias"]))


class Public:
    """The public code of C-EP, with the options of one model and initial weights by this engine's names."""

    def __init__(self, folder: Path, model: str, weights: dict[str, np.ndarray]) -> None:
        options = f"main.py --action train --discrete --size_tab 10 512 784 --device-label -1 {PEER[model]}"
        classes, main, self.functions = imported(
            folder, options, "netClasses", "main", "netFunctions"
        )
        self.net, self.batch = classes.EPdisc(main.args), BATCHES[model]
        start_from(weights, self.net.w, 2)

    def train(self, images: np.ndarray, labels: np.ndarray) -> None:
        """See `Side`."""
        with contextlib.redirect_stdout(io.StringIO()):
            self.functions.train(self.net, Batches(images, labels, self.batch), 1, "ep")

    def error(self, images: np.ndarray, labels: np.ndarray) -> float:
        """See `Side`."""
        with contextlib.redirect_stdout(io.StringIO()):
            return float(self.functions.evaluate(self.net, Batches(images, labels, TEST_BATCH)))


class PublicBinary:
    """The public code of binary EP, with initial weights by this engine's names."""

    def __init__(self, folder: Path, model: str, weights: dict[str, np.ndarray]) -> None:
        networks, main, self.tools = imported(folder, BINARY_PEER, "Network", "main", "Tools")
        self.options, self.batch = main.args, BATCHES[model]
        self.net = networks.Network_fc_bin_W(self.options)
        start_from(weights, self.net.W, 1)

    def train(self, images: np.ndarray, labels: np.ndarray) -> None:
        """See `Side`."""
        with contextlib.redirect_stderr(io.StringIO()):
            self.tools.train_fc(
                self.net, self.options, Batches(images, labels, self.batch), 0, optim="ep"
            )

    def error(self, images: np.ndarray, labels: np.ndarray) -> float:
        """See `Side`."""
        batches = Batches(images, labels, TEST_BATCH)
        return float(self.tools.test_fc(self.net, self.options, batches)[0])


def compare(model: str, folder: Path | None, options: argparse.Namespace) -> None:
    """Let the sides take turns, and print speeds, their ratio and the errors."""
    train, test = (load_task("mnist").load(split) for split in ("train", "test"))
    own = Own(model)
    sides: dict[str, Side] = {"eqspike": own}
    if folder:
        other = PublicBinary if model == BINARY else Public
        sides["public"] = other(folder.resolve(), model, own.session.weights())
    speeds: dict[str, list[float]] = {name: [] for name in sides}
    size = options.samples // own.batch * own.batch
    for number in range(options.rounds):
        part = slice(number * size, (number + 1) * size)
        for name, side in sides.items():
            started = time.thread_time()
            side.train(train.images[part], train.labels[part])
            speeds[name].append(size / (time.thread_time() - started))
    images, labels = test.images[: options.test_samples], test.labels[: options.test_samples]
    for name, side in sides.items():
        error = side.error(images, labels)
        print(f"{model}, {name}: {spread(speeds[name], 0)}; test error {error:.2f} %", flush=True)
    if folder:
        ratios = [a / b for a, b in zip(speeds["eqspike"], speeds["public"], strict=True)]
        print(f"{model}, ratio: {spread(ratios, 1)}", flush=True)


def spread(values: list[float], digits: int) -> str:
    """Median and, in brackets, extremes."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--peer", type=Path, help="checkout of the public code of C-EP")
    parser.add_argument("--binary-peer", type=Path, help="checkout of that of binary EP")
    parser.add_argument("--samples", type=int, default=2000, help="per round (default: 2000)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--test-samples", type=int, default=10_000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{options.rounds} rounds of {options.samples} samples of MNIST")
    print("model, code: samples per second, median (slowest to fastest)")
    models = (BINARY,) if options.binary_peer else tuple(PEER)
    for model in models:
        compare(model, options.binary_peer or options.peer, options)


if __name__ == "__main__":
    main()
