"""Reader of idx files, the format of MNIST and its kin.

Layout (http://yann.lecun.com/exdb/mnist/, "The IDX file format"): two zero bytes, one byte for the
type of the values, one for the number of dimensions, each dimension as four bytes big-endian, then
the values in row-major order.

The shape must be known beforehand: whatever a file declares or unpacks to, no more memory is taken
than that shape needs.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import DataError

_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_CHUNK_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"

WHOLE, REAL = "iu", "iubf"
"""Kinds of NumPy's types: of labels, and of images."""

_UNPACK_ERRORS = (gzip.BadGzipFile, zlib.error, EOFError)


def read_idx(
    stream: BinaryIO,
    shape: tuple[int, ...],
    name: str,
    *,
    compressed: bool = False,
    kinds: str = WHOLE,
) -> NDArray[Any]:
    """The values of an idx file.

    Args:
        stream: the file, open at its start.
        shape: dimensions it must declare, such as (60000, 28, 28) for images, (60000,) for labels.
        name: what to call the file in messages.
        compressed: whether the file is packed by gzip.
        kinds: of NumPy's types that its values may have.

    Returns:
        Read-only array of shape `shape`.

    Raises:
        DataError: if the file is no idx file, holds another type or other dimensions, is shorter or
            longer than it declares, or cannot be unpacked.
    """
    try:
        if not compressed:
            return _read(stream, shape, name, kinds)
        with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
            return _read(unpacked, shape, name, kinds)
    except _UNPACK_ERRORS as error:
        raise DataError(f"{name}: cannot be unpacked as gzip, found: {error}") from error


def is_packed(stream: BinaryIO) -> bool:
    """Whether a file begins as gzip does, whatever its name is; it stands at its start again afterwards."""
    begins = stream.read(len(_GZIP))
    stream.seek(0)
    return begins == _GZIP


def _read(
    stream: BinaryIO | gzip.GzipFile, shape: tuple[int, ...], name: str, kinds: str
) -> NDArray[Any]:
    kind = _check_magic(_take(stream, 4), len(shape), name, kinds)
    _check_dimensions(_take(stream, 4 * len(shape)), shape, name)
    count = math.prod(shape)
    values = _take(stream, count * kind.itemsize)
    if len(values) < count * kind.itemsize:
        found = len(values) // kind.itemsize
        raise DataError(
            f"{name}: is truncated, expected {count} values after the header, found {found}"
        )
    if stream.read(1):
        raise DataError(f"{name}: expected {count} values after the header, found more bytes")
    array = np.frombuffer(values, kind).reshape(shape)
    array.flags.writeable = False
    return array


def _take(stream: BinaryIO | gzip.GzipFile, count: int) -> bytearray:
    """Up to `count` bytes, in pieces: a short file must not cost the memory of a whole one."""
    data = bytearray()
    while len(data) < count:
        piece = stream.read(min(count - len(data), _CHUNK_BYTES))
        if not piece:
            break
        data += piece
    return data


def _check_magic(magic: bytearray, dimensions: int, name: str, kinds: str) -> np.dtype[Any]:
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES:
        raise DataError(
            f"{name}: is not an idx file, expected it to begin with the bytes "
            f"00 00 08 {dimensions:02x}, found {magic.hex(' ') or 'an empty file'}"
        )
    kind = _TYPES[magic[2]]
    if kind.kind not in kinds:
        raise DataError(
            f"{name}: expected whole numbers (such as uint8), found {kind.name}; save them as uint8"
        )
    if magic[3] != dimensions:
        raise DataError(
            f"{name}: expected {_kind(dimensions)}, found {_kind(magic[3])}; "
            "is it another file under this name?"
        )
    return kind


def _check_dimensions(header: bytearray, shape: tuple[int, ...], name: str) -> None:
    if len(header) < 4 * len(shape):
        raise DataError(f"{name}: is truncated, it ends within the header")
    found = struct.unpack(f">{len(shape)}I", header)
    if found != shape:
        raise DataError(f"{name}: expected dimensions {shape}, found {found}")


def _kind(dimensions: int) -> str:
    return "1 dimension (labels)" if dimensions == 1 else f"{dimensions} dimensions"
