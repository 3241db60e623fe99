"""Reading .ts files of the UEA and UCR archives: equally long series of real numbers with a class each.

A header of lines that begin with `#` (remarks) or `@` (facts), then `@data`, then a line a sample: its channels
between colons, the values of a channel between commas, the class last (Bagnall et al., arXiv:1811.00075, 2018).
"""

from __future__ import annotations

import gzip
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import DataError

LARGEST_BYTES = 1 << 31
"""Of an unpacked file."""


def read_ts(
    stream: BinaryIO, shape: tuple[int, int, int], classes: tuple[str, ...], name: str, *, compressed: bool
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:  # fmt: skip
    """Series and labels of one file.

    Args:
        stream: the file; compressed: whether gzip packed it.
        shape: (samples, steps, channels) that it must hold.
        classes: names of the classes; label k stands for the k-th.
        name: of the file, for messages.

    Returns:
        Series (samples, steps, channels) and labels (samples,).

    Raises:
        DataError: if the file is something else, or holds another number of samples, steps or channels.
    """
    samples, steps, channels = shape
    series = np.empty(shape, np.float32)
    labels = np.empty(samples, np.int64)
    number = 0
    for line in _data_lines(stream, name, compressed):
        if number == samples:
            raise DataError(f"{name}: must hold {samples} samples, found more")
        *parts, label = line.split(":")
        if len(parts) != channels:
            raise DataError(
                f"{name}: sample {number} must have {channels} channels, found {len(parts)}"
            )
        if label not in classes:
            raise DataError(
                f"{name}: the class of sample {number} must be one of {', '.join(classes)}, got {label[:40]!r}"
            )
        for channel, part in enumerate(parts):
            series[number, :, channel] = _values(part, steps, f"{name}: sample {number}")
        labels[number] = classes.index(label)
        number += 1
    if number != samples:
        raise DataError(f"{name}: must hold {samples} samples, found {number}")
    return series, labels


def _data_lines(stream: BinaryIO, name: str, compressed: bool) -> list[str]:
    try:
        with gzip.GzipFile(fileobj=stream) if compressed else stream as plain:
            raw = plain.read(LARGEST_BYTES + 1)
    except (OSError, EOFError) as error:
        raise DataError(f"{name}: is not a whole gzip file: {error}") from error
    if len(raw) > LARGEST_BYTES:
        raise DataError(f"{name}: is larger than {LARGEST_BYTES} bytes")
    # Remarks of the archive are in several encodings; facts and data are ASCII.
    lines = [line.strip() for line in raw.decode("ascii", "replace").splitlines()]
    if "@data" not in lines:
        raise DataError(f"{name}: is not a .ts file: it has no line '@data'")
    return [line for line in lines[lines.index("@data") + 1 :] if line]


def _values(text: str, steps: int, where: str) -> NDArray[np.float32]:
    try:
        values = np.array(text.split(","), np.float32)
    except ValueError as error:
        raise DataError(f"{where}: {error}; missing values are not supported") from error
    if len(values) != steps:
        raise DataError(f"{where} must have {steps} steps, found {len(values)}")
    if not np.isfinite(values).all():
        raise DataError(f"{where}: values must be finite; missing values are not supported")
    return values
