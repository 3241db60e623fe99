"""Files of records, as CIFAR-10's binary form, and zips of image files; images of channels."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from eqspike.core.errors import ConfigError, DataError
from eqspike.tasks import Task, load_task
from eqspike.tasks.archives import read_zipped_images
from eqspike.tasks.records import read_records

CLASSES = ("cat", "dog")
SHAPE = (3, 4, 5)
SAMPLES = {"train": 6, "test": 4}


@pytest.fixture
def images() -> dict[str, Any]:
    """Six and four images of red, green and blue, classes in turn."""
    draw = np.random.default_rng(3).integers
    return {split: draw(0, 256, (n, *SHAPE)).astype(np.uint8) for split, n in SAMPLES.items()}


@pytest.fixture
def describe(small: Any, tmp_path: Path) -> Callable[..., Task]:
    """Writes a description of these images and gives the task."""

    def make(**changes: Any) -> Task:
        own = {"image_shape": list(SHAPE), "classes": 2, "train": None, "test": None}
        return load_task(small.write_yaml(tmp_path / "t.yaml", **(own | changes)))

    return make


def in_records(images: Any) -> bytes:
    labels = np.arange(len(images)) % 2
    rows = np.concatenate([labels[:, None], images.reshape(len(images), -1)], 1)
    return rows.astype(np.uint8).tobytes()


def split_of(data: bytes, name: str, samples: int) -> dict[str, Any]:
    return {
        "samples": samples,
        "data": {"file": name, "sha256": hashlib.sha256(data).hexdigest()},
    }


def zipped(images: dict[str, Any], form: str = "PNG", extra: str = "", size: int = 0) -> bytes:
    """Written in another order than they are read in."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for split, of_split in images.items():
            for number in reversed(range(len(of_split))):
                written = io.BytesIO()
                levels = np.moveaxis(of_split[number], 0, -1)[size:]
                Image.fromarray(np.ascontiguousarray(levels)).save(written, form, quality=95)
                name = f"{split}/{CLASSES[number % 2]}/{number // 2:04d}.bin"
                archive.writestr(name, written.getvalue())
        if extra:
            archive.writestr(extra, b"no image")
    return packed.getvalue()


@pytest.mark.parametrize("packed", [True, False])
def test_records_are_labels_and_channels(
    packed: bool, images: dict[str, Any], describe: Callable[..., Task], tmp_path: Path
) -> None:
    parts = {}
    for split, of_split in images.items():
        name = f"{split}.bin.gz" if packed else f"{split}.bin"
        data = in_records(of_split)
        data = gzip.compress(data) if packed else data
        (tmp_path / name).write_bytes(data)
        parts[split] = split_of(data, name, len(of_split))
    task = describe(kind="records", **parts)
    for split, of_split in images.items():
        loaded = task.load(split)
        np.testing.assert_array_equal(loaded.images, of_split.reshape(len(of_split), -1))
        assert loaded.labels.tolist() == [0, 1, 0, 1, 0, 1][: len(of_split)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-1], "expected 6 records of 61 bytes .366 in all., found 365"),
        (lambda data: data + b"x", "found more"),
    ],
)
def test_records_that_are_not_what_they_should_be(
    change: Callable[[bytes], bytes], message: str, images: dict[str, Any],
    describe: Callable[..., Task], tmp_path: Path,
) -> None:  # fmt: skip
    data = change(in_records(images["train"]))
    (tmp_path / "train.bin").write_bytes(data)
    part = split_of(data, "train.bin", 6)
    with pytest.raises(DataError, match=message):
        describe(kind="records", train=part, test=part).load("train")


def of_zip(data: bytes, describe: Callable[..., Task], tmp_path: Path, **changes: Any) -> Task:
    (tmp_path / "all.zip").write_bytes(data)
    file = {"file": "all.zip", "sha256": hashlib.sha256(data).hexdigest()}
    own = {split: {"samples": number} for split, number in SAMPLES.items()}
    return describe(**({"kind": "zip", "class_names": list(CLASSES), "data": file} | own | changes))


def test_a_zip_of_images_has_its_classes_in_turn(
    images: dict[str, Any], describe: Callable[..., Task], tmp_path: Path
) -> None:
    task = of_zip(zipped(images), describe, tmp_path)
    for split, of_split in images.items():
        loaded = task.load(split)
        np.testing.assert_array_equal(loaded.images, of_split.reshape(len(of_split), -1))
        assert loaded.labels.tolist() == [0, 1, 0, 1, 0, 1][: len(of_split)]
    assert task.input_shape == SHAPE


def test_jpeg_is_read_too(
    images: dict[str, Any], describe: Callable[..., Task], tmp_path: Path
) -> None:
    flat = {split: np.full_like(of_split, 90) for split, of_split in images.items()}
    loaded = of_zip(zipped(flat, "JPEG"), describe, tmp_path).load("test")
    assert np.abs(loaded.images.astype(int) - 90).max() <= 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"extra": "train/cat/9.bin"}, "expected 3 images in each of train"),
        ({"extra": "train/bird/9.bin"}, "found .*'bird': 1"),
        ({"size": 1}, "expected RGB of 4 rows and 5 columns, found RGB of 3 and 5"),
        ({"form": "BMP"}, "cannot be decoded"),
    ],
)
def test_a_zip_of_something_else(
    arguments: dict[str, Any], message: str, images: dict[str, Any], describe: Callable[..., Task],
    tmp_path: Path,
) -> None:  # fmt: skip
    task = of_zip(zipped(images, **arguments), describe, tmp_path)
    with pytest.raises(DataError, match=message):
        task.load("train")


def test_what_is_no_zip(describe: Callable[..., Task], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no zip"):
        of_zip(b"PK, but no more", describe, tmp_path).load("train")


GOOD = {"train": np.random.default_rng(0).integers(0, 256, (4, *SHAPE)).astype(np.uint8)}
FILES = {form: zipped(GOOD, form) for form in ("PNG", "JPEG")}
PACKED = gzip.compress(in_records(GOOD["train"]))


def altered(data: st.DataObject, good: bytes) -> io.BytesIO:
    damaged = bytearray(
        good[: data.draw(st.integers(0, len(good)))] if data.draw(st.booleans()) else good
    )
    for _ in range(data.draw(st.integers(1, 4))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    return io.BytesIO(bytes(damaged))


@pytest.mark.parametrize("form", FILES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_an_altered_zip_gives_images_or_an_error(form: str, data: st.DataObject) -> None:
    try:
        read, labels = read_zipped_images(
            altered(data, FILES[form]), "train", CLASSES, SHAPE, 4, "here"
        )
    except DataError:
        return
    assert (read.shape, read.dtype, labels.tolist()) == ((4, *SHAPE), np.uint8, [0, 1, 0, 1])


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_altered_records_give_images_or_an_error(data: st.DataObject) -> None:
    try:
        read, labels = read_records(altered(data, PACKED), 4, SHAPE, "here", compressed=True)
    except DataError:
        return
    assert (read.shape, read.dtype, labels.shape) == ((4, *SHAPE), np.uint8, (4,))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_names": ["cat", "cat"]}, "as many different names as there are classes"),
        ({"image_shape": [4, 4, 5]}, r"\[3, rows, columns\]"),
        ({"train": {"samples": 5}}, "a multiple of 2"),
    ],
)
def test_descriptions_of_zips_are_checked(
    changes: dict[str, Any], message: str, describe: Callable[..., Task], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        of_zip(b"", describe, tmp_path, **changes)


def test_images_of_channels_are_no_series(
    images: dict[str, Any], describe: Callable[..., Task], small: Any, tmp_path: Path
) -> None:
    of_zip(zipped(images), describe, tmp_path)
    changes = dict.fromkeys(("image_shape", "classes", "train", "test"))
    path = small.write_yaml(
        tmp_path / "s.yaml", kind="pixels", images_of=str(tmp_path / "t.yaml"), **changes
    )
    with pytest.raises(ConfigError, match="images_of must be of rows and columns"):
        load_task(path)


def test_cifar10_is_named_for_what_it_is(full_data: Callable[[str], Path]) -> None:
    """The recompressed test images are near the original ones of the same places, and are not them."""
    full_data("cifar10-jpeg-lossy")
    full_data("cifar10-subset")
    lossy, exact = load_task("cifar10-jpeg"), load_task("cifar10-sample")
    assert "JPEG-recompressed" in lossy.title
    found, wanted = lossy.load("test"), exact.load("test")
    assert np.bincount(found.labels).tolist() == [1000] * 10
    for label in range(10):
        first, same = (of.images[of.labels == label][:80].astype(int) for of in (found, wanted))
        assert 1 < np.abs(first - same).mean() < 15
