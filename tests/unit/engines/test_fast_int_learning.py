"""Learning in Loihi's integers: it learns, it says what it counts and what it cannot do."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Session
from eqspike.core.phases import nudge_signs
from eqspike.core.random_stream import Purpose
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.learner import EngineLearner
from eqspike.experiment import open_session
from eqspike.experiment.model import load_model
from eqspike.memory import Fixed, Ideal
from eqspike.tasks import load_task
from eqspike.tasks.metrics import ACCURACY
from eqspike.training.evaluating import evaluate, presentation_keys

MODEL = load_model("eqspike-digits-chip")
SYSTEM = MODEL.system
CHANCE = 0.1


def learn(session: Session, first: int, last: int, write_key: int = 5) -> int:
    """Show some training samples; how many were read rightly before they were learnt."""
    train = load_task("digits").load("train")
    keys = presentation_keys(0, Purpose.TRAINING, 0, len(train))
    part = slice(first, last)
    return session.fit(train.images[part], train.labels[part], keys[part], 1.0, write_key)


def accuracy(session: Session) -> float:
    test = load_task("digits").load("test")
    return evaluate(EngineLearner(session), test, ACCURACY, 0).value


def test_it_learns_digits_from_few_samples() -> None:
    """From random integers, each sample shown once."""
    with FastIntSession(SYSTEM, seed=0) as session:
        learn(session, 0, 480)
        session.take_counts()
        assert accuracy(session) > 5 * CHANCE
        for coupling in session.network.couplings:
            assert abs(coupling.mantissas).max() <= 255
            assert (coupling.mantissas % 2).any(), "plastic weights have all nine bits"


def test_a_call_is_all_that_counts() -> None:
    """Loading what was given away changes nothing, so a run resumes exactly; another key rounds otherwise."""
    with FastIntSession(SYSTEM, seed=0) as one, FastIntSession(SYSTEM, seed=1) as other:
        learn(one, 0, 20)
        other.load(one.weights())
        learn(one, 20, 40, 6)
        learn(other, 20, 40, 6)
        same = other.weights()
        for name, array in one.weights().items():
            np.testing.assert_array_equal(array, same[name])
        learn(one, 40, 60, 7)
        learn(other, 40, 60, 8)
        different = other.weights()
        assert any((array != different[name]).any() for name, array in one.weights().items())


def test_it_counts_what_the_rule_did() -> None:
    """By the definitions of `core.counts`: evaluations in the nudged phase, caused by spikes counted there."""
    with FastIntSession(SYSTEM, seed=0) as session:
        learn(session, 0, 30)
        with pytest.raises(UnsupportedError, match="training and of inference would mix"):
            accuracy(session)
        counts = session.take_counts()
        assert session.take_counts() == EventCounts()
    nudged, sizes = counts.phases["nudged"], [64, 96, 10]
    spikes = [nudged.layers[name].spikes for name in ("input", "hidden", "output")]
    learnt = nudged.plasticity
    assert set(learnt) == {"input-hidden", "hidden-output"}, "biases are not plastic"
    assert learnt["input-hidden"].rule_evaluations == spikes[0] * sizes[1]
    assert learnt["hidden-output"].rule_evaluations == spikes[1] * sizes[2] + spikes[2] * sizes[1]
    for record in learnt.values():
        assert record.rule_evaluations > record.candidate_writes > record.applied_writes > 0
    assert nudged.sample_steps == counts.phases["free"].sample_steps == 30 * 64
    assert not counts.phases["free"].plasticity


def test_biases_do_not_learn() -> None:
    with FastIntSession(SYSTEM, seed=0) as session:
        weights = session.weights()
        weights["hidden.bias"][:] = np.linspace(-0.1, 0.1, 96)
        session.load(weights)
        learn(session, 0, 10)
        np.testing.assert_array_equal(session.weights()["hidden.bias"], weights["hidden.bias"])


def test_signs_alternate_within_a_call() -> None:
    keys = np.arange(5, dtype=np.uint64)
    assert nudge_signs(SYSTEM.rule.phases[1].nudge, keys).tolist() == [1, -1, 1, -1, 1]


@pytest.mark.parametrize(
    ("rule", "memory", "message"),
    [
        ({"online": False}, None, "rule.update batch: set rule.update to online"),
        ({"random_sign": True, "alternating": False}, None, "set rule.beta_sign to alternating"),
        ({"nudged_steps": 32}, None, "power of two up to 512, got 64 and 32"),
        ({}, Ideal(), "set memory: .* bits: 9"),
        ({}, Fixed(8, (0.1, 0.2), "stochastic"), "set memory: .* bits: 9"),
        ({}, Fixed(9, (0.1, 0.2), "nearest"), "set memory: .* rounding: stochastic"),
    ],
)
def test_what_the_chip_cannot_learn_is_refused(
    rule: dict[str, Any], memory: Ideal | Fixed | None, message: str
) -> None:
    """With what to change; the system can still be evaluated."""
    system = replace(SYSTEM, rule=replace(SYSTEM.rule, **rule))
    if memory is not None:
        with pytest.raises(UnsupportedError, match=message):
            open_session(replace(system, memory=memory), 0, "fast-int")
        return
    with FastIntSession(system) as session, pytest.raises(UnsupportedError, match=message):
        learn(session, 0, 2)


def test_ranges_of_one_unit_only() -> None:
    memory = Fixed(9, (0.1, 0.3), "stochastic")
    with pytest.raises(UnsupportedError, match="must differ by powers of two"):
        FastIntSession(replace(SYSTEM, memory=memory))


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("lava") is None, reason="Lava is not installed")
def test_lava_learns_digits_from_few_samples() -> None:
    """The stock graph, some minutes: weights, events and scores are those of `fast-int:lava`."""
    with (
        open_session(SYSTEM, 0, "lava") as session,
        open_session(SYSTEM, 0, "fast-int:lava") as compiled,
    ):
        assert learn(session, 0, 480) == learn(compiled, 0, 480)
        counted, expected = session.take_counts(), compiled.take_counts()
        for name, phase in counted.phases.items():
            assert phase.layers == expected.phases[name].layers
        weights = compiled.weights()
        for name, array in session.weights().items():
            np.testing.assert_array_equal(array, weights[name])
        assert session.drift == compiled.drift  # type: ignore[attr-defined]
        reached = accuracy(compiled)
        assert reached > 5 * CHANCE
        assert accuracy(session) == reached
