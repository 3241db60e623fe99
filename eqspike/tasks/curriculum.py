"""Curricula: one task after another, for learners that must not forget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eqspike.core.errors import ConfigError
from eqspike.tasks.metrics import Metric
from eqspike.tasks.task import Split, Stage, Task

_PERMUTATION = 0x9E12
"""Keeps the permutations apart from other streams of the same seed."""


@dataclass(frozen=True, eq=False)
class Part:
    """One task of a curriculum, its pixels in an order of their own if `permuted`."""

    task: Task
    permuted: bool


@dataclass(frozen=True, eq=False)
class Curriculum:
    """Tasks that are learnt in turn; all have images of one shape and as many classes.

    Attributes:
        name, title, source, licence: as of a `Task`.
        parts: in the order of learning.

    Raises:
        ConfigError: if there is no task, or they differ in pixels or classes.
    """

    name: str
    title: str
    source: str
    licence: str
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        shapes = {(part.task.image_shape, part.task.classes) for part in self.parts}
        if len(shapes) != 1:
            found = ", ".join(part.task.name for part in self.parts) or "no task"
            raise ConfigError(
                f"task '{self.name}': all tasks of a curriculum must have images of one shape and as many "
                f"classes, got {found}"
            )

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of one image."""
        return self.parts[0].task.image_shape

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.image_shape

    @property
    def classes(self) -> int:
        """Number of classes of each task."""
        return self.parts[0].task.classes

    @property
    def metric(self) -> Metric:
        """How outputs are judged."""
        return self.parts[0].task.metric

    def load(self, split: str) -> Split:
        """A split of the first task, as it is in its files."""
        return self.parts[0].task.load(split)

    @property
    def number_of_stages(self) -> int:
        """Tasks that are learnt in turn."""
        return len(self.parts)

    def stages(
        self, seed: int = 0, train: int | None = None, test: int | None = None
    ) -> Sequence[Stage]:
        """The tasks with their data, each permutation a function of (seed, place in the curriculum) alone.

        Args:
            train, test: use only the first samples of each split.
        """
        stages = []
        for number, part in enumerate(self.parts):
            (stage,) = part.task.stages(seed, train, test)
            stages.append(permuted(stage, seed, number) if part.permuted else stage)
        return stages


def permuted(stage: Stage, seed: int, number: int) -> Stage:
    """The same task with its pixels in another order, the same for all images of both splits.

    The order is a function of (seed, number) alone (Goodfellow, Mirza, Xiao, Courville and Bengio, ICLR 2014).
    """
    pixels = stage.train.inputs.shape[1]
    order = np.random.default_rng([seed, _PERMUTATION, number]).permutation(pixels)
    train, test = (
        Split(np.ascontiguousarray(s.inputs[:, order]), s.targets)
        for s in (stage.train, stage.test)
    )
    return Stage(f"{stage.name} {number + 1}", train, test)
