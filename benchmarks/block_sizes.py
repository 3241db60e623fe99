"""Feedforward-tied energy-based models of six layers in blocks of 6, 3, 2 and 1, on Fashion-MNIST: equal accuracy?

    python benchmarks/block_sizes.py --train 2000 --test 1000 --epochs 4 --seeds 0 1 2

The models are `ff-ebm-6` ... `ff-ebm-1` with a quarter of their channels (`--share`), images padded to 32 x 32 and
not augmented, batches of 32 and a learning rate of 3e-3 that fits so few updates. Runs are kept in `--out`, and
one that is complete is not trained again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from eqspike.experiment import load_model, resolve
from eqspike.experiment.runs import start
from eqspike.training import RunFolder

SIZES = (1, 2, 3, 6)
CHANGES = (
    "learner.image=[28, 28]", "learner.padding=2", "learner.mean=0.286", "learner.deviation=0.353",
    "training.batch_size=32", "training.learning_rate=0.003",
)  # fmt: skip
"""What makes the models ones of Fashion-MNIST; mean and deviation as of Scellier et al., NeurIPS 2023."""


def blocks(size: int, share: int) -> str:
    """The model's blocks with this share of their channels, as `--set` takes them."""
    described: list[dict[str, Any]] = load_model(f"ff-ebm-{size}").description["learner"]["blocks"]
    narrow = [
        each | {"layers": [of | {"size": of["size"] // share} for of in each["layers"]]}
        for each in described
    ]
    return f"learner.blocks={json.dumps(narrow)}"


def accuracy(size: int, seed: int, options: argparse.Namespace) -> tuple[float, float]:
    """Test accuracy after the last epoch, and seconds of all epochs."""
    out = options.out / f"{size}-{seed}"
    if not (out / "metrics.jsonl").is_file():
        start(
            resolve(
                f"ff-ebm-{size}", "fashion-mnist", seed=seed, epochs=options.epochs,
                limit=options.train, test_limit=options.test,
                overrides=(*CHANGES, blocks(size, options.share), "learner.augmentation=null"),
            ),
            out,
        )  # fmt: skip
    metrics = RunFolder.open(out).metrics()
    return metrics[-1]["test_accuracy"], sum(each["seconds"] for each in metrics)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--train", type=int, default=2000, metavar="IMAGES")
    parser.add_argument("--test", type=int, default=1000, metavar="IMAGES")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--share", type=int, default=4, help="of which the channels are one")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("runs/block-sizes"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    for size in SIZES:
        found = [accuracy(size, seed, options) for seed in options.seeds]
        each = ", ".join(f"{value:.1%}" for value, _ in found)
        print(
            f"blocks of {size}: {mean(v for v, _ in found):.1%} ({each}), "
            f"{mean(s for _, s in found):.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
