"""Images that are mirrored and moved at random while a learner learns from them.

What is drawn of a presentation is a function of its key, that is of (seed, epoch, position), and of nothing before
it: a run that stopped and went on sees the same images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.config import Section
from eqspike.core.learner import Keys
from eqspike.core.random_stream import Purpose, draws, stream_key

BORDERS = ("zero", "edge")
_FLIP, _ROWS, _COLUMNS = range(3)
"""What is drawn, the words that follow the purpose in a key."""


@dataclass(frozen=True)
class Augmentation:
    """A mirror image with probability one half, then a window of the image with a border around it.

    Attributes:
        flip: left and right may be exchanged.
        crop: width of the border; the window is of the image's own size, anywhere with equal probability.
        border: what stands there: level `zero`, or the level of the nearest `edge`.
    """

    flip: bool = False
    crop: int = 0
    border: str = "zero"

    @staticmethod
    def read(section: Section) -> Augmentation:
        """Read `flip`, `crop` and `border`.

        Raises:
            ConfigError: for an unknown key, a value out of range, or a section that asks for nothing.
        """
        found = Augmentation(
            section.flag("flip", False),
            section.integer("crop", 0, low=0, high=1000),
            section.choice("border", BORDERS, BORDERS[0]),
        )
        if not (found.flip or found.crop):
            raise section.error("crop", "1 or more where flip is false")
        section.close()
        return found

    def __call__(self, images: NDArray[Any], keys: Keys) -> NDArray[Any]:
        """Images (samples, channels, rows, columns) as those of these presentations, (samples,)."""
        if self.flip:
            turned = _drawn(_FLIP, keys, 2).astype(bool)
            images = np.where(turned[:, None, None, None], images[..., ::-1], images)
        if not self.crop:
            return images
        edge = (self.crop, self.crop)
        mode = "edge" if self.border == "edge" else "constant"
        wide = np.pad(images, ((0, 0), (0, 0), edge, edge), mode=mode)  # type: ignore[call-overload]
        top, left = (_drawn(which, keys, 2 * self.crop + 1) for which in (_ROWS, _COLUMNS))
        samples, channels, rows, columns = (np.arange(size) for size in images.shape)
        moved: NDArray[Any] = wide[
            samples[:, None, None, None],
            channels[:, None, None],
            (top[:, None] + rows)[:, None, :, None],
            (left[:, None] + columns)[:, None, None, :],
        ]
        return moved


def _drawn(which: int, keys: Keys, number: int) -> NDArray[np.int64]:
    """A whole number below `number` of each presentation."""
    return (draws(stream_key(Purpose.AUGMENTATION, which), keys) % np.uint64(number)).astype(
        np.int64
    )
