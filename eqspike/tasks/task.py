"""A task and its two splits: labelled images as the engines read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import ConfigError, DataError
from eqspike.tasks.levels import check_brightness, check_range, levels
from eqspike.tasks.metrics import ACCURACY, Metric

SPLITS = ("train", "test")

_NAME_MAXIMUM = (
    "add to the description 'maximum: {}' if that is white, or 'maximum: 255' if they are that dark"
)
_DIVIDE = (
    "divide them by what is white, so that it becomes 1, or add to the description 'maximum: 1' if they are that "
    "dark"
)
_NOTHING = "no network learns from that; correct the data, or the arrays that the description names"

RawSplit = tuple[NDArray[Any], NDArray[np.integer[Any]]]
"""Images (samples, ...) and labels (samples,) as the file holds them: whole numbers, images also real or bool."""


@dataclass(frozen=True, eq=False)
class Split:
    """Labelled images, read-only.

    Attributes:
        images: uint8 intensity levels 0..255, shape (samples, pixels).
        labels: int64 class of each image, shape (samples,).

    Raises:
        DataError: if the types, the dimensions or the numbers of samples do not agree with this.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 2:
            raise DataError(
                "images must be uint8 of shape (samples, pixels), got "
                f"{self.images.dtype} of shape {self.images.shape}"
            )
        if self.labels.dtype != np.int64 or self.labels.shape != self.images.shape[:1]:
            raise DataError(
                f"labels must be int64 of shape ({len(self.images)},), one for each image, got "
                f"{self.labels.dtype} of shape {self.labels.shape}"
            )
        object.__setattr__(self, "images", _read_only(self.images))
        object.__setattr__(self, "labels", _read_only(self.labels))

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def inputs(self) -> NDArray[np.uint8]:
        """The images, as the training loop calls them."""
        return self.images

    @property
    def targets(self) -> NDArray[np.int64]:
        """The labels, as the training loop calls them."""
        return self.labels

    def limit(self, n: int) -> Split:
        """The first `n` samples, sharing memory with this split; all of them if there are fewer.

        Raises:
            ConfigError: if `n` is less than 1.
        """
        if n < 1:
            raise ConfigError(f"the limit on samples must be at least 1, got {n}")
        return Split(self.images[:n], self.labels[:n])

    def take(self, rows: NDArray[np.integer[Any]]) -> Split:
        """The samples of these numbers, in that order."""
        return Split(self.images[rows], self.labels[rows])


class Samples(Protocol):
    """One split, whatever its samples are."""

    @property
    def inputs(self) -> NDArray[Any]:
        """(samples, ...)."""
        ...

    @property
    def targets(self) -> NDArray[Any]:
        """(samples, ...)."""
        ...

    def __len__(self) -> int: ...

    def limit(self, n: int) -> Samples:
        """The first `n` samples."""
        ...

    def take(self, rows: NDArray[np.integer[Any]]) -> Samples:
        """The samples of these numbers, in that order."""
        ...


@dataclass(frozen=True, eq=False)
class Stage:
    """One task of a run: its name and its splits.

    Attributes:
        validation: what epochs are judged on, if some training samples are held out for that; see `hold_out`.
    """

    name: str
    train: Samples
    test: Samples
    validation: Samples | None = None


@dataclass(frozen=True, eq=False)
class Task:
    """A classification data set; nothing is read before `load`.

    Attributes:
        name: name in the library, or of the description file without its ending.
        title: full name, for reports.
        source: who made the data, and where they come from.
        licence: terms the data stand under.
        image_shape: shape of one image, such as (28, 28); images are rows of its product's length.
        classes: number of classes; labels are 0..classes-1.
        maximum: greatest level in the files, 1..255, which becomes 255; None if the description names none: then
            it is 255, and images that are darker than half of it are refused.
        read: reads one split as the files hold it.
        metric: how outputs are judged.
    """

    name: str
    title: str
    source: str
    licence: str
    image_shape: tuple[int, ...]
    classes: int
    maximum: int | None
    read: Callable[[str], RawSplit] = field(repr=False)
    metric: Metric = ACCURACY
    _loaded: WeakValueDictionary[str, Split] = field(
        default_factory=WeakValueDictionary, init=False, repr=False
    )

    def load(self, split: str) -> Split:
        """The `train` or `test` split, found, verified and, where need be, fetched.

        A split is read once for as long as somebody holds it.

        Raises:
            ConfigError: if `split` is neither `train` nor `test`.
            DataError: if a file is missing, damaged or not what the description says.
        """
        if split not in SPLITS:
            raise ConfigError(f"the split must be one of {', '.join(SPLITS)}, got {split!r}")
        kept = self._loaded.get(split)
        if kept is None:
            kept = self._checked(split, *self.read(split))
            self._loaded[split] = kept
        return kept

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.image_shape

    @property
    def number_of_stages(self) -> int:
        """Tasks that are learnt in turn: this one."""
        return 1

    def stages(
        self, seed: int = 0, train: int | None = None, test: int | None = None
    ) -> Sequence[Stage]:
        """The one stage of a run on this task; a `Curriculum` has several.

        Args:
            seed: of what is drawn, here nothing.
            train, test: use only the first samples of each split.
        """
        del seed
        splits = (self.load("train"), train), (self.load("test"), test)
        limited = (split if limit is None else split.limit(limit) for split, limit in splits)
        return (Stage(self.name, *limited),)

    def _checked(self, split: str, images: NDArray[Any], labels: NDArray[np.integer[Any]]) -> Split:
        where = f"{self.name}: {split}"
        check_range(f"{where} labels", labels, self.classes - 1, "classes - 1")
        found = levels(f"{where} images", images.reshape(len(images), -1), self.maximum)
        if self.maximum is None and split == "train":
            named = _DIVIDE if images.dtype.kind == "f" else _NAME_MAXIMUM
            advice = named if images.any() else _NOTHING
            check_brightness(f"{where} images", found, advice)
        return Split(found, labels.astype(np.int64))


def _read_only(array: NDArray[np.generic]) -> NDArray[np.generic]:
    view = array.view()
    view.flags.writeable = False
    return view
