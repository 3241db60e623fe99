"""Target propagation against backpropagation: cost of a step, angles, accuracy.

    python benchmarks/target_propagation.py cost   --network lenet
    python benchmarks/target_propagation.py angles --network mlp
    python benchmarks/target_propagation.py train  --network mlp --task fashion-mnist --epochs 3

`cost` prints the processor time of one training step of each way of learning, interleaved, as a multiple of
backpropagation's. `angles` holds the forward weights as they start and prints the angle to backpropagation's
gradient in each layer under every kind of feedback. `train` trains with backpropagation and with target
propagation from the same weights, on the same batches, at the same rate (for target propagation divided by beta),
and prints accuracy and angles on the way, one line of JSON each. The data are normalised by mean and deviation of
the training images.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from eqspike.nn.networks import fully_connected, lenet, vgg
from eqspike.nn.target_propagation import (
    FEEDBACKS,
    IteratedFeedback,
    LayerAngle,
    SolvedFeedback,
    TargetPropagation,
    compare_feedback,
    layer_angles,
)
from eqspike.tasks import load_task

NETWORKS: dict[str, Callable[[], nn.Sequential]] = {
    "mlp": lambda: fully_connected((784, 512, 256, 128, 10)),
    "lenet": lambda: lenet((1, 28, 28)),
    "vgg": lambda: vgg((1, 32, 32)),
}
BETA = 0.5
WAYS = ("backprop", "held", "solved", "iterated", "by definition")
"""Of learning; `held` is target propagation whose feedback does not learn."""
ITERATIONS = {"mlp": (20, 20, 20), "lenet": (41, 51, 24), "vgg": (20, 30, 35, 55, 20)}
"""Of L-DRL a batch; LeNet's and VGG's as in the configurations of Ernoult et al. (arXiv:2201.13415)."""
NOISE = {"mlp": (0.1, 0.1, 0.1), "lenet": (0.416, 0.383, 0.14), "vgg": (0.4, 0.4, 0.2, 0.2, 0.08)}
RATE = {
    "mlp": (0.02, 0.05, 0.1),
    "lenet": (7.19e-4, 1.25e-4, 3.54e-2),
    "vgg": (1e-4, 3.5e-4, 8e-3, 8e-3, 0.18),
}


def data(options: argparse.Namespace, split: str) -> tuple[Tensor, Tensor]:
    """Normalised images (samples, 1, 28, 28), padded to 32 by 32 for VGG, and labels."""
    task = load_task(options.task)
    pixels = task.load("train").images
    mean, deviation = float(pixels.mean()), float(pixels.std())
    loaded = task.load(split)
    images = torch.tensor((loaded.images.astype("float32") - mean) / deviation).view(-1, 1, 28, 28)
    if options.network == "vgg":
        images = F.pad(images, (2, 2, 2, 2), value=-mean / deviation)
    limit = options.limit if split == "train" else None
    return images[:limit], torch.tensor(loaded.labels)[:limit]


def batches(
    images: Tensor, labels: Tensor, options: argparse.Namespace, epoch: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of one epoch, the same for every way of learning."""
    order = torch.randperm(
        len(images), generator=torch.Generator().manual_seed(options.seed + 1000 * epoch)
    )
    for picked in order.split(options.batch):
        if len(picked) == options.batch:
            yield images[picked], labels[picked]


def network(options: argparse.Namespace) -> nn.Sequential:
    """The network at its start."""
    torch.manual_seed(options.seed)
    return NETWORKS[options.network]()


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """Of the solved feedback."""
    names = ("decay", "noise", "ridge", "interval", "clip", "follow")
    return {name: getattr(options, name) for name in names}


def by_definition(
    model: TargetPropagation, number: int, noise: float, generator: torch.Generator
) -> tuple[Tensor, None]:
    """The same gradient as `l-drl` by automatic differentiation of the loss as it is written.

    Eight products of the layer's size, as many as in the authors' public code: F(x + xi), F(x) anew for its
    switches, three times G, and one for each of these backwards.
    """
    block, mirror, passage = model.blocks[number], model.mirror(number), model.passages[number]
    xi = torch.empty_like(passage.inputs).normal_(generator=generator) * noise
    eta = torch.empty_like(passage.outputs).normal_(generator=generator) * noise
    there, rest = block(passage.inputs + xi).outputs, block(passage.inputs).outputs
    mirror.weight.requires_grad_()
    with torch.enable_grad():
        still = mirror(rest, passage)
        first = mirror(there, passage) - still
        second = mirror(passage.outputs + eta, passage) - still
        loss = (second.square() - 2 * xi * first).flatten(1).sum(1).mean()
        (slope,) = torch.autograd.grad(loss, mirror.weight)
    mirror.weight.requires_grad_(False)
    return slope, None


class Step:
    """One training step of one way of learning."""

    def __init__(self, net: nn.Sequential, way: str, options: argparse.Namespace) -> None:
        self.net, self.model, self.feedback = net, None, None
        rate = options.rate
        if way != "backprop":
            self.model = TargetPropagation(net, BETA, activation=options.activation)
            rate /= BETA
            if way == "solved":
                self.feedback = SolvedFeedback(self.model, **settings(options))
            elif way in ("iterated", "by definition"):
                name = options.network
                self.feedback = IteratedFeedback(
                    self.model, "l-drl", ITERATIONS[name], NOISE[name], RATE[name]
                )
        if way == "by definition":
            self.feedback.loss = by_definition
        self.optimiser = torch.optim.SGD(net.parameters(), lr=rate, momentum=options.momentum)

    def __call__(self, images: Tensor, labels: Tensor) -> None:
        self.optimiser.zero_grad()
        loss = F.cross_entropy((self.model or self.net)(images), labels)
        if self.feedback is not None:
            self.feedback.step()
        loss.backward()
        self.optimiser.step()


def cost(options: argparse.Namespace) -> None:
    """Processor time of a step, as a multiple of backpropagation's."""
    images, labels = data(options, "train")
    images, labels = images[: options.batch], labels[: options.batch]
    ways = ["backprop", *(way for way in options.ways if way != "backprop")]
    steps = {way: Step(network(options), way, options) for way in ways}
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for repeat in range(options.repeats + 1):
        for way, step in steps.items():
            start = time.process_time()
            step(images, labels)
            if repeat:
                spent[way].append(time.process_time() - start)
    base = statistics.median(spent["backprop"])
    for way, seconds in spent.items():
        middle = statistics.median(seconds)
        row = {
            "way": way,
            "milliseconds": round(1000 * middle, 2),
            "ratio": round(middle / base, 2),
        }
        print(json.dumps(row), flush=True)


def angles(options: argparse.Namespace) -> None:
    """Angles under every kind of feedback, forward weights held."""
    images, labels = data(options, "train")
    some = list(islice(batches(images, labels, options, 0), options.warm_up))
    name = options.network
    for kind in FEEDBACKS:
        start = time.process_time()
        rows = compare_feedback(
            network(options), some, F.cross_entropy, [kind],
            model={"beta": BETA, "activation": options.activation},
            iterated={"iterations": ITERATIONS[name], "noise": NOISE[name], "rate": RATE[name]},
            solved=settings(options),
        )[kind]  # fmt: skip
        seconds = round(time.process_time() - start, 2)
        show(rows, kind=kind, batches=len(some), seconds=seconds)


def show(rows: tuple[LayerAngle, ...], **more: object) -> None:
    """One line with every layer's angle and norm ratio."""
    found = {row.layer: [round(row.angle, 2), round(row.norm_ratio, 2)] for row in rows}
    print(json.dumps({**more, "angle, norm ratio": found}), flush=True)


def accuracy(net: nn.Sequential, images: Tensor, labels: Tensor) -> float:
    """Fraction of right answers."""
    with torch.no_grad():
        right = [
            (net(some).argmax(1) == wanted).sum()
            for some, wanted in zip(images.split(1000), labels.split(1000), strict=True)
        ]
    return float(sum(right)) / len(labels)


def train(options: argparse.Namespace) -> None:
    """Accuracy of each way of learning, from the same start on the same batches."""
    images, labels = data(options, "train")
    tests = data(options, "test")
    start = network(options)
    for way in options.ways:
        step = Step(deepcopy(start), way, options)
        if isinstance(step.feedback, SolvedFeedback):
            pairs = zip(
                range(options.warm_up), batches(images, labels, options, 10**6), strict=False
            )
            step.feedback.warm_up(some for _, (some, _) in pairs)
        seconds, done = 0.0, 0
        for epoch in range(options.epochs):
            for some, wanted in batches(images, labels, options, epoch):
                if step.model is not None and done % options.every == 0:
                    rows = layer_angles(step.model, images[:256], labels[:256], F.cross_entropy)
                    show(rows, way=way, batches=done)
                begun = time.process_time()
                step(some, wanted)
                seconds += time.process_time() - begun
                done += 1
            result = accuracy(step.net, *tests)
            print(
                json.dumps(
                    {
                        "way": way,
                        "task": options.task,
                        "network": options.network,
                        "epoch": epoch + 1,
                        "accuracy": result,
                        "seconds": round(seconds, 1),
                    }
                ),
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("cost", "angles", "train"))
    parser.add_argument("--network", choices=sorted(NETWORKS), default="mlp")
    parser.add_argument("--task", default="mnist")
    parser.add_argument(
        "--ways", nargs="+", default=["backprop", "solved"], help="backprop, held, solved, iterated"
    )
    parser.add_argument("--activation", default="matched", help="of the feedback: same or matched")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--limit", type=int, help="only the first training samples")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--decay", type=float, default=0.99)
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--ridge", type=float, default=0.01)
    parser.add_argument("--interval", type=int, default=1)
    parser.add_argument("--clip", type=float)
    parser.add_argument("--follow", action="store_true", help="add changes of W to V too")
    parser.add_argument("--warm-up", type=int, default=20, help="batches of feedback alone")
    parser.add_argument(
        "--every", type=int, default=200, help="batches from one line of angles to the next"
    )
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    {"cost": cost, "angles": angles, "train": train}[options.what](options)


if __name__ == "__main__":
    main()
