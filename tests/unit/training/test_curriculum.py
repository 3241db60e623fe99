"""Learning in sequence: what the records say, against a learner whose knowledge is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eqspike.core.errors import ConfigError
from eqspike.tasks import Split, Stage
from eqspike.training.curriculum import learn_in_sequence, learnt_accuracy, mean_accuracy


def stage(name: str, label: int) -> Stage:
    images = np.zeros((4, 2), dtype=np.uint8)
    return Stage(name, Split(images, np.full(4, label)), Split(images, np.full(4, label)))


class LastOnly:
    """Answers with the label seen last; one weight of four turns in every epoch."""

    def __init__(self) -> None:
        self.label, self.hidden, self.begun, self.orders = (
            -1,
            np.array([[1.0, 2.0, 3.0, 4.0]]),
            [],
            [],
        )

    def begin(self, task: int) -> None:
        self.begun.append(task)

    def learn(self, images: NDArray[Any], labels: NDArray[Any], order: NDArray[Any]) -> None:
        self.label = int(labels[0])
        self.hidden[0, len(self.orders) % 4] *= -1
        self.orders.append(order)

    def predict(self, images: NDArray[Any], task: int) -> NDArray[np.int64]:
        return np.full(len(images), self.label)

    def hidden_weights(self) -> list[NDArray[np.float64]]:
        return [self.hidden.copy()]


def test_records_say_what_is_known_after_every_epoch() -> None:
    learner, seen = LastOnly(), []
    records = learn_in_sequence(learner, [stage("a", 3), stage("b", 5)], 2, 0, seen.append)
    assert seen == records
    assert [(r["task"], r["epoch"]) for r in records] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [r["accuracy"] for r in records] == [[1, 0], [1, 0], [0, 1], [0, 1]]
    assert learner.begun == [0, 1]
    assert mean_accuracy(records) == 0.5
    assert learnt_accuracy(records) == [1, 1]


def test_turned_signs_are_those_of_the_epoch_and_of_the_task() -> None:
    records = learn_in_sequence(LastOnly(), [stage("a", 3), stage("b", 5)], 2)
    assert [r["turned"] for r in records] == [[0.25]] * 4
    assert [r["turned_in_task"] for r in records] == [[0.25], [0.5], [0.25], [0.5]]
    assert records[0]["magnitude"][0][2] == 2.5


def test_order_of_samples_is_that_of_the_seed_and_new_each_epoch() -> None:
    orders = []
    for seed in (0, 0, 1):
        learner = LastOnly()
        learn_in_sequence(learner, [stage("a", 3)], 3, seed)
        orders.append([tuple(order) for order in learner.orders])
    assert orders[0] == orders[1] != orders[2]
    assert len(set(orders[0])) > 1


def test_no_epoch_is_refused() -> None:
    with pytest.raises(ConfigError, match="got 0"):
        learn_in_sequence(LastOnly(), [stage("a", 3)], 0)
