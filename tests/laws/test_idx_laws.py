"""Whatever the bytes, the idx reader gives the values or a DataError, in little memory."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqspike.core.errors import DataError
from eqspike.tasks.idx import read_idx

# The piece the reader asks for at a time (1 MiB), taken twice, plus what gzip keeps.
MEMORY_BYTES = 3_000_000
# Memory tracing is slow: a deadline would measure the machine.
UNHURRIED = settings(deadline=None)
SHAPES = st.lists(st.integers(1, 7), min_size=1, max_size=3).map(tuple)


def idx(shape: tuple[int, ...], body: bytes, code: int = 8) -> bytes:
    return bytes((0, 0, code, len(shape))) + struct.pack(f">{len(shape)}I", *shape) + body


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MEMORY_BYTES
    finally:
        tracemalloc.stop()


def refused(data: bytes, shape: tuple[int, ...], compressed: bool = False) -> None:
    with little_memory(), pytest.raises(DataError, match=r"^here: "):
        read_idx(io.BytesIO(data), shape, "here", compressed=compressed)


@UNHURRIED
@given(shape=SHAPES, compressed=st.booleans(), data=st.data())
def test_what_is_written_is_read(
    shape: tuple[int, ...], compressed: bool, data: st.DataObject
) -> None:
    count = int(np.prod(shape))
    body = data.draw(st.binary(min_size=count, max_size=count))
    file = idx(shape, body)
    file = gzip.compress(file) if compressed else file
    read = read_idx(io.BytesIO(file), shape, "here", compressed=compressed)
    assert read.shape == shape
    assert read.tobytes() == body


@UNHURRIED
@given(data=st.binary(max_size=200), shape=SHAPES, compressed=st.booleans())
def test_random_bytes_are_refused(data: bytes, shape: tuple[int, ...], compressed: bool) -> None:
    if not data.startswith(idx(shape, b"")):
        refused(data, shape, compressed)


@UNHURRIED
@given(body=st.binary(max_size=100), shape=SHAPES)
def test_packed_random_bytes_are_refused(body: bytes, shape: tuple[int, ...]) -> None:
    if not body.startswith(idx(shape, b"")):
        refused(gzip.compress(body), shape, compressed=True)


@UNHURRIED
@given(magic=st.binary(min_size=4, max_size=4), body=st.binary(max_size=40))
def test_wrong_magic_is_refused(magic: bytes, body: bytes) -> None:
    if magic != b"\0\0\x08\x03":
        refused(magic + struct.pack(">3I", 2, 2, 2) + body, (2, 2, 2))


@UNHURRIED
@given(
    declared=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4).map(tuple),
    compressed=st.booleans(),
)
def test_declared_sizes_take_no_memory(declared: tuple[int, ...], compressed: bool) -> None:
    shape = (3,) * len(declared)
    if declared != shape:
        file = idx(declared, bytes(3 ** len(declared)))
        refused(gzip.compress(file) if compressed else file, shape, compressed)


@UNHURRIED
@given(samples=st.integers(10**8, 2**32 - 1), body=st.binary(max_size=50))
def test_a_declared_size_that_agrees_takes_no_memory_either(samples: int, body: bytes) -> None:
    refused(idx((samples,), body), (samples,))


@UNHURRIED
@given(shape=SHAPES, compressed=st.booleans(), data=st.data())
def test_every_truncation_is_refused(
    shape: tuple[int, ...], compressed: bool, data: st.DataObject
) -> None:
    file = idx(shape, bytes(range(256))[: int(np.prod(shape))].ljust(int(np.prod(shape)), b"\7"))
    file = gzip.compress(file) if compressed else file
    refused(file[: data.draw(st.integers(0, len(file) - 1))], shape, compressed)


@UNHURRIED
@given(shape=SHAPES, trailing=st.binary(min_size=1, max_size=50))
def test_trailing_bytes_are_refused(shape: tuple[int, ...], trailing: bytes) -> None:
    file = idx(shape, bytes(int(np.prod(shape)))) + trailing
    refused(file, shape)
    refused(gzip.compress(file), shape, compressed=True)


@UNHURRIED
@given(data=st.data())
def test_altered_packed_bytes_give_the_values_or_an_error(data: st.DataObject) -> None:
    file = bytearray(gzip.compress(idx((6, 5), bytes(range(30)))))
    at = data.draw(st.integers(0, len(file) - 1))
    file[at] ^= data.draw(st.integers(1, 255))
    with little_memory():
        try:
            read = read_idx(io.BytesIO(bytes(file)), (6, 5), "here", compressed=True)
        except DataError:
            return
    # Only parts that say nothing of the content, such as the time in the gzip header, may change.
    assert read.tobytes() == bytes(range(30))
