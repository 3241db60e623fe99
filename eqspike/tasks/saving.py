"""Arrays in memory as a task: a description and one npz file, so that a run on them can be repeated."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eqspike.core.errors import DataError
from eqspike.core.files import write_together
from eqspike.core.yaml_text import write_yaml
from eqspike.tasks.levels import HIGHEST_LEVEL, check_brightness

_SCALE = (
    "bring whole levels to 0..255 and floats to [0, 1], so that white is 255 or 1, or give booleans"
)

DESCRIPTION, _DATA = "task.yaml", "data.npz"

Labelled = tuple[ArrayLike, ArrayLike]
"""Images (samples, ...) and labels (samples,)."""


def save_task(
    folder: str | os.PathLike[str], train: Labelled, test: Labelled, *, title: str = "Arrays given in Python",
    source: str = "not stated", licence: str = "not stated", classes: int | None = None,
) -> Path:  # fmt: skip
    """Write labelled images as a task of kind `npz`, `task.yaml` and `data.npz`, both files or none.

    Args:
        folder: made if need be; files of these names in it are replaced.
        train, test: images (samples, ...) of one shape and labels (samples,). Images are levels 0..255 of any
            integer type, booleans, or floats in [0, 1], which become the nearest of 256 levels. Labels are whole
            numbers from 0, of shape (samples,) or (samples, 1).
        title, source, licence: what reports say of the data.
        classes: by default one more than the largest label, and at least 2.

    Returns:
        The description, to be named wherever a task is asked for.

    Raises:
        DataError: for arrays of other types, shapes or values.
    """
    images, labels = {}, {}
    for split, given in (("train", train), ("test", test)):
        if not isinstance(given, (tuple, list)) or len(given) != 2:
            raise DataError(f"{split}: must be a pair (images, labels), got {type(given).__name__}")
        images[split] = levels(f"{split} images", given[0])
        if split == "train":
            check_brightness(f"{split} images", images[split], _SCALE)
        labels[split] = _labels(f"{split} labels", given[1], len(images[split]))
    shape = images["train"].shape[1:]
    if images["test"].shape[1:] != shape:
        raise DataError(
            f"test images must have the shape of the train images, {shape}, got {images['test'].shape[1:]}"
        )
    packed = io.BytesIO()
    arrays: dict[str, Any] = {f"{split}_images": images[split] for split in images}
    np.savez_compressed(packed, **arrays, **{f"{split}_labels": labels[split] for split in labels})
    description = {
        "title": title,
        "source": source,
        "licence": licence,
        "image_shape": list(shape),
        "classes": classes or max(2, 1 + max(int(each.max()) for each in labels.values())),
        "maximum": HIGHEST_LEVEL,
        "kind": "npz",
        "data": {"file": _DATA, "sha256": hashlib.sha256(packed.getvalue()).hexdigest()},
        **{split: {"samples": len(images[split])} for split in images},
    }
    files = {_DATA: packed.getvalue(), DESCRIPTION: write_yaml(description).encode()}
    write_together(Path(folder), files)
    return Path(folder) / DESCRIPTION


def levels(what: str, given: ArrayLike) -> NDArray[np.uint8]:
    """Images as levels 0..255.

    Raises:
        DataError: for other types, shapes or values than `save_task` takes.
    """
    array = _array(what, given)
    if array.ndim < 2 or not array.size:
        raise DataError(
            f"{what}: must have shape (samples, ...) and no empty side, got {array.shape}"
        )
    if array.dtype == bool:
        return np.asarray(array * HIGHEST_LEVEL, np.uint8)
    highest = 1 if array.dtype.kind == "f" else HIGHEST_LEVEL
    least, greatest = array.min(), array.max()
    if array.dtype.kind not in "iuf" or not (least >= 0 and greatest <= highest):
        raise DataError(
            f"{what}: must be whole numbers 0..255, booleans, or floats in [0, 1], got {array.dtype} from {least} "
            f"to {greatest}"
        )
    if array.dtype.kind == "f":
        return np.asarray(np.rint(array.astype(np.float64) * HIGHEST_LEVEL), np.uint8)
    return array.astype(np.uint8)


def _labels(what: str, given: ArrayLike, samples: int) -> NDArray[np.int64]:
    array = _array(what, given)
    if array.dtype.kind not in "iu" or array.shape not in ((samples,), (samples, 1)):
        one_of_each = array.ndim == 2 and len(array) == samples and array.shape[1] > 1
        advice = ".argmax(1)" if one_of_each else ".astype('int64')"
        raise DataError(
            f"{what}: must be whole numbers of shape ({samples},) or ({samples}, 1), one for each image, got "
            f"{array.dtype} of shape {array.shape}; {advice} may give them"
        )
    if array.min() < 0:
        raise DataError(f"{what}: must be 0 or more, got {array.min()}")
    return array.astype(np.int64).reshape(samples)


def _array(what: str, given: ArrayLike) -> NDArray[Any]:
    """An array of numbers; a torch tensor on the CPU counts as one."""
    try:
        array = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{what}: cannot be read as an array: {error}") from error
    if array.dtype.kind not in "biuf":
        raise DataError(f"{what}: must be numbers, got an array of type {array.dtype}")
    return array
