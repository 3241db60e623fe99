"""A task's images as a learner takes them: real numbers, padded, in channels, rows and columns or flat."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.config import Section
from eqspike.core.learner import Keys
from eqspike.learners.augmentation import Augmentation


@dataclass(frozen=True)
class ImageReader:
    """Levels 0..255 to numbers (level / 255 - mean) / deviation.

    Attributes:
        image: shape of the task's images: (rows, columns), or (channels, rows, columns).
        padding: rows and columns of level 0 added on each side.
        flat: whether pixels stand in one row.
        mean, deviation: of what is subtracted and divided by, after the division by 255: one for all channels, or
            one for each.
        augmentation: what is done at random to images that are learnt from, padding included.
    """

    image: tuple[int, ...]
    padding: int = 0
    flat: bool = False
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    augmentation: Augmentation | None = None

    @staticmethod
    def read(section: Section) -> ImageReader:
        """Read `image`, `padding`, `flat`, `mean`, `deviation` and `augmentation`, which may be `null`."""
        section.explain(
            mean="subtracted from the inputs, which are levels / 255",
            deviation="what the inputs are divided by after that",
            augmentation="random changes of the images in training; `null`: none",
            flat="whether the pixels form one row, without channels",
        )
        image = section.integers("image", low=1, high=65536, least=2)
        if len(image) > 3:
            raise section.error("image", "[rows, columns] or [channels, rows, columns]")
        channels = image[0] if len(image) == 3 else 1
        augmentation = None
        if section.has("augmentation") and not section.is_null("augmentation"):
            augmentation = Augmentation.read(section.section("augmentation"))
        return ImageReader(
            image,
            section.integer("padding", 0, low=0, high=1000),
            section.flag("flat", False),
            read_mean(section, channels),
            read_deviation(section, channels),
            augmentation,
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

    def misfit(self, input_shape: tuple[int, ...], fits: Callable[[ImageReader], bool]) -> str:
        """What does not fit samples of that shape: a sentence whose subject is the model; or nothing.

        Args:
            fits: whether what follows could take the images of another reader.
        """
        if tuple(input_shape) == self.image:
            return ""
        wanted, found = list(self.image), list(input_shape)
        other = replace(self, image=tuple(input_shape))
        channels = {1, other._maps[0]}
        advice = f"choose another model, or a task of images of {wanted}"
        if {len(self.mean), len(self.deviation)} <= channels and fits(other):
            advice = f"set learner.image to {found}"
        return f"takes images of {wanted}, but the task's are {found}; {advice}"

    def __call__(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """(samples, *shape) of levels (samples, pixels)."""
        return self._numbers(self._padded(images))

    def augmented(self, images: NDArray[Any], keys: Keys) -> NDArray[np.float32]:
        """The same of images that are learnt from, as those of these presentations, (samples,)."""
        padded = self._padded(images)
        if self.augmentation is not None:
            padded = self.augmentation(padded, keys)
        return self._numbers(padded)

    def _padded(self, images: NDArray[Any]) -> NDArray[Any]:
        maps, edge = np.asarray(images).reshape(-1, *self._maps), (self.padding, self.padding)
        return np.pad(maps, ((0, 0), (0, 0), edge, edge)) if self.padding else maps

    def _numbers(self, maps: NDArray[Any]) -> NDArray[np.float32]:
        mean, deviation = (
            np.asarray(each, np.float32)[:, None, None] for each in (self.mean, self.deviation)
        )
        values = (np.asarray(maps, np.float32) / np.float32(255) - mean) / deviation
        return np.ascontiguousarray(values.reshape(-1, *self.shape))


def read_mean(section: Section, channels: int) -> tuple[float, ...]:
    """Read `mean`: a number, or one for each channel."""
    if section.has("mean") and isinstance(section.raw("mean"), list):
        return section.numbers("mean", length=channels, low=-1, high=1)
    return (section.number("mean", 0.0, low=-1, high=1),)


def read_deviation(section: Section, channels: int) -> tuple[float, ...]:
    """Read `deviation`: a number, or one for each channel."""
    if not section.has("deviation") or not isinstance(section.raw("deviation"), list):
        return (section.number("deviation", 1.0, above=0, high=10),)
    found = section.numbers("deviation", length=channels, low=0, high=10)
    if min(found) <= 0:
        raise section.error("deviation", f"a list of {channels} numbers above 0")
    return found
