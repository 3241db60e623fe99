"""The binary network as a learner: what it keeps of each task, and that consolidation holds it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.core.learner import Batch, Pace
from eqspike.core.random_stream import draws
from eqspike.learners.binary import BinaryBackprop, BinaryLearner
from eqspike.tasks import Stage, load_task
from eqspike.training import Course, Plan, Progress, Schedule, fit
from eqspike.training.curriculum import learnt_accuracy

SMALL = BinaryBackprop(layers=(64, 32, 10))


def stages(train: int | None = None, test: int | None = None) -> list[Stage]:
    return list(load_task("permuted-digits").stages(0, train, test))


def batch(stage: Stage, number: int = 0) -> Batch:
    keys = draws(1, np.arange(len(stage.train), dtype=np.uint64))
    return Batch(stage.train.inputs, stage.train.targets, keys, number)


def test_each_task_is_tested_with_its_own_normalisation() -> None:
    first, second, *_ = stages(200, 50)
    for own in (True, False):
        learner = BinaryLearner(replace(SMALL, own_normalisation=own), stages=2)
        learner.fit(batch(first), Pace(1.0, 0))
        kept = learner.network.norms.state_dict()
        kept = {name: value.clone() for name, value in kept.items()}
        learner.fit(batch(second, 1), Pace(1.0, 1))
        found = learner.predict(batch(first))
        other = BinaryLearner(replace(SMALL, own_normalisation=False), stages=2)
        other.load(
            {n: a for n, a in learner.state().items() if not n.startswith(("task0", "task1"))}
        )
        other.network.norms.load_state_dict(kept)
        assert np.array_equal(found, other.predict(batch(first))) == own


def test_testing_changes_nothing() -> None:
    stage = stages(120, 50)[0]
    after = []
    for tests in (0, 3):
        learner = BinaryLearner(replace(SMALL, statistics="running"))
        for step in range(2):
            learner.fit(batch(stage), Pace(1.0, step))
            for _ in range(tests):
                learner.predict(batch(stage))
        after.append(learner.weights())
    for name, array in after[0].items():
        np.testing.assert_array_equal(array, after[1][name])


@pytest.mark.parametrize("reset", [True, False])
def test_a_new_task_forgets_the_momentum(reset: bool) -> None:
    """With `reset`, learning a second task is the same as with an optimiser that has seen nothing."""
    first, second, *_ = stages(100, 10)
    learner = BinaryLearner(replace(SMALL, reset=reset), stages=2)
    learner.fit(batch(first), Pace(1.0, 0))
    fresh = BinaryLearner(SMALL, stages=2)
    fresh.load({n: a for n, a in learner.state().items() if not n.startswith("optimiser")})
    for each in (learner, fresh):
        each.fit(batch(second, 1), Pace(1.0, 1))
    same = [np.array_equal(a, fresh.weights()[n]) for n, a in learner.weights().items()]
    assert all(same) == reset


def test_a_learner_goes_on_from_its_state() -> None:
    """Momentum, normalisations of each task and the number of the task included."""
    first, second, third, *_ = stages(100, 10)
    whole, halves = BinaryLearner(SMALL, 5, stages=3), BinaryLearner(SMALL, 5, stages=3)
    for learner in (whole, halves):
        learner.fit(batch(first), Pace(1.0, 0))
        learner.fit(batch(second, 1), Pace(0.5, 1))
    resumed = BinaryLearner(SMALL, 6, stages=3)
    resumed.load(halves.state())
    for learner in (whole, resumed):
        learner.fit(batch(second, 1), Pace(0.5, 2))
        learner.fit(batch(third, 2), Pace(0.5, 3))
    state = whole.state()
    assert set(state) == set(resumed.state())
    for name, array in resumed.state().items():
        np.testing.assert_array_equal(array, state[name], err_msg=name)
    np.testing.assert_array_equal(whole.predict(batch(first)), resumed.predict(batch(first)))


@pytest.mark.slow
def test_metaplasticity_remembers_permuted_digits() -> None:
    task, plan = load_task("permuted-digits"), Plan(15, 100, Schedule("constant", 1.0), 0)
    means, learnt = [], []
    for m in (0.0, 15.0):
        learner = BinaryLearner(BinaryBackprop(layers=(64, 256, 256, 10), m=m), stages=3)
        reached = fit(learner, Course(stages()[:3], task.metric, plan), Progress())
        means.append(reached.metrics[-1]["test_accuracy"])
        learnt.append(min(learnt_accuracy(reached.metrics)))
    assert min(learnt) > 0.9
    assert means[1] > means[0] + 0.2


@pytest.mark.parametrize(("statistics", "zero"), [("batch", True), ("running", False)])
def test_a_single_sample_teaches_nothing(statistics: str, zero: bool) -> None:
    """Without a variance there is no answer either, unless earlier batches have left one."""
    recipe = BinaryBackprop((6, 5, 3), statistics=statistics)
    one = Batch(np.full((1, 6), 200, np.uint8), np.array([1]), np.zeros(1, np.uint64))
    with recipe.open(0, "cpu", 1) as learner:
        before = learner.weights()
        outputs = learner.fit(one, Pace(1.0, 0))
        assert outputs.shape == (1, 3)
        assert bool(outputs.any()) is not zero
        for name, array in learner.weights().items():
            np.testing.assert_array_equal(array, before[name])
