"""Build the data samples that ship in `tasks/`: `python -m benchmarks.build_task_samples [FOLDER]`.

Needs `EQSPIKE_DATA` (or a network, for MNIST) and `EQSPIKE_DATA/digits/digits.csv.gz`, which is
`sklearn/datasets/data/digits.csv.gz` of scikit-learn. Prints the SHA-256 of each file for the YAML.
The rules that choose the images are those stated in `tasks/mnist-sample.yaml` and
`tasks/digits.yaml`.

Form of the MNIST sample, measured on its 6,000 images (4,704,000 bytes, lossless, without labels):
row by row, as in the official files, gzip 971,262, bz2 846,226, xz 829,128; column by column
979,747, 868,336, 841,104; pixel planes 1,209,064, 1,256,839, 954,048. Packed idx files were chosen:
within 18% of the best, and read by the reader that the full sets need anyway.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike import library
from eqspike.core.errors import DataError
from eqspike.tasks import load_task
from eqspike.tasks.idx import UINT8
from eqspike.tasks.places import data_folder

CLASSES = 10
MNIST_PER_CLASS = {"train": 500, "test": 100}
DIGITS_TEST_PER_CLASS = 36

Samples = tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]


def first_of_each_class(labels: NDArray[np.integer[Any]], count: int) -> NDArray[np.intp]:
    """Positions of the first `count` samples of each class, in the order of `labels`."""
    firsts = [np.flatnonzero(labels == c)[:count] for c in range(CLASSES)]
    return np.sort(np.concatenate(firsts))


def spread_of_each_class(labels: NDArray[np.integer[Any]], count: int) -> NDArray[np.intp]:
    """Positions of `count` evenly spaced samples of each class, in the order of `labels`."""
    chosen = []
    for c in range(CLASSES):
        members = np.flatnonzero(labels == c)
        chosen.append(members[(2 * np.arange(count) + 1) * len(members) // (2 * count)])
    return np.sort(np.concatenate(chosen))


def mnist_sample(split: str) -> Samples:
    """Images (samples, 28, 28) and labels of one split of the MNIST sample."""
    full = load_task("mnist").load(split)
    chosen = first_of_each_class(full.labels, MNIST_PER_CLASS[split])
    return full.images[chosen].reshape(-1, 28, 28), full.labels[chosen]


def digits(split: str) -> Samples:
    """Images (samples, 8, 8) with levels 0..16 and labels of one split of the digits."""
    folder = data_folder()
    if folder is None:
        raise DataError("digits: set EQSPIKE_DATA to a folder that has digits/digits.csv.gz")
    rows = np.loadtxt(folder / "digits" / "digits.csv.gz", delimiter=",", dtype=np.int64)
    test = np.zeros(len(rows), dtype=bool)
    test[spread_of_each_class(rows[:, -1], DIGITS_TEST_PER_CLASS)] = True
    part = rows[test if split == "test" else ~test]
    return part[:, :-1].reshape(-1, 8, 8), part[:, -1]


def write_idx(path: Path, values: NDArray[np.integer[Any]]) -> None:
    """Write values 0..255 as a packed idx file, without the time; another zlib packs otherwise."""
    header = bytes((0, 0, UINT8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(gzip.compress(header + values.astype(np.uint8).tobytes(), 9, mtime=0))
    print(f"{path.name}  {path.stat().st_size}  {hashlib.sha256(path.read_bytes()).hexdigest()}")


def main() -> None:
    """Write all samples into the folder given, else into `tasks/`."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else library.folder("tasks")
    for name, build in (("mnist-sample", mnist_sample), ("digits", digits)):
        for split in ("train", "test"):
            images, labels = build(split)
            write_idx(target / f"{name}-{split}-images.idx3.gz", images)
            write_idx(target / f"{name}-{split}-labels.idx1.gz", labels)


if __name__ == "__main__":
    main()
