"""Random streams of different purposes are different streams."""

from __future__ import annotations

from eqspike.core.random_stream import Purpose, stream_key


def test_no_two_purposes_share_a_stream() -> None:
    """An enumeration would make a second name of an equal number an alias."""
    assert len(Purpose.__members__) == len({stream_key(3, each, 0) for each in Purpose})


def test_purposes_of_training_keep_their_numbers() -> None:
    """They are part of every stored run's bytes."""
    assert (Purpose.TRAINING, Purpose.EVALUATION, Purpose.ORDER) == (1, 2, 3)
