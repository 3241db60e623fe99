"""Random streams of different purposes are different streams."""

from __future__ import annotations

from eqspike.core.random_stream import Purpose, stream_key
from eqspike.training import loop, session_learner


def test_no_two_purposes_share_a_stream() -> None:
    """An enumeration would make a second name of an equal number an alias."""
    assert len(Purpose.__members__) == len({stream_key(3, each, 0) for each in Purpose})


def test_training_takes_its_own() -> None:
    """Their numbers are part of every stored run's bytes."""
    assert (loop._TRAINING, loop._EVALUATION, loop._ORDER) == (
        Purpose.TRAINING, Purpose.EVALUATION, Purpose.ORDER,
    )  # fmt: skip
    assert session_learner._LEARNING == Purpose.CURRICULUM
