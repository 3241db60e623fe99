"""Tasks whose samples are series of real numbers in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import ConfigError, DataError
from eqspike.tasks.metrics import ACCURACY, Metric
from eqspike.tasks.task import SPLITS, Stage

_SPLIT = 0x5B11
"""Keeps the drawn splits apart from other streams of the same seed."""


@dataclass(frozen=True, eq=False)
class Series:
    """Labelled series, read-only.

    Attributes:
        inputs: float32, (samples, steps, channels).
        targets: int64 class of each, (samples,); or float32 values, (samples, outputs).

    Raises:
        DataError: if types, dimensions or numbers of samples do not agree with this.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[Any]

    def __post_init__(self) -> None:
        if self.inputs.dtype != np.float32 or self.inputs.ndim != 3:
            raise DataError(
                "series must be float32 of shape (samples, steps, channels), got "
                f"{self.inputs.dtype} of shape {self.inputs.shape}"
            )
        wanted = {1: np.int64, 2: np.float32}.get(self.targets.ndim)
        if self.targets.dtype != wanted or self.targets.shape[:1] != self.inputs.shape[:1]:
            raise DataError(
                f"targets must be int64 of shape ({len(self.inputs)},) or float32 of two dimensions, one for each "
                f"series, got {self.targets.dtype} of shape {self.targets.shape}"
            )

    def __len__(self) -> int:
        return len(self.targets)

    def limit(self, n: int) -> Series:
        """The first `n` samples; all of them if there are fewer.

        Raises:
            ConfigError: if `n` is less than 1.
        """
        if n < 1:
            raise ConfigError(f"the limit on samples must be at least 1, got {n}")
        return Series(self.inputs[:n], self.targets[:n])

    def take(self, rows: NDArray[np.integer[Any]]) -> Series:
        """The samples of these numbers, in that order."""
        return Series(self.inputs[rows], self.targets[rows])


@dataclass(frozen=True, eq=False)
class SeriesTask:
    """Series, each with a class or with values; nothing is read before `load`.

    Attributes:
        name, title, source, licence: as of a `Task`.
        shape: (steps, channels) of a sample; classes: number of classes, or of values.
        read: reads one split.
        drawn_share: share of all samples that a run's seed draws for the test set; 0: the archive's own split.
        caveat: what a user must know of these data; empty if nothing.
    """

    name: str
    title: str
    source: str
    licence: str
    shape: tuple[int, int]
    classes: int
    read: Callable[[str], Series] = field(repr=False)
    drawn_share: float = 0.0
    caveat: str = ""
    metric: Metric = ACCURACY
    _loaded: dict[str, Series] = field(default_factory=dict, init=False, repr=False)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.shape

    @property
    def number_of_stages(self) -> int:
        """Tasks that are learnt in turn: this one."""
        return 1

    def load(self, split: str) -> Series:
        """The archive's `train` or `test` split, each channel with mean 0 and variance 1 on `train`.

        Raises:
            ConfigError: if `split` is neither.
            DataError: if a file is missing, damaged or not what the description says.
        """
        if split not in SPLITS:
            raise ConfigError(f"the split must be one of {', '.join(SPLITS)}, got {split!r}")
        if not self._loaded:
            self._loaded.update(_normalised({each: self.read(each) for each in SPLITS}))
        return self._loaded[split]

    def stages(
        self, seed: int = 0, train: int | None = None, test: int | None = None
    ) -> Sequence[Stage]:
        """The one stage of a run; `seed` draws the split where the description says so."""
        parts = [self.load(split) for split in SPLITS]
        if self.drawn_share:
            parts = list(_drawn(parts, self.drawn_share, seed))
        limits = (train, test)
        limited = [
            part if limit is None else part.limit(limit)
            for part, limit in zip(parts, limits, strict=True)
        ]
        return (Stage(self.name, limited[0], limited[1]),)


def _normalised(splits: dict[str, Series]) -> dict[str, Series]:
    train = splits["train"].inputs.astype(np.float64)
    mean, deviation = train.mean((0, 1)), train.std((0, 1))
    scale = 1.0 / np.where(deviation > 0, deviation, 1.0)
    return {
        name: Series(((part.inputs - mean) * scale).astype(np.float32), part.targets)
        for name, part in splits.items()
    }


def _drawn(parts: Sequence[Series], share: float, seed: int) -> tuple[Series, Series]:
    """All samples, one of equal ones, split anew: a function of the seed alone."""
    inputs: NDArray[Any] = np.concatenate([part.inputs for part in parts])
    targets = np.concatenate([part.targets for part in parts])
    _, single = np.unique(inputs.reshape(len(inputs), -1), axis=0, return_index=True)
    order = np.random.default_rng([seed, _SPLIT]).permutation(np.sort(single))
    tested = max(1, round(share * len(order)))
    test, train = np.sort(order[:tested]), np.sort(order[tested:])
    return Series(inputs[train], targets[train]), Series(inputs[test], targets[test])
