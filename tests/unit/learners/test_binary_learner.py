"""The binary network as a learner of sequences: what it keeps of each task, and that consolidation holds it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.learners.binary import BinaryLearner, Recipe
from eqspike.tasks import read_sequence
from eqspike.training.curriculum import learn_in_sequence, learnt_accuracy, mean_accuracy

SMALL = Recipe(sizes=(64, 32, 10))


def test_each_task_is_tested_with_its_own_normalisation() -> None:
    (first, second) = read_sequence(["permuted:digits"] * 2, train=200, test=50)
    order = np.arange(200)
    for own in (True, False):
        learner = BinaryLearner(replace(SMALL, own_normalisation=own))
        learner.begin(0)
        learner.learn(first.train.images, first.train.labels, order)
        kept = learner.network.normalisation()
        learner.begin(1)
        learner.learn(second.train.images, second.train.labels, order)
        found = learner.predict(first.test.images, 0)
        learner.network.set_normalisation(kept)
        learner.recipe = replace(SMALL, own_normalisation=False)
        assert np.array_equal(found, learner.predict(first.test.images, 0)) == own


def test_testing_changes_nothing() -> None:
    (stage,) = read_sequence(["digits"], train=120, test=50)
    after = []
    for tests in (0, 3):
        learner = BinaryLearner(replace(SMALL, statistics="running"))
        learner.begin(0)
        for _ in range(2):
            learner.learn(stage.train.images, stage.train.labels, np.arange(120))
            for _ in range(tests):
                learner.predict(stage.test.images, 0)
        after.append(learner.hidden_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*after, strict=True))


def test_a_new_optimiser_forgets_the_momentum() -> None:
    (stage,) = read_sequence(["digits"], train=100, test=10)
    after = []
    for reset in (True, False):
        learner = BinaryLearner(replace(SMALL, reset=reset))
        for task in range(2):
            learner.begin(task)
            learner.learn(stage.train.images, stage.train.labels, np.arange(100))
        after.append(learner.hidden_weights())
    assert not np.array_equal(after[0][0], after[1][0])


@pytest.mark.slow
def test_metaplasticity_remembers_permuted_digits() -> None:
    stages = read_sequence(["permuted:digits"] * 3)
    means, learnt = [], []
    for m in (0.0, 15.0):
        learner = BinaryLearner(Recipe(sizes=(64, 256, 256, 10), m=m))
        records = learn_in_sequence(learner, stages, 15)
        means.append(mean_accuracy(records))
        learnt.append(min(learnt_accuracy(records)))
    assert min(learnt) > 0.9
    assert means[1] > means[0] + 0.2
