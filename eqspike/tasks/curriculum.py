"""Sequences of tasks for learners that must not forget: permuted pixels, or one data set after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eqspike.core.errors import ConfigError
from eqspike.tasks.description import load_task
from eqspike.tasks.task import Split

_PERMUTATION = 0x9E12
"""Keeps the permutations apart from other streams of the same seed."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One task of a sequence: its name and its two splits."""

    name: str
    train: Split
    test: Split

    def limit(self, train: int | None, test: int | None) -> Stage:
        """The first samples of each split; all of them for None."""
        return Stage(
            self.name,
            self.train if train is None else self.train.limit(train),
            self.test if test is None else self.test.limit(test),
        )


def permuted(stage: Stage, seed: int, number: int) -> Stage:
    """The same task with its pixels in another order, the same for all images of both splits.

    The order is a function of (seed, number) alone (Goodfellow, Mirza, Xiao, Courville and Bengio, ICLR 2014).
    """
    pixels = stage.train.images.shape[1]
    order = np.random.default_rng([seed, _PERMUTATION, number]).permutation(pixels)
    train, test = (
        Split(np.ascontiguousarray(s.images[:, order]), s.labels) for s in (stage.train, stage.test)
    )
    return Stage(f"{stage.name} {number + 1}", train, test)


def read_sequence(
    names: Sequence[str], seed: int = 0, train: int | None = None, test: int | None = None
) -> list[Stage]:
    """The tasks of a sequence in their order.

    Args:
        names: tasks of the library; one written `permuted:NAME` has its pixels permuted, each time anew.
        seed: of the permutations.
        train, test: use only the first samples of each split.

    Raises:
        ConfigError: if there is no name, or the tasks differ in pixels or classes.
        DataError: if data are missing or damaged.
    """
    stages: dict[str, Stage] = {}
    shapes = set()
    for plain in dict.fromkeys(name.removeprefix("permuted:") for name in names):
        task = load_task(plain)
        shapes.add((task.image_shape, task.classes))
        stages[plain] = Stage(plain, task.load("train"), task.load("test")).limit(train, test)
    if len(shapes) != 1:
        raise ConfigError(
            "sequence of tasks: all tasks must have images of one shape and as many classes, got "
            f"{', '.join(names) or 'no task'}"
        )
    return [
        permuted(stages[name.removeprefix("permuted:")], seed, number)
        if name.startswith("permuted:")
        else stages[name]
        for number, name in enumerate(names)
    ]
