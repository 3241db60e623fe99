"""A task's images as a learner takes them: real numbers, padded, in channels, rows and columns or flat."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.config import Section


@dataclass(frozen=True)
class ImageReader:
    """Levels 0..255 to numbers (level / 255 - mean) / deviation.

    Attributes:
        image: shape of the task's images: (rows, columns), or (channels, rows, columns).
        padding: rows and columns of 0 added on each side.
        flat: whether pixels stand in one row.
        mean, deviation: of what is subtracted and divided by, after the division by 255.
    """

    image: tuple[int, ...]
    padding: int = 0
    flat: bool = False
    mean: float = 0.0
    deviation: float = 1.0

    @staticmethod
    def read(section: Section) -> ImageReader:
        """Read `image`, `padding`, `flat`, `mean` and `deviation`."""
        section.explain(
            mean="subtracted from the inputs, which are levels / 255",
            deviation="what the inputs are divided by after that",
            flat="whether the pixels form one row, without channels",
        )
        image = section.integers("image", low=1, high=65536, least=2)
        if len(image) > 3:
            raise section.error("image", "[rows, columns] or [channels, rows, columns]")
        return ImageReader(
            image,
            section.integer("padding", 0, low=0, high=1000),
            section.flag("flat", False),
            section.number("mean", 0.0, low=-1, high=1),
            section.number("deviation", 1.0, above=0, high=10),
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a sample as the learner takes it."""
        channels, rows, columns = self._maps
        wide = (channels, rows + 2 * self.padding, columns + 2 * self.padding)
        return (math.prod(wide),) if self.flat else wide

    @property
    def _maps(self) -> tuple[int, int, int]:
        channels, rows, columns = self.image if len(self.image) == 3 else (1, *self.image)
        return channels, rows, columns

    def misfit(self, input_shape: tuple[int, ...]) -> str:
        """What does not fit samples of that shape: a sentence whose subject is the model; or nothing."""
        if tuple(input_shape) == self.image:
            return ""
        wanted, found = list(self.image), list(input_shape)
        return f"takes images of {wanted}, but the task's samples are {found}; set learner.image"

    def __call__(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """(samples, *shape) of levels (samples, pixels)."""
        levels = np.asarray(images, np.float32).reshape(-1, *self._maps) / np.float32(255)
        values = (levels - np.float32(self.mean)) / np.float32(self.deviation)
        edge = (self.padding, self.padding)
        padded = np.pad(values, ((0, 0), (0, 0), edge, edge)) if self.padding else values
        return np.ascontiguousarray(padded.reshape(-1, *self.shape))
