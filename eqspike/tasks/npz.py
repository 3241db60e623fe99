"""Reader of single arrays of an npz file, NumPy's archive of arrays.

Only plain numbers are read, never pickled objects. The shape must be known beforehand: the
size that the archive declares is checked against it before anything is unpacked.
"""

from __future__ import annotations

import io
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import DataError
from eqspike.tasks.idx import WHOLE

_LARGEST_ITEM_BYTES = 8
_LARGEST_HEADER_BYTES = 1 << 16
_PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    tokenize.TokenError,
    EOFError,
    MemoryError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What zipfile, zlib and NumPy's header parser raise on damaged bytes (RuntimeError: recursion and unknown zip
features; MemoryError: the parser's own limit on nesting)."""

# Typed as Any: the annotations of this module differ between NumPy 1.26 and 2.
_format: Any = np.lib.format


def read_npz(
    stream: BinaryIO, key: str, shapes: Sequence[tuple[int, ...]], name: str, kinds: str = WHOLE
) -> NDArray[Any]:
    """One array of an npz file.

    Args:
        stream: the file, seekable.
        key: name of the array.
        shapes: the shapes it may have, all with the same number of values.
        name: what to call the file in messages.
        kinds: of NumPy's types that its values may have.

    Raises:
        DataError: if the file is no npz file, lacks the array, or the array is damaged, of another
            type, or of another shape.
    """
    what = f"{name}: {key}"
    try:
        with zipfile.ZipFile(stream) as archive:
            member = _member(archive, key, name)
            with archive.open(member) as data:
                _check_header(io.BytesIO(data.read(_LARGEST_HEADER_BYTES)), shapes, what, kinds)
            _check_size(member, shapes, what)
            with archive.open(member) as data:
                array: NDArray[Any] = _format.read_array(data, allow_pickle=False)
                return array
    except DAMAGE as error:
        raise DataError(f"{what}: is damaged or not an npz array, found: {error}") from error


def _member(archive: zipfile.ZipFile, key: str, name: str) -> zipfile.ZipInfo:
    try:
        member = archive.getinfo(f"{key}.npy")
    except KeyError:
        held = ", ".join(item.removesuffix(".npy") for item in archive.namelist()[:8])
        raise DataError(
            f"{name}: expected an array '{key}', found: {held or 'none'}; the keys 'images' and 'labels' "
            "of 'train' and 'test' in the description name the arrays of a split"
        ) from None
    # The other methods set aside as much working memory as the file asks for.
    if member.compress_type not in _PLAIN_METHODS:
        raise DataError(f"{name}: {key}: expected the archive as numpy.savez_compressed writes it")
    return member


def _check_size(member: zipfile.ZipInfo, shapes: Sequence[tuple[int, ...]], what: str) -> None:
    limit = math.prod(shapes[0]) * _LARGEST_ITEM_BYTES + _LARGEST_HEADER_BYTES
    if member.file_size > limit:
        raise DataError(
            f"{what}: expected {_either(shapes)}, at most {limit} bytes, "
            f"found {member.file_size} bytes declared"
        )


def _check_header(data: Any, shapes: Sequence[tuple[int, ...]], what: str, kinds: str) -> None:
    version = _format.read_magic(data)
    if version == (1, 0):
        shape, _, dtype = _format.read_array_header_1_0(data)
    else:
        shape, _, dtype = _format.read_array_header_2_0(data)
    if shape not in shapes:
        raise DataError(f"{what}: expected {_either(shapes)}, found {shape}")
    if dtype.kind not in kinds:
        raise DataError(
            f"{what}: expected whole numbers (such as uint8), found {dtype}; save them with .astype('uint8')"
        )


def _either(shapes: Sequence[tuple[int, ...]]) -> str:
    return "shape " + " or ".join(str(shape) for shape in dict.fromkeys(shapes))
