"""What is recorded of a curriculum."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.training.curriculum import hidden_weights, learnt_accuracy, turning


def test_hidden_weights_stand_for_the_stored_ones() -> None:
    stored = {"a-b": np.ones((2, 2)), "b.bias": np.zeros(2), "a-b.writes": np.zeros((2, 2))}
    assert set(hidden_weights(stored)) == {"a-b"}
    both = {**stored, "a-b.hidden": -np.ones((2, 2)), "task0/b.bias": np.zeros(2)}
    np.testing.assert_array_equal(hidden_weights(both)["a-b"], -np.ones((2, 2)))


def test_turned_signs_are_counted() -> None:
    before = {"a-b": np.array([1.0, -2.0, 3.0, -4.0])}
    after = {"a-b": np.array([-1.0, -2.0, 3.0, 4.0])}
    found = turning(before, after)
    assert found["turned"] == {"a-b": 0.5}
    assert found["magnitude"]["a-b"][2] == 2.5


def test_learnt_is_what_a_task_reached_when_its_training_ended() -> None:
    records = [
        {"stage": 0, "test_accuracy_by_stage": [0.5, 0.1]},
        {"stage": 0, "test_accuracy_by_stage": [0.9, 0.1]},
        {"stage": 1, "test_accuracy_by_stage": [0.4, 0.8]},
    ]
    assert learnt_accuracy(records) == pytest.approx([0.9, 0.8])
