"""A run that goes wrong says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eqspike.core.counts import EventCounts, LayerCounts, PhaseCounts
from eqspike.core.errors import ActivityError
from eqspike.experiment import resolve
from eqspike.experiment.runs import Watcher, start
from eqspike.training.health import at_chance, check_activity, check_state, check_weights

SMALL = ("rule.free_steps=20", "rule.nudged_steps=10", "rule.readout_steps=10")


def counts(hidden: int, output: int) -> EventCounts:
    """Counts of a hidden and an output layer with 100 neuron updates each."""
    layers = {"hidden": LayerCounts(hidden, 100), "output": LayerCounts(output, 100)}
    return EventCounts(1, {"free": PhaseCounts(10, layers)})


def test_weights_that_are_not_finite_are_named() -> None:
    """NaN and infinity are both refused."""
    check_weights({"a": np.zeros(3)})
    for value in (np.nan, np.inf):
        with pytest.raises(ActivityError, match="'b'"):
            check_weights({"a": np.zeros(3), "b": np.array([0.0, value])})


def test_weights_that_have_run_away_are_named() -> None:
    """But what a memory keeps beside them may be large."""
    check_weights({"a-b": np.array([64.0])})
    check_state({"a-b": np.array([64.0]), "a-b.writes": np.array([900.0])})
    for name in ("a-b", "b.bias"):
        with pytest.raises(ActivityError, match=f"'{name}' have run away: one is 65"):
            check_weights({name: np.array([1.0, -65.0])})
    with pytest.raises(ActivityError, match=r"'a-b\.inertia' are no longer finite"):
        check_state({"a-b.inertia": np.array([np.inf])})


def test_saturated_and_silent_layers_are_named() -> None:
    """A layer that always fires or a hidden layer that never does carries no information."""
    check_activity(counts(50, 0))
    with pytest.raises(ActivityError, match=r"'hidden' fires 0\.990"):
        check_activity(counts(99, 10))
    with pytest.raises(ActivityError, match="'hidden' no longer spikes"):
        check_activity(counts(0, 10))


def test_a_runaway_learning_rate_is_caught(tmp_path: Path) -> None:
    """Training with absurd rates ends in an ActivityError, and no such weights are saved."""
    wrong = resolve(
        "eqspike-digits", "digits", overrides=("training.learning_rates=[100000.0, 100000.0]",)
    )
    with pytest.raises(ActivityError):
        start(wrong, tmp_path / "run", checkpoint_seconds=1e-9)


@pytest.mark.parametrize(
    ("accuracies", "said"),
    [
        ([], ""),
        (
            [0.1, 0.11, 0.09],
            "nothing was learnt: best test accuracy 0.110 on 1,000 samples in 3 epochs; always naming one class, "
            "with luck, reaches 0.128; more samples",
        ),
        ([0.12], "nothing was learnt: best test accuracy 0.120 on 1,000 samples in 1 epoch; "),
        ([0.1, 0.15, 0.1], ""),
    ],
)
def test_a_run_at_chance_is_noticed(accuracies: list[float], said: str) -> None:
    """Ten classes, 1,000 samples: chance is 0.1, and luck reaches 0.128; the last class has 200 more."""
    found = at_chance(accuracies, np.repeat(np.arange(10), 100))
    assert found.startswith(said)
    assert bool(found) == bool(said)
    uneven = np.concatenate([np.repeat(np.arange(10), 100), np.full(200, 9)])
    assert at_chance([0.28], uneven).startswith("nothing was learnt")


def test_advice_names_no_key_that_a_model_may_not_have() -> None:
    """Learners in PyTorch have `learning_rate`, the others `learning_rates`."""
    with pytest.raises(ActivityError) as caught:
        check_weights({"a": np.array([65.0])})
    for said in (at_chance([0.1], np.repeat(np.arange(10), 100)), str(caught.value)):
        assert "learning rates (under 'training')" in said
        assert "learning_rate" not in said


def test_few_samples_do_not_tell() -> None:
    """Two of each class: a quarter right may be luck; three quarters are none."""
    labels = np.repeat(np.arange(10), 2)
    assert at_chance([0.25], labels) == (
        "too few to tell: best test accuracy 0.250 on 20 samples in 1 epoch; always naming one class, with luck, "
        "reaches 0.301; judge the run on more samples"
    )
    assert at_chance([0.75], labels) == ""


def test_a_run_that_learns_nothing_says_so(tmp_path: Path) -> None:
    """Status and result stay those of a complete run."""
    still = ("training.learning_rates=[1e-9, 1e-9]", *SMALL)
    said: list[str] = []
    result = start(
        resolve("eqspike-digits", "digits", limit=40, epochs=2, overrides=still), tmp_path / "still",
        watcher=Watcher(said.append),
    )  # fmt: skip
    assert result.complete
    assert result.warning in said
    assert result.warning.startswith("nothing was learnt: best test accuracy")
    assert " in 2 epochs; " in result.warning
    learns = start(resolve("eqspike-digits", "digits", limit=400, epochs=2), tmp_path / "learns")
    assert learns.warning == ""
