"""Reader of files of records: of each sample one byte that is its label, then one byte a pixel.

This is the "binary version" of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): channels one after the
other, red, green and blue, each row by row.
"""

from __future__ import annotations

import gzip
import math
import zlib
from typing import BinaryIO

import numpy as np

from eqspike.core.errors import DataError
from eqspike.tasks.task import RawSplit

_UNPACK_ERRORS = (gzip.BadGzipFile, zlib.error, EOFError)


def read_records(
    stream: BinaryIO, samples: int, shape: tuple[int, ...], name: str, *, compressed: bool = False
) -> RawSplit:
    """Images and labels of a file.

    Args:
        stream: the file, open at its start; no more is read of it than the samples need.
        samples: records that it must hold.
        shape: of an image.
        name: what to call the file in messages.
        compressed: whether the file is packed by gzip.

    Returns:
        uint8 images (samples, *shape) and labels (samples,).

    Raises:
        DataError: if the file holds fewer or more bytes, or cannot be unpacked.
    """
    size = 1 + math.prod(shape)
    wanted = samples * size
    try:
        if compressed:
            with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
                data = unpacked.read(wanted + 1)
        else:
            data = stream.read(wanted + 1)
    except _UNPACK_ERRORS as error:
        raise DataError(f"{name}: cannot be unpacked as gzip, found: {error}") from error
    if len(data) != wanted:
        found = "more" if len(data) > wanted else str(len(data))
        raise DataError(
            f"{name}: expected {samples} records of {size} bytes ({wanted} in all), found {found}"
        )
    records = np.frombuffer(data, np.uint8).reshape(samples, size)
    return records[:, 1:].reshape(samples, *shape), records[:, 0]
