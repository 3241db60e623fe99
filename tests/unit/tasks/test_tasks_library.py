"""The tasks of the library: the samples that ship, and the full sets where they are at hand."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import eqspike.tasks
from eqspike import library
from eqspike.tasks import load_task

UseFullData = Callable[[str], Path]


def test_importing_and_reading_samples_is_light() -> None:
    program = (
        "import sys, eqspike.tasks as t; t.load_task('digits').load('train'); "
        "heavy = {'pooch', 'tqdm', 'requests', 'platformdirs', 'torch', 'numba', 'matplotlib'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    parent = Path(eqspike.tasks.__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")


@pytest.mark.parametrize("name", library.names("tasks"))
def test_every_description_is_valid_and_cites_its_source(name: str) -> None:
    task = load_task(name)
    assert task.name == name
    assert task.source
    assert task.licence
    lines = library.find("tasks", name).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")


@pytest.mark.parametrize(
    ("name", "split", "pixels", "per_class"),
    [
        ("mnist-sample", "train", 784, [500] * 10),
        ("mnist-sample", "test", 784, [100] * 10),
        ("digits", "train", 64, [142, 146, 141, 147, 145, 146, 145, 143, 138, 144]),
        ("digits", "test", 64, [36] * 10),
    ],
)
def test_shipped_samples(name: str, split: str, pixels: int, per_class: list[int]) -> None:
    loaded = load_task(name).load(split)
    assert loaded.images.shape == (sum(per_class), pixels)
    assert (loaded.images.min(), loaded.images.max()) == (0, 255)
    assert np.bincount(loaded.labels).tolist() == per_class


def test_the_samples_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in library.folder("tasks").glob("*.gz")}
    assert 0 < sum(size for name, size in sizes.items() if name.startswith("mnist")) <= 1_500_000
    assert 0 < sum(size for name, size in sizes.items() if name.startswith("digits")) <= 60_000


@pytest.mark.parametrize(("split", "per_class"), [("train", 500), ("test", 100)])
def test_the_mnist_sample_is_the_first_of_each_class_of_mnist(
    full_data: UseFullData, split: str, per_class: int
) -> None:
    full_data("mnist")
    full, sample = load_task("mnist").load(split), load_task("mnist-sample").load(split)
    taken = np.zeros(10, int)
    chosen = []
    for position, label in enumerate(full.labels):
        if taken[label] < per_class:
            taken[label] += 1
            chosen.append(position)
    np.testing.assert_array_equal(sample.labels, full.labels[chosen])
    np.testing.assert_array_equal(sample.images, full.images[chosen])


def test_the_digits_are_all_of_the_source_split_by_the_rule(full_data: UseFullData) -> None:
    with gzip.open(full_data("digits") / "digits.csv.gz", "rt", encoding="ascii") as source:
        rows = [[int(value) for value in line.split(",")] for line in source]
    expected: dict[str, list[list[int]]] = {"train": [], "test": []}
    for number, row in enumerate(rows):
        same = [index for index, other in enumerate(rows) if other[-1] == row[-1]]
        chosen = {(2 * k + 1) * len(same) // 72 for k in range(36)}
        expected["test" if same.index(number) in chosen else "train"].append(row)
    task = load_task("digits")
    for split, wanted in expected.items():
        loaded = task.load(split)
        levels = [[round(value * 255 / 16) for value in row[:-1]] for row in wanted]
        np.testing.assert_array_equal(loaded.images, levels)
        np.testing.assert_array_equal(loaded.labels, [row[-1] for row in wanted])


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_full_sets(full_data: UseFullData, name: str) -> None:
    full_data(name)
    task = load_task(name)
    for split, samples in (("train", 60_000), ("test", 10_000)):
        loaded = task.load(split)
        assert loaded.images.shape == (samples, 784)
        assert set(np.unique(loaded.labels)) == set(range(10))
        assert loaded.images.max() == 255


def test_full_sets_have_two_mirrors_and_all_checksums() -> None:
    for name in ("mnist", "fashion-mnist"):
        data = library.load_yaml(library.find("tasks", name))
        assert len(data["mirrors"]) >= 2
        files = [data[split][kind] for split in ("train", "test") for kind in ("images", "labels")]
        assert len({file["sha256"] for file in files}) == 4
        assert len({file["content_sha256"] for file in files}) == 4
