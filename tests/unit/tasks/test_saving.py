"""Arrays in memory become a task that reads back the same levels and labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import eqspike
from eqspike.core.errors import DataError

_SHAPES = arrays.array_shapes(min_dims=1, max_dims=3, max_side=4)


@settings(deadline=None, max_examples=25)
@given(st.data(), _SHAPES, st.integers(1, 6), st.integers(1, 6))
def test_levels_and_labels_come_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, shape: Any, train: int, test: int
) -> None:
    folder = tmp_path_factory.mktemp("saved")
    splits = {}
    for name, samples in (("train", train), ("test", test)):
        levels = data.draw(arrays.arrays(np.uint8, (samples, *shape)))
        levels.flat[0] = 200  # training images that are nearly black are refused
        splits[name] = (
            levels,
            data.draw(arrays.arrays(np.int32, samples, elements=st.integers(0, 9))),
        )
    task = eqspike.load_task(str(eqspike.save_task(folder, splits["train"], splits["test"])))
    assert task.input_shape == shape
    for name, (levels, labels) in splits.items():
        split = task.load(name)
        assert np.array_equal(split.inputs, levels.reshape(len(levels), -1))
        assert np.array_equal(split.targets, labels)


@pytest.mark.parametrize(
    ("images", "levels"),
    [
        (np.array([[0.0, 0.5, 1.0]]), [0, 128, 255]),
        (np.array([[False, True, True]]), [0, 255, 255]),
        (np.array([[0, 7, 255]], np.int64), [0, 7, 255]),
    ],
)
def test_floats_and_booleans_are_scaled(images: Any, levels: list[int], tmp_path: Path) -> None:
    task = eqspike.load_task(str(eqspike.save_task(str(tmp_path), (images, [0]), (images, [1]))))
    assert task.load("train").inputs.tolist() == [levels]


def test_labels_may_be_a_column(tmp_path: Path) -> None:
    """As Keras keeps those of CIFAR-10."""
    images, labels = np.array([[0, 203], [203, 0]]), np.array([[1], [0]])
    task = eqspike.load_task(eqspike.save_task(tmp_path, (images, labels), (images, labels)))
    assert task.load("train").targets.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (
            (np.array([[1.5]]), [0]),
            "train images: must be whole numbers 0..255, booleans, or floats",
        ),
        ((np.array([[-1]]), [0]), "train images: must be whole numbers 0..255"),
        ((np.array([[0, 1]]), [0]), "brightest pixel is 1 of 255, nearly black"),
        ((np.array([[0.0, 16 / 255]]), [0]), "brightest pixel is 16 of 255, nearly black; bring"),
        ((np.array([[0.0, 1e-5]]), [0]), "brightest pixel is 0 of 255, black"),
        ((np.array([[203]]), [0.0]), r"train labels: must be whole numbers .+astype\('int64'\)"),
        ((np.array([[203]]), [[0, 1]]), r"must be whole numbers .+ \(1, 2\); \.argmax\(1\)"),
        ((np.array([[203]]), [0, 1]), r"train labels: must be whole numbers of shape \(1,\)"),
        ((np.array([[203]]), [-1]), "train labels: must be 0 or more, got -1"),
        ((np.array([3]), [0]), r"must have shape \(samples, ...\)"),
        ((np.array([["a"]]), [0]), "must be numbers"),
        (
            (np.array([[203, 4]]), [0]),
            r"test images must have the shape of the train images, \(2,\)",
        ),
        (np.array([[3]]), "train: must be a pair"),
    ],
)
def test_other_arrays_are_refused(train: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        eqspike.save_task(tmp_path / "none", train, (np.array([[3]]), [0]))
    assert not (tmp_path / "none").exists()


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    images = np.array([[203], [4]])
    path = eqspike.save_task(tmp_path, (images, [0, 1]), (images, [0, 1]))
    other = np.array([[203], [5]])
    np.savez_compressed(
        tmp_path / "data.npz", train_images=other, train_labels=[0, 1], test_images=other, test_labels=[0, 1]
    )  # fmt: skip
    with pytest.raises(DataError, match=r"SHA-256|checksum"):
        eqspike.load_task(str(path)).load("train")
