"""The idx reader: what it reads, and what it says of a file that is not what it should be."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eqspike.core.errors import DataError
from eqspike.core.yaml_text import write_yaml
from eqspike.tasks import load_task
from eqspike.tasks.idx import REAL, read_idx

VALUES = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
Pack = Callable[..., bytes]


@pytest.mark.parametrize("compressed", [False, True])
def test_reads_values_in_row_major_order(pack_idx: Pack, compressed: bool) -> None:
    data = pack_idx(VALUES)
    stream = io.BytesIO(gzip.compress(data) if compressed else data)
    read = read_idx(stream, (4, 2, 3), "x", compressed=compressed)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, VALUES)
    with pytest.raises(ValueError, match="read-only"):
        read[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "x: is not an idx file, .* found an empty file"),
        (
            lambda data: b"\x1f\x8b" + data[2:],
            "begin with the bytes 00 00 08 03, found 1f 8b 08 03",
        ),
        (lambda data: data[:2] + b"\x07" + data[3:], "not an idx file"),
        (
            lambda data: data[:2] + b"\x0d" + data[3:],
            "expected whole numbers .* found float32; save them as uint8",
        ),
        (
            lambda data: data[:3] + b"\x01" + data[4:],
            r"expected 3 dimensions, found 1 dimension \(labels\)",
        ),
        (lambda data: data[:9], "ends within the header"),
        (
            lambda data: data[:7] + b"\x05" + data[8:],
            r"expected dimensions \(4, 2, 3\), found \(5, 2, 3\)",
        ),
        (lambda data: data[:-1], "is truncated, expected 24 values after the header, found 23"),
        (lambda data: data + b"\0", "expected 24 values after the header, found more bytes"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_says_what_is_wrong(
    pack_idx: Pack, damage: Callable[[bytes], bytes], message: str, compressed: bool
) -> None:
    data = damage(pack_idx(VALUES))
    stream = io.BytesIO(gzip.compress(data) if compressed else data)
    with pytest.raises(DataError, match=message):
        read_idx(stream, (4, 2, 3), "x", compressed=compressed)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[:-9], id="body cut"),
        pytest.param(lambda data: data[:-4], id="check sum cut"),
        pytest.param(lambda data: data[:-8] + b"abcd" + data[-4:], id="check sum wrong"),
        pytest.param(lambda data: data[:12] + b"\xff\xff\xff" + data[15:], id="body altered"),
        pytest.param(lambda data: data + b"more", id="more after the end"),
        pytest.param(lambda data: b"not packed at all", id="not gzip"),
    ],
)
def test_refuses_damaged_gzip(pack_idx: Pack, damage: Callable[[bytes], bytes]) -> None:
    stream = io.BytesIO(damage(gzip.compress(pack_idx(VALUES))))
    with pytest.raises(DataError, match="x: cannot be unpacked as gzip"):
        read_idx(stream, (4, 2, 3), "x", compressed=True)


def test_a_gzip_bomb_costs_no_memory(pack_idx: Pack) -> None:
    bomb = gzip.compress(pack_idx(VALUES) + bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(DataError, match="found more bytes"):
        read_idx(io.BytesIO(bomb), (4, 2, 3), "x", compressed=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_short_file_under_a_large_description_costs_no_memory(tmp_path: Path) -> None:
    # A file on disk: its buffered reader sets aside at once whatever it is asked for.
    file = tmp_path / "short"
    file.write_bytes(bytes((0, 0, 8, 1)) + (2_000_000_000).to_bytes(4, "big") + b"abc")
    tracemalloc.start()
    with (
        file.open("rb") as stream,
        pytest.raises(DataError, match="expected 2000000000 values after the header, found 3"),
    ):
        read_idx(stream, (2_000_000_000,), "x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


@pytest.mark.parametrize(("code", "kind"), [(0x0C, ">i4"), (0x0B, ">i2"), (0x0E, ">f8")])
def test_reads_other_types_where_they_are_asked_for(code: int, kind: str) -> None:
    """Labels of 32 bits, as several converters write them."""
    values = np.arange(5, dtype=kind)
    data = bytes((0, 0, code, 1)) + (5).to_bytes(4, "big") + values.tobytes()
    np.testing.assert_array_equal(read_idx(io.BytesIO(data), (5,), "x", kinds=REAL), values)
    with pytest.raises(
        DataError, match="is truncated, expected 5 values after the header, found 4"
    ):
        read_idx(io.BytesIO(data[:-1]), (5,), "x", kinds=REAL)


def test_packing_is_seen_by_the_first_bytes_whatever_the_name(small: Any, tmp_path: Path) -> None:
    """A packed file whose name lacks .gz, and an unpacked one whose name has it."""
    small.write_files(tmp_path)
    (tmp_path / "test-labels.gz").write_bytes(small.unpacked["test-labels.gz"])
    (tmp_path / "train-labels.gz").rename(tmp_path / "train-labels.idx")
    data = small.description()
    for split in ("train", "test"):
        for kind in ("images", "labels"):
            data[split][kind] = {"file": data[split][kind]["file"]}
    data["train"]["labels"]["file"] = "train-labels.idx"
    (tmp_path / "t.yaml").write_text(write_yaml(data))
    task = load_task(str(tmp_path / "t.yaml"))
    for split in ("train", "test"):
        np.testing.assert_array_equal(task.load(split).labels, small.labels[split])
