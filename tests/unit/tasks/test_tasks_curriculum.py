"""Curricula: the permutations, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.core.errors import ConfigError
from eqspike.tasks import Curriculum, Stage, load_task
from eqspike.tasks.curriculum import Part
from eqspike.tasks.task import Task


def stages(
    names: list[str], seed: int = 0, train: int | None = None, test: int | None = None
) -> list[Stage]:
    """Of a curriculum of the library's tasks; `permuted:NAME` has its pixels permuted."""
    parts = []
    for name in names:
        task = load_task(name.removeprefix("permuted:"))
        assert isinstance(task, Task)
        parts.append(Part(task, name.startswith("permuted:")))
    curriculum = Curriculum("several", "", "", "", tuple(parts))
    return list(curriculum.stages(seed, train, test))


def test_plain_names_are_the_tasks_themselves() -> None:
    (stage,) = stages(["digits"])
    assert stage.name == "digits"
    assert np.array_equal(stage.train.images, load_task("digits").load("train").images)


def test_pixels_are_permuted_alike_in_all_images_and_labels_stay() -> None:
    plain, first, second = stages(["digits", "permuted:digits", "permuted:digits"])
    assert (first.name, second.name) == ("digits 2", "digits 3")
    assert np.array_equal(first.test.labels, plain.test.labels)
    for stage, other in ((first, second), (second, first)):
        order = [
            int(np.flatnonzero((plain.train.images == column[:, None]).all(0))[0])
            for column in stage.train.images.T
            if column.std() > 0
        ]
        assert len(set(order)) == len(order) > 50
        constant = np.sort(stage.test.images, 1) == np.sort(plain.test.images, 1)
        assert constant.all()
        assert not np.array_equal(stage.train.images, other.train.images)


def test_permutations_are_those_of_the_seed() -> None:
    names = ["permuted:digits"] * 2
    once, again, other = (stages(names, seed, train=5, test=3) for seed in (1, 1, 2))
    for a, b, c in zip(once, again, other, strict=True):
        assert len(a.train) == 5
        assert len(a.test) == 3
        assert np.array_equal(a.train.images, b.train.images)
        assert not np.array_equal(a.train.images, c.train.images)


@pytest.mark.parametrize("names", [[], ["digits", "mnist-sample"]])
def test_tasks_of_several_shapes_or_none_are_refused(names: list[str]) -> None:
    with pytest.raises(ConfigError, match="one shape"):
        stages(names)
