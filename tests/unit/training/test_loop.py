"""The loop: what is presented when, with which random streams, and what is noted and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pytest

from eqspike.core.counts import EventCounts
from eqspike.core.errors import ActivityError
from eqspike.training import Hooks, Progress, Schedule, fit
from eqspike.training.evaluating import evaluate, predict

Teach = Callable[..., Any]
SEEDS = (0, 1, 2, 77)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_epoch_presents_each_sample_once_with_its_label(taught: Teach, seed: int) -> None:
    learner = taught(seed=seed)
    for epoch in (0, 1):
        assert sorted(learner.order[23 * epoch : 23 * (epoch + 1)]) == list(range(23))
    for batch, _ in learner.taught:
        np.testing.assert_array_equal(batch.targets, batch.inputs[:, 0] % 3)
        np.testing.assert_array_equal(batch.inputs.sum(1), 255)
    assert [len(batch) for batch, _ in learner.taught] == [5, 5, 5, 5, 3] * 2


def test_the_order_is_another_for_each_seed_and_each_epoch(taught: Teach) -> None:
    orders = [taught(seed=seed).order for seed in SEEDS]
    epochs = {tuple(order[part]) for order in orders for part in (slice(23), slice(23, None))}
    assert len(epochs) == 2 * len(SEEDS)
    assert taught(seed=1).order == orders[1]


def test_no_two_presentations_and_no_two_writes_share_a_random_stream(taught: Teach) -> None:
    presented, written = [], []
    for seed in SEEDS:
        learner = taught(seed=seed, epochs=3)
        presented += [int(key) for batch, _ in learner.taught for key in batch.keys]
        written += [pace.key for _, pace in learner.taught]
    assert len(set(presented)) == len(presented) == 23 * 3 * len(SEEDS)
    assert len(set(written)) == len(written) == 5 * 3 * len(SEEDS)


def test_streams_of_writes_follow_the_position_not_the_batch_number(taught: Teach) -> None:
    """A batch that starts at the same sample has the same stream, whatever came before it."""
    of_five, of_ten = (
        {size * n: pace.key for n, (_, pace) in enumerate(taught(epochs=1, batch_size=size).taught)}
        for size in (5, 10)
    )
    assert {first: of_five[first] for first in of_ten} == of_ten


@pytest.mark.parametrize("stages", [1, 2])
def test_the_schedule_moves_with_every_batch(taught: Teach, stages: int) -> None:
    """The factor is 1 - (1 - final) * (samples seen) / (samples of the whole run)."""
    learner = taught(schedule=Schedule("linear", 0.1), stages=stages)
    seen = [23 * epoch + 5 * batch for epoch in range(2 * stages) for batch in range(5)]
    wanted = [1 - 0.9 * samples / (23 * 2 * stages) for samples in seen]
    assert [pace.rate_factor for _, pace in learner.taught] == pytest.approx(wanted)


def test_stages_are_learnt_in_turn_and_all_are_tested(taught: Teach) -> None:
    learner = taught(stages=3)
    assert [batch.stage for batch, _ in learner.taught] == [0] * 10 + [1] * 10 + [2] * 10
    assert [batch.stage for batch in learner.asked] == [0, 1, 2] * 6


def test_accuracies_are_those_of_the_answers(remembering: Any, make_course: Teach) -> None:
    """Four of 23 training and two of seven test samples are answered wrongly."""
    learner = remembering(wrong=frozenset((0, 7, 11, 22, 201, 205)))
    done = fit(learner, make_course(), Progress())
    for record in done.metrics:
        assert record["train_accuracy"] == pytest.approx(19 / 23)
        assert record["test_accuracy"] == pytest.approx(5 / 7)
        assert record["rates"] == {"hidden": 0.4, "output": 0.2}
    assert [record["epoch"] for record in done.metrics] == [1, 2]


def test_counts_of_training_are_kept_apart_from_those_of_tests(
    remembering: Any, make_course: Teach
) -> None:
    results = []
    done = fit(remembering(), make_course(hooks=Hooks(epoch=results.append)), Progress())
    assert done.counts.samples == 46
    assert done.counts.phases["free"].layers["hidden"].spikes == 46 * 4
    assert [result.inference.samples for result in results] == [7, 7]
    assert [result.progress.epoch for result in results] == [1, 2]


@pytest.mark.parametrize(
    ("spikes", "message"),
    [
        ({"hidden": 0, "output": 2}, "'hidden' no longer spikes"),
        ({"hidden": 10, "output": 2}, "'hidden' fires 1"),
    ],
)
def test_activity_is_checked_before_an_epoch_counts(
    remembering: Any, make_course: Teach, spikes: dict[str, int], message: str
) -> None:
    kept: list[Progress] = []
    with pytest.raises(ActivityError, match=message):
        fit(remembering(spikes=spikes), make_course(hooks=Hooks(kept.append)), Progress())
    assert kept == []


@pytest.mark.parametrize("broken", [{"weight": np.nan}, {"weight": -65.0}, {"kept": np.inf}])
def test_weights_and_what_is_kept_are_checked_before_they_are_saved(
    remembering: Any, make_course: Teach, broken: dict[str, float]
) -> None:
    """The third batch of the second epoch breaks them: the first epoch's checkpoint is the last."""
    kept: list[Progress] = []
    learner = remembering(broken=broken, after=7)
    with pytest.raises(ActivityError):
        fit(learner, make_course(hooks=Hooks(kept.append)), Progress())
    assert [(each.epoch, each.position) for each in kept] == [(1, 0)]


def stops_at(batches: int) -> Callable[[], bool]:
    asked: Iterator[int] = count(1)
    return lambda: next(asked) >= batches


@pytest.mark.parametrize("batches", range(1, 10))
def test_a_stopped_course_goes_on_with_the_next_batch(
    remembering: Any, make_course: Teach, taught: Teach, batches: int
) -> None:
    """Both parts together are taught what a whole course is, and end with the same progress."""
    kept: list[Progress] = []
    schedule = Schedule("cosine", 0.0)
    course = make_course(schedule=schedule, hooks=Hooks(kept.append, stop=stops_at(batches)))
    first, second = remembering(wrong=frozenset((3, 4))), remembering(wrong=frozenset((3, 4)))
    reached = fit(first, course, Progress())
    whole = taught(schedule=schedule)
    if batches % 5:
        assert len(first.taught) == batches
        assert kept[-1] is reached
        assert reached.epoch * 23 + reached.position == len(first.order)
    done = fit(
        second, replace(course, hooks=Hooks()), Progress.from_json(reached.to_json(), "here")
    )
    together = [*first.taught, *second.taught]
    assert first.order + second.order == whole.order
    assert [pace for _, pace in together] == [pace for _, pace in whole.taught]
    for (batch, _), (wanted, _) in zip(together, whole.taught, strict=True):
        np.testing.assert_array_equal(batch.keys, wanted.keys)
    assert done.metrics[-1]["train_accuracy"] == pytest.approx(21 / 23)
    assert (done.epoch, done.position, done.counts.samples) == (2, 0, 46)


def test_an_epoch_is_handed_over_before_its_checkpoint(
    remembering: Any, make_course: Teach
) -> None:
    happened: list[str] = []
    hooks = Hooks(
        checkpoint=lambda progress: happened.append(f"saved {progress.epoch}"),
        epoch=lambda result: happened.append(f"epoch {result.progress.epoch}"),
    )
    fit(remembering(), make_course(hooks=hooks), Progress())
    assert happened == ["epoch 1", "saved 1", "epoch 2", "saved 2"]


def test_checkpoints_inside_an_epoch_come_when_they_are_due(
    remembering: Any, make_course: Teach
) -> None:
    """With no time between them there is one after every batch, and one after the test."""
    kept: list[Progress] = []
    reported: list[Progress] = []
    hooks = Hooks(kept.append, report=lambda progress, rate: reported.append(progress))
    fit(remembering(), make_course(checkpoint_seconds=0.0, epochs=1, hooks=hooks), Progress())
    assert [(each.epoch, each.position) for each in kept] == [
        (0, 5), (0, 10), (0, 15), (0, 20), (1, 0),
    ]  # fmt: skip
    assert [each.position for each in reported] == [5, 10, 15, 20, 23]
    assert [each.counts.samples for each in reported] == [5, 10, 15, 20, 23]


def test_a_complete_course_is_left_alone(remembering: Any, make_course: Teach) -> None:
    learner = remembering()
    done = Progress(epoch=2)
    assert fit(learner, make_course(), done) is done
    assert learner.taught == learner.asked == []


@pytest.mark.parametrize("seed", SEEDS)
def test_every_test_presents_the_same_samples_with_the_same_streams(
    taught: Teach, seed: int
) -> None:
    """So that epochs can be compared; and streams of tests are none of training."""
    learner = taught(seed=seed)
    first, second = learner.asked
    np.testing.assert_array_equal(first.keys, second.keys)
    np.testing.assert_array_equal(first.inputs[:, 0], range(200, 207))
    trained = {int(key) for batch, _ in learner.taught for key in batch.keys}
    assert trained.isdisjoint(int(key) for key in first.keys)


def test_blocks_of_a_test_do_not_matter(
    remembering: Any, make_course: Teach, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_course(samples=23)
    data = course.stages[0].train
    whole, parts = remembering(), remembering()
    outputs = predict(whole, data, 4)
    monkeypatch.setattr("eqspike.training.evaluating.BLOCK", 10)
    np.testing.assert_array_equal(predict(parts, data, 4), outputs)
    assert [len(batch) for batch in parts.asked] == [10, 10, 3]
    keys = np.concatenate([batch.keys for batch in parts.asked])
    np.testing.assert_array_equal(keys, whole.asked[0].keys)
    assert not np.intersect1d(keys, predict_keys(remembering(), data, 5)).size


def predict_keys(learner: Any, data: Any, seed: int) -> Any:
    predict(learner, data, seed)
    return learner.asked[0].keys


def test_a_test_takes_its_own_counts(remembering: Any, make_course: Teach) -> None:
    course = make_course()
    learner = remembering(wrong=frozenset((203,)))
    found = evaluate(learner, course.stages[0].test, course.metric, 0)
    assert (found.value, found.counts.samples) == (pytest.approx(6 / 7), 7)
    assert learner.take_counts().samples == EventCounts().samples
