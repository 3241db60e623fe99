"""Make the data of task.yaml: noisy images of bars in four directions, as one npz file beside the description.

Use: python examples/plugins/make_bars.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

SIDE = 8
SAMPLES = {"train": 2000, "test": 400}


def images(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Bars that are horizontal, vertical or along a diagonal, at a random place, over noise; uint8."""
    row, column = np.mgrid[:SIDE, :SIDE]
    along = np.stack([row, column, row + column, row - column])[labels] % SIDE
    place = generator.integers(0, SIDE, (len(labels), 1, 1))
    noise = generator.integers(0, 80, along.shape)
    return np.where(along == place, 255 - noise, noise).astype(np.uint8)


def main(folder: Path) -> None:
    """Write bars.npz."""
    generator = np.random.default_rng(0)
    arrays = {}
    for split, count in SAMPLES.items():
        labels = np.arange(count) % 4
        arrays[f"{split}_labels"] = labels.astype(np.uint8)
        arrays[f"{split}_images"] = images(labels, generator)
    np.savez_compressed(folder / "bars.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
