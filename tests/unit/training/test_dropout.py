"""Inputs that are dark in part while a network learns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqspike.core.errors import ConfigError
from eqspike.core.random_stream import Purpose
from eqspike.experiment import resolve
from eqspike.experiment.runs import start
from eqspike.training.checkpoint import Progress
from eqspike.training.dropout import drop_inputs
from eqspike.training.evaluating import presentation_keys
from eqspike.training.loop import fit

KEYS = presentation_keys(3, Purpose.TRAINING, 0, 200)
BRIGHT = np.full((200, 10, 10), 200, np.uint8)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.9])
def test_the_share_is_dark_and_the_rest_as_it_was(share: float) -> None:
    """Four standard deviations of 20,000 draws; no value is scaled."""
    dropped = drop_inputs(BRIGHT, share, KEYS)
    assert dropped.dtype == BRIGHT.dtype
    assert set(np.unique(dropped)) == {0, 200}
    assert abs((dropped == 0).mean() - share) < 4 * np.sqrt(share * (1 - share) / BRIGHT.size)


def test_samples_and_places_are_dark_apart_from_each_other() -> None:
    """No row or column of the draws repeats another, and none is dark as a whole."""
    dark = drop_inputs(BRIGHT, 0.5, KEYS).reshape(200, 100) == 0
    for draws in (dark, dark.T):
        alike = np.corrcoef(draws.astype(float)) - np.eye(len(draws))
        assert np.abs(alike).max() < 6 / np.sqrt(draws.shape[1])


@given(st.permutations(range(8)))
def test_what_is_dark_follows_the_key_alone(order: list[int]) -> None:
    """Neither the place in a batch nor its size matters."""
    whole = drop_inputs(BRIGHT[:8], 0.3, KEYS[:8])
    np.testing.assert_array_equal(drop_inputs(BRIGHT[:8], 0.3, KEYS[order]), whole[order])
    np.testing.assert_array_equal(drop_inputs(BRIGHT[:1], 0.3, KEYS[4:5]), whole[4:5])


def test_none_dark_are_the_inputs_themselves() -> None:
    assert drop_inputs(BRIGHT, 0.0, KEYS) is BRIGHT


def test_the_loop_darkens_what_is_learnt_from_and_nothing_that_is_tested(
    remembering: type[Any], make_course: Callable[..., Any]
) -> None:
    """With nearly all dark, the learner sees zeros; tests see samples 200 and on."""
    learner, course = remembering(), make_course(samples=23, input_dropout=0.99)
    tested = []
    learner.predict = lambda batch: tested.append(batch.inputs) or np.eye(3)[batch.targets]
    fit(learner, course, Progress())
    taught = np.concatenate([batch.inputs for batch, _ in learner.taught])
    assert (taught == 0).mean() > 0.8
    assert min(int(inputs.min()) for inputs in tested) > 0


def test_engines_learn_from_the_same_dark_inputs(tmp_path: Path) -> None:
    """As they agree without dark inputs; and a network that sees them learns something else."""

    def trained(engine: str, share: float) -> float:
        changes = ("training.precision=float64", f"training.input_dropout={share}")
        chosen = resolve(
            "ep-digits-events", "digits", engine=engine, limit=200, epochs=1, overrides=changes
        )
        return float(start(chosen, tmp_path / f"{engine}-{share}").metrics[-1]["train_accuracy"])

    assert trained("fast", 0.4) == trained("torch", 0.4) != trained("fast", 0.0)


def test_a_share_of_one_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"training\.input_dropout.*0\.99"):
        resolve("ep-512", "digits", overrides=("training.input_dropout=1",))
