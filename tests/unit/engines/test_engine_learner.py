"""A session as a learner: its own biases per task of a curriculum, and tests that leave it alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from eqspike.core.learner import Batch, Pace, Session
from eqspike.core.random_stream import draws
from eqspike.engines.learner import EngineLearner
from eqspike.experiment import open_session, resolve
from eqspike.tasks import Stage, load_task
from eqspike.training import Course, Plan, Progress, Schedule, fit
from eqspike.training.curriculum import hidden_weights

FIRST, SECOND, *_ = load_task("permuted-digits").stages(0, 300, 100)


def opened(*changes: str) -> Session:
    model = resolve(
        "metaplastic-ep-512", "digits", overrides=("layers=[64, 48, 10]", *changes)
    ).model
    return open_session(model.system, 0, "torch:cpu")


@pytest.fixture
def session() -> Iterator[Session]:
    with opened() as session:
        yield session


def batch(stage: Stage, number: int) -> Batch:
    keys = draws(1, np.arange(50, dtype=np.uint64))
    return Batch(stage.train.inputs[:50], stage.train.targets[:50], keys, number)


def teach(learner: EngineLearner) -> list[dict[str, np.ndarray]]:
    """Learn both tasks; returns the biases after each."""
    biases = []
    for number, stage in enumerate((FIRST, SECOND)):
        learner.fit(batch(stage, number), Pace(1.0, number))
        weights = learner.session.weights()
        biases.append({n: a for n, a in weights.items() if n.endswith(".bias")})
    learner.take_counts()
    return biases


def test_a_task_learnt_before_keeps_its_own_biases(session: Session) -> None:
    learner = EngineLearner(session, 2)
    first, second = teach(learner)
    found = learner.predict(batch(FIRST, 0))
    session.load({**session.weights(), **first})
    alone = EngineLearner(session)
    assert np.array_equal(found, alone.predict(batch(FIRST, 0)))
    session.load({**session.weights(), **second})
    assert not np.array_equal(found, alone.predict(batch(FIRST, 0)))


def test_predicting_leaves_the_state(session: Session) -> None:
    learner = EngineLearner(session, 2)
    teach(learner)
    before = learner.state()
    learner.predict(batch(FIRST, 0))
    after = learner.state()
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_learner_goes_on_from_its_state(session: Session) -> None:
    learner = EngineLearner(session, 2)
    teach(learner)
    with opened() as other:
        again = EngineLearner(other, 2)
        again.load(learner.state())
        for each in (learner, again):
            each.fit(batch(SECOND, 1), Pace(1.0, 7))
            each.take_counts()
        assert np.array_equal(again.predict(batch(FIRST, 0)), learner.predict(batch(FIRST, 0)))
        for name, array in learner.state().items():
            np.testing.assert_array_equal(array, again.state()[name], err_msg=name)


def test_weights_are_what_is_learnt(session: Session) -> None:
    learner = EngineLearner(session)
    assert set(learner.weights()) == {"input-hidden", "hidden-output", "hidden.bias", "output.bias"}
    assert {"input-hidden.hidden", "input-hidden.writes"} <= set(learner.state())


def test_hidden_weights_have_the_signs_of_the_stored_ones(session: Session) -> None:
    learner = EngineLearner(session, 2)
    teach(learner)
    weights = session.weights()
    for name, found in hidden_weights(learner.state()).items():
        assert np.array_equal(found >= 0, weights[name] > 0)
        assert len(np.unique(np.abs(found))) > len(np.unique(np.abs(weights[name]))) == 1


@pytest.mark.slow
def test_metaplasticity_remembers_under_equilibrium_propagation() -> None:
    task, plan = load_task("permuted-digits"), Plan(15, 20, Schedule("constant", 1.0), 0)
    means = []
    for m in (0, 5):
        changes = ("layers=[64, 256, 10]", f"memory.metaplasticity=[{m}, {m}]")
        model = resolve("metaplastic-ep-512", "digits", overrides=changes).model
        with EngineLearner(open_session(model.system, 0, "torch:cpu"), 3) as learner:
            reached = fit(learner, Course(task.stages()[:3], task.metric, plan), Progress())
        means.append(reached.metrics[-1]["test_accuracy"])
    assert means[1] > means[0] + 0.05
