"""Splits and tasks in memory: types, ranges, limits, and how long a split is kept."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

from eqspike.core.errors import ConfigError, DataError
from eqspike.tasks import Split, Task


def split_of(n: int) -> Split:
    images = np.arange(n * 4, dtype=np.uint8).reshape(n, 4)
    return Split(images, np.arange(n, dtype=np.int64))


class Source:
    """Counts how often it is read."""

    def __init__(self, images: Any, labels: Any) -> None:
        self.split = np.asarray(images), np.asarray(labels)
        self.reads = 0

    def __call__(self, split: str) -> Any:
        self.reads += 1
        return self.split


def task_of(source: Source, classes: int = 3, maximum: int = 255) -> Task:
    return Task("mine", "Mine", "me", "free", (1, 2), classes, maximum, source)


def test_limit_takes_the_first_samples() -> None:
    split = split_of(5)
    first = split.limit(2)
    assert len(first) == 2
    np.testing.assert_array_equal(first.images, split.images[:2])
    np.testing.assert_array_equal(first.labels, [0, 1])


def test_limit_beyond_the_split_takes_all() -> None:
    assert len(split_of(5).limit(9)) == 5


@pytest.mark.parametrize("n", [0, -1])
def test_limit_below_one_is_refused(n: int) -> None:
    with pytest.raises(ConfigError, match=f"at least 1, got {n}"):
        split_of(5).limit(n)


def test_arrays_cannot_be_written() -> None:
    split = split_of(3)
    for array in (split.images, split.labels, split.limit(2).images):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_callers_arrays_stay_writable() -> None:
    images, labels = np.zeros((2, 4), np.uint8), np.zeros(2, np.int64)
    Split(images, labels)
    images[0] = labels[0] = 1


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 4)), np.zeros(2, np.int64), r"images must be uint8 .* got float64"),
        (np.zeros((2, 2, 2), np.uint8), np.zeros(2, np.int64), r"got uint8 of shape \(2, 2, 2\)"),
        (np.zeros((2, 4), np.uint8), np.zeros(2, np.uint8), r"labels must be int64 .* got uint8"),
        (
            np.zeros((2, 4), np.uint8),
            np.zeros(3, np.int64),
            r"shape \(2,\), one for each .* \(3,\)",
        ),
    ],
)
def test_a_split_of_other_arrays_is_refused(images: Any, labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Split(images, labels)


def test_load_gives_rows_of_levels_and_int64_labels() -> None:
    split = task_of(Source([[[7, 255]], [[0, 1]]], np.array([2, 0], np.uint8))).load("test")
    np.testing.assert_array_equal(split.images, [[7, 255], [0, 1]])
    assert split.images.dtype == np.uint8
    assert split.labels.dtype == np.int64


def test_levels_are_rescaled_to_255() -> None:
    levels = np.arange(17).reshape(-1, 1)
    split = task_of(Source(levels, np.zeros(17, int)), maximum=16).load("train")
    expected = [round(level * 255 / 16) for level in range(17)]
    np.testing.assert_array_equal(split.images[:, 0], expected)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ([[17, 0]], [0], r"mine: train images must lie in 0..16 .* found 0..17"),
        ([[-1, 3]], [0], r"mine: train images must lie in 0..16 .* found -1..3"),
        ([[1, 2]], [3], r"mine: train labels must lie in 0..2 .* found 3..3"),
        ([[1, 2]], [-1], r"mine: train labels must lie in 0..2 .* found -1..-1"),
    ],
)
def test_values_out_of_range_are_refused(images: Any, labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        task_of(Source(images, labels), maximum=16).load("train")


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ConfigError, match="one of train, test, got 'valid'"):
        task_of(Source([[1]], [0])).load("valid")


def test_a_split_is_kept_only_while_somebody_holds_it() -> None:
    source = Source([[1, 2]], [0])
    task = task_of(source)
    held = task.load("train")
    assert task.load("train") is held
    assert source.reads == 1
    gone = weakref.ref(held)
    del held
    gc.collect()
    assert gone() is None
    task.load("train")
    assert source.reads == 2
