"""Intensity levels 0..255 of images, from whatever numbers their files hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import DataError

HIGHEST_LEVEL = 255

DARKEST = 128
"""Brightest level of images that no description calls dark: below it, a `maximum` was forgotten."""


def levels(what: str, images: NDArray[Any], maximum: int | None) -> NDArray[np.uint8]:
    """Levels of images that hold whole numbers of 0..maximum, real numbers of 0 to 1, or truth values.

    Args:
        what: to call them in messages; maximum: what becomes level 255; None: 255.

    Raises:
        DataError: for a number out of range.
    """
    if images.dtype.kind == "b":
        return images.astype(np.uint8) * np.uint8(HIGHEST_LEVEL)
    if images.dtype.kind == "f":
        return _of_real(what, images, maximum)
    highest = HIGHEST_LEVEL if maximum is None else maximum
    check_range(what, images, highest, "maximum")
    if highest == HIGHEST_LEVEL:
        return images.astype(np.uint8, copy=False)
    table = np.rint(np.arange(highest + 1) * HIGHEST_LEVEL / highest).astype(np.uint8)
    scaled: NDArray[np.uint8] = table[images]
    return scaled


def check_range(what: str, values: NDArray[np.integer[Any]], highest: int, rule: str) -> None:
    """Refuse whole numbers outside of 0..highest.

    Raises:
        DataError: with the rule, a key of the description.
    """
    least, greatest = int(values.min()), int(values.max())
    if least < 0 or greatest > highest:
        raise DataError(
            f"{what} must lie in 0..{highest} ({rule} of the description), "
            f"found {least}..{greatest}; correct the description or the data"
        )


def check_brightness(what: str, images: NDArray[np.uint8], advice: str) -> None:
    """Refuse levels that are all dark: networks learn nothing from them.

    Args:
        what: to call them in messages; images: their levels.
        advice: what to do; `{}` in it stands for the brightest level.

    Raises:
        DataError: with the brightest level, and what to do.
    """
    brightest = int(images.max())
    if brightest < DARKEST:
        black = "nearly black" if brightest else "black"
        seen = f"the brightest pixel is {brightest} of {HIGHEST_LEVEL}, {black}"
        raise DataError(f"{what}: {seen}; {advice.format(brightest)}")


def _of_real(what: str, images: NDArray[Any], maximum: int | None) -> NDArray[np.uint8]:
    if not np.isfinite(images).all():
        raise DataError(f"{what}: expected numbers of 0 to 1, found NaN or infinity")
    least, greatest = float(images.min()), float(images.max())
    if least < 0.0 or greatest > 1.0 or maximum not in (None, 1):
        given = "" if maximum is None else f" and 'maximum: {maximum}'"
        raise DataError(
            f"{what}: real numbers must lie in 0 to 1, where 1 becomes level {HIGHEST_LEVEL}; found {least:g} to "
            f"{greatest:g}{given}; save whole levels, or numbers of 0 to 1 without 'maximum'"
        )
    return np.asarray(np.rint(images.astype(np.float64) * HIGHEST_LEVEL), np.uint8)
