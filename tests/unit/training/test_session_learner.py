"""A session as a learner of sequences: its own biases per task, and weights that a test leaves alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from eqspike.core.learner import Session
from eqspike.experiment import open_session, resolve
from eqspike.tasks import read_sequence
from eqspike.training.curriculum import learn_in_sequence, mean_accuracy
from eqspike.training.session_learner import SessionLearner

STAGES = read_sequence(["permuted:digits"] * 2, train=300, test=100)


def opened(*changes: str) -> Session:
    model = resolve(
        "metaplastic-ep-512", "digits", overrides=("layers=[64, 48, 10]", *changes)
    ).model
    return open_session(model.system, 0, "torch:cpu")


@pytest.fixture
def session() -> Iterator[Session]:
    with opened() as session:
        yield session


def teach(learner: SessionLearner) -> None:
    for task, stage in enumerate(STAGES):
        learner.begin(task)
        learner.learn(stage.train.images, stage.train.labels, np.arange(300))


def test_a_task_learnt_before_keeps_its_own_biases(session: Session) -> None:
    learner = SessionLearner(session, 50)
    kept = []
    for task, stage in enumerate(STAGES):
        learner.begin(task)
        learner.learn(stage.train.images, stage.train.labels, np.arange(300))
        kept.append({k: v for k, v in session.weights().items() if k.endswith(".bias")})
    images = STAGES[0].test.images
    found = learner.predict(images, 0)
    session.load({**session.weights(), **kept[0]})
    shared = SessionLearner(session, 50, own_biases=False)
    assert np.array_equal(found, shared.predict(images, 0))
    session.load({**session.weights(), **kept[1]})
    assert not np.array_equal(found, shared.predict(images, 0))


def test_predicting_leaves_weights_and_what_is_kept_beside_them(session: Session) -> None:
    learner = SessionLearner(session, 50)
    teach(learner)
    before = session.weights()
    learner.predict(STAGES[0].test.images, 0)
    after = session.weights()
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_hidden_weights_have_the_signs_of_the_stored_ones(session: Session) -> None:
    learner = SessionLearner(session, 50)
    teach(learner)
    hidden, weights = learner.hidden_weights(), session.weights()
    for found, name in zip(hidden, ("input-hidden", "hidden-output"), strict=True):
        assert np.array_equal(found >= 0, weights[name] > 0)
        assert len(np.unique(np.abs(found))) > len(np.unique(np.abs(weights[name]))) == 1


def test_without_hidden_weights_the_stored_ones_stand_for_them() -> None:
    with opened("memory={kind: ideal}") as session:
        found = SessionLearner(session, 50).hidden_weights()
        assert np.array_equal(found[0], session.weights()["input-hidden"])


@pytest.mark.slow
def test_metaplasticity_remembers_under_equilibrium_propagation() -> None:
    stages = read_sequence(["permuted:digits"] * 3)
    means = []
    for m in (0, 5):
        changes = ("layers=[64, 256, 10]", f"memory.metaplasticity=[{m}, {m}]")
        model = resolve("metaplastic-ep-512", "digits", overrides=changes).model
        with open_session(model.system, 0, "torch:cpu") as session:
            records = learn_in_sequence(SessionLearner(session, 20), stages, 15)
        means.append(mean_accuracy(records))
    assert means[1] > means[0] + 0.05
