"""The user's own npz file: what is read, and that nothing hostile is."""

from __future__ import annotations

import hashlib
import io
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqspike.core.errors import DataError
from eqspike.tasks import Task, load_task
from eqspike.tasks.npz import read_npz

Arrays = dict[str, Any]
Write = Callable[..., Task]


@pytest.fixture
def arrays(small: Any) -> Arrays:
    return {
        f"{split}_{kind}": getattr(small, kind)[split]
        for split in ("train", "test")
        for kind in ("images", "labels")
    }


@pytest.fixture
def write(small: Any, tmp_path: Path) -> Write:
    """Writes the arrays beside a description and gives the task."""

    def make(arrays: Arrays, save: Any = np.savez_compressed, **data: str) -> Task:
        save(tmp_path / "few.npz", **arrays)
        return load_task(
            small.write_yaml(
                tmp_path / "t.yaml",
                kind="npz",
                data={"file": "few.npz"} | data,
                train={"samples": 6},
                test={"samples": 4},
            )
        )

    return make


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kind", [np.uint8, np.int64, ">i4"])
@pytest.mark.parametrize("rows", [False, True])
def test_reads_whole_numbers_of_any_type_in_either_shape(
    small: Any, arrays: Arrays, write: Write, save: Any, kind: Any, rows: bool
) -> None:
    asked = {key: np.asarray(value).astype(kind) for key, value in arrays.items()}
    if rows:
        asked["train_images"] = asked["train_images"].reshape(6, 6)
    task = write(asked, save)
    for split in ("train", "test"):
        loaded = task.load(split)
        np.testing.assert_array_equal(loaded.images, small.images[split].reshape(-1, 6))
        np.testing.assert_array_equal(loaded.labels, small.labels[split])


def test_reads_column_major_arrays(small: Any, arrays: Arrays, write: Write) -> None:
    arrays["train_images"] = np.asfortranarray(arrays["train_images"])
    loaded = write(arrays).load("train")
    np.testing.assert_array_equal(loaded.images, small.images["train"].reshape(-1, 6))


def test_what_is_read_cannot_be_written(arrays: Arrays, write: Write) -> None:
    with pytest.raises(ValueError, match="read-only"):
        write(arrays).load("train").images[0, 0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"train_images": np.full((6, 2, 3), 1.5)},
            r"train images: real numbers must lie in 0 to 1",
        ),
        ({"train_images": np.full((6, 2, 3), np.nan)}, r"numbers of 0 to 1, found NaN"),
        (
            {"train_images": np.zeros((6, 2, 3), complex)},
            r"expected whole numbers .* found complex",
        ),
        ({"train_labels": np.zeros(6)}, r"train_labels: expected whole numbers .* float64"),
        (
            {"train_images": np.zeros((5, 2, 3), int)},
            r"expected shape \(6, 2, 3\) or \(6, 6\), found",
        ),
        (
            {"train_labels": np.zeros((1, 6), int)},
            r"train_labels: expected shape \(6,\) or \(6, 1\), found \(1, 6\)",
        ),
        ({"train_labels": np.full(6, 7)}, "train labels must lie in 0..2"),
        ({"train_images": np.full((6, 6), 300)}, "train images must lie in 0..255"),
        ({"train_images": np.zeros((20_000, 6), int)}, r"expected shape .*, found \(20000, 6\)"),
        ({"train_labels": np.eye(600)[:6]}, r"train_labels: expected shape .*, found \(6, 600\)"),
        ({"train_labels": np.full(6, "a" * 3000)}, r"expected whole numbers .* found <U3000"),
        ({"train_images": np.zeros((6, 6), int)}, "the brightest pixel is 0 of 255, black"),
        ({"train_labels": np.array([{}] * 6)}, r"expected whole numbers .* found object"),
    ],
)
def test_other_arrays_are_refused(
    arrays: Arrays, write: Write, changes: Arrays, message: str
) -> None:
    task = write(arrays | changes)
    with pytest.raises(DataError, match=message):
        task.load("train")


def test_a_missing_array_is_named(arrays: Arrays, write: Write) -> None:
    arrays["train_label"] = arrays.pop("train_labels")
    with pytest.raises(DataError, match=r"expected an array 'train_labels', found: .*train_label"):
        write(arrays).load("train")


def test_arrays_may_have_other_names_and_labels_a_column(
    small: Any, arrays: Arrays, tmp_path: Path
) -> None:
    """As Keras and others keep them: x_train, y_train of shape (n, 1)."""
    names = {"x_train": "train_images", "y_train": "train_labels", "x_test": "test_images"}
    kept = {name: arrays[key] for name, key in names.items()}
    np.savez(tmp_path / "few.npz", **kept, y_test=arrays["test_labels"].reshape(4, 1))
    text = small.write_yaml(
        tmp_path / "t.yaml", kind="npz", data={"file": "few.npz"},
        train={"samples": 6, "images": "x_train", "labels": "y_train"},
        test={"samples": 4, "images": "x_test", "labels": "y_test"},
    )  # fmt: skip
    for split in ("train", "test"):
        loaded = load_task(text).load(split)
        np.testing.assert_array_equal(loaded.images, small.images[split].reshape(-1, 6))
        np.testing.assert_array_equal(loaded.labels, small.labels[split])


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_real_numbers_of_0_to_1_and_truth_values(arrays: Arrays, write: Write, kind: Any) -> None:
    shades = np.linspace(0, 1, 36).reshape(6, 6)
    found = write(arrays | {"train_images": shades.astype(kind)}).load("train").images
    np.testing.assert_array_equal(found, np.rint(shades.astype(kind).astype(float) * 255))
    truth = np.arange(36).reshape(6, 6) % 2 == 0
    found = write(arrays | {"train_images": truth}).load("train").images
    np.testing.assert_array_equal(found, np.where(truth, 255, 0))


@pytest.mark.parametrize("brightest", [0.0, 1 / 255, 16 / 255])
def test_real_numbers_that_are_nearly_black_are_refused(
    arrays: Arrays, write: Write, small: Any, tmp_path: Path, brightest: float
) -> None:
    """As levels that were divided twice."""
    dark = np.linspace(0, brightest / 255 if brightest < 0.01 else brightest, 36).reshape(6, 6)
    with pytest.raises(DataError, match=r"of 255, (nearly )?black; (divide them|no network)"):
        write(arrays | {"train_images": dark}).load("train")
    text = small.write_yaml(
        tmp_path / "t.yaml", kind="npz", data={"file": "few.npz"}, maximum=1,
        train={"samples": 6}, test={"samples": 4},
    )  # fmt: skip
    assert load_task(text).load("train").images.max() < 128


@pytest.mark.parametrize("brightest", [1, 16, 100])
def test_images_that_are_nearly_black_are_refused(
    arrays: Arrays, write: Write, small: Any, tmp_path: Path, brightest: int
) -> None:
    """Without `maximum` a network would see next to nothing, and train to chance."""
    dark = np.arange(36).reshape(6, 6) % (brightest + 1)
    dark[0, 0] = brightest
    task = write(arrays | {"train_images": dark})
    said = f"the brightest pixel is {brightest} of 255.*'maximum: {brightest}'.*'maximum: 255'"
    with pytest.raises(DataError, match=said):
        task.load("train")
    for maximum, level in ((brightest, 255), (255, brightest)):
        text = small.write_yaml(
            tmp_path / "t.yaml", kind="npz", data={"file": "few.npz"}, maximum=maximum,
            train={"samples": 6}, test={"samples": 4},
        )  # fmt: skip
        assert load_task(text).load("train").images.max() == level


def test_the_checksum_is_compared_where_given(arrays: Arrays, write: Write, tmp_path: Path) -> None:
    write(arrays)
    digest = hashlib.sha256((tmp_path / "few.npz").read_bytes()).hexdigest()
    assert len(write(arrays, lambda *_, **__: None, sha256=digest).load("train")) == 6
    task = write(arrays | {"train_labels": np.zeros(6, int)}, sha256=digest)
    with pytest.raises(DataError, match=f"few.npz: is not the original .* {digest}"):
        task.load("train")


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as written:
        for name, data in members.items():
            written.writestr(name, data)
    return stream


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "sprung",)

    with pytest.raises(DataError):
        read_npz(archive({"a.npy": pickle.dumps(Trap())}), "a", ((3,),), "here")
    with pytest.raises(DataError):
        read_npz(archive({"a.npy": npy(np.array([Trap()] * 3))}), "a", ((3,),), "here")
    assert not (tmp_path / "sprung").exists()


def test_a_method_with_its_own_memory_demand_is_refused() -> None:
    packed = archive({"a.npy": npy(np.zeros(3, np.uint8))}, zipfile.ZIP_LZMA)
    with pytest.raises(DataError, match=r"as numpy.savez_compressed writes it"):
        read_npz(packed, "a", ((3,),), "here")


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(npy(np.zeros(3, np.uint8)) + bytes(40_000_000), id="long body"),
        pytest.param(npy(np.zeros(3, np.uint8)).replace(b"(3,)", b"(999999999,)"), id="shape"),
        pytest.param(b"\x93NUMPY\x02\x00" + b"\xff\xff\xff\xff", id="header"),
    ],
)
def test_a_bomb_costs_no_memory(member: bytes) -> None:
    packed = archive({"a.npy": member})
    tracemalloc.start()
    with pytest.raises(DataError, match=r"^here: a: "):
        read_npz(packed, "a", ((3,),), "here")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


GOOD = archive({"a.npy": npy(np.arange(30, dtype=np.uint8))}, zipfile.ZIP_STORED).getvalue()


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_altered_bytes_give_the_values_or_an_error(data: st.DataObject) -> None:
    damaged = bytearray(
        GOOD[: data.draw(st.integers(0, len(GOOD)))] if data.draw(st.booleans()) else GOOD
    )
    for _ in range(data.draw(st.integers(1, 4))):
        if damaged:
            at = data.draw(st.integers(0, len(damaged) - 1))
            damaged[at] = data.draw(st.integers(0, 255))
    try:
        read = read_npz(io.BytesIO(bytes(damaged)), "a", ((30,),), "here")
    except DataError:
        return
    np.testing.assert_array_equal(read, np.arange(30))
