"""Reader of images that lie in a zip, one file each: SPLIT/CLASS/NAME, as many image collections are kept.

Samples come in the order of their names, one of each class in turn, so that the first ones of a split hold all
classes alike. Nothing is unpacked to disk; the size of an image is looked at before its pixels are decoded.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import DataError, missing_package
from eqspike.tasks.task import RawSplit

FORMATS = ("JPEG", "PNG")
_LARGEST_FILE_BYTES = 1 << 20
_PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# What zipfile, zlib and Pillow's decoders raise on damaged bytes.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, KeyError, MemoryError, OSError, OverflowError,
    RuntimeError, SyntaxError, TypeError, ValueError,
)  # fmt: skip


def read_zipped_images(
    stream: BinaryIO, split: str, classes: Sequence[str], shape: tuple[int, ...], samples: int, name: str
) -> RawSplit:  # fmt: skip
    """Images and labels of one split.

    Args:
        stream: the zip, seekable.
        classes: names of the folders, in the order of the labels.
        shape: of an image: (rows, columns) or (3, rows, columns), red, green and blue.
        samples: how many there must be in all, the same number of each class.
        name: what to call the file in messages.

    Returns:
        uint8 images (samples, *shape) and their labels.

    Raises:
        DataError: if the file is no zip, holds other images, or one of them is damaged or of another size.
        MissingPackageError: without Pillow.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            members = _members(archive, split, classes, samples, name)
            images = [_decoded(archive, member, shape, name) for member in members]
    except _DAMAGE as error:
        raise DataError(f"{name}: is damaged or no zip, found: {error}") from error
    return np.stack(images), np.arange(samples) % len(classes)


def _members(
    archive: zipfile.ZipFile, split: str, classes: Sequence[str], samples: int, name: str
) -> list[zipfile.ZipInfo]:
    """One of each class in turn."""
    by_class: dict[str, list[zipfile.ZipInfo]] = {each: [] for each in classes}
    for member in sorted(archive.infolist(), key=lambda each: each.filename):
        folder, _, rest = member.filename.removeprefix(f"{split}/").partition("/")
        if member.filename.startswith(f"{split}/") and rest:
            by_class.setdefault(folder, []).append(member)
    found = {each: len(members) for each, members in by_class.items()}
    if found != dict.fromkeys(classes, samples // len(classes)):
        raise DataError(
            f"{name}: expected {samples // len(classes)} images in each of {split}/{{{', '.join(classes)}}}, "
            f"found {found}"
        )
    return [member for turn in zip(*by_class.values(), strict=True) for member in turn]


def _decoded(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, shape: tuple[int, ...], name: str
) -> NDArray[Any]:
    """Levels of one image, channels first."""
    try:
        from PIL import Image
    except ImportError as missing:
        raise missing_package("pillow", "images", "a task of JPEG or PNG files") from missing
    what = f"{name}: {member.filename}"
    if member.file_size > _LARGEST_FILE_BYTES or member.compress_type not in _PLAIN_METHODS:
        raise DataError(
            f"{what}: expected at most {_LARGEST_FILE_BYTES} bytes, stored or deflated, found {member.file_size} "
            f"bytes by method {member.compress_type}"
        )
    mode = "RGB" if len(shape) == 3 else "L"
    try:
        with archive.open(member) as data, Image.open(data, formats=FORMATS) as image:
            if (image.height, image.width) != shape[-2:] or image.mode != mode:
                raise DataError(
                    f"{what}: expected {mode} of {shape[-2]} rows and {shape[-1]} columns, found {image.mode} of "
                    f"{image.height} and {image.width}"
                )
            levels = np.asarray(image)
    except (*_DAMAGE, Image.DecompressionBombError) as error:
        raise DataError(f"{what}: cannot be decoded, found: {error}") from error
    return np.moveaxis(levels, -1, 0) if len(shape) == 3 else levels
