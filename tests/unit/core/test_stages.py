"""Whoever works says what it is at; whoever asks gets all of it, in order."""

from __future__ import annotations

import pytest

from eqspike.core.stages import Stage, doing, each, stages


def test_stages_are_under_way_while_the_work_lasts() -> None:
    with doing("engine fast") as outer, doing("samples", 10) as inner:
        inner.done = 4
        assert stages() == (outer, inner)
    assert stages() == ()


def test_work_that_fails_is_no_longer_under_way() -> None:
    with pytest.raises(ValueError, match="stop"), doing("samples"):
        raise ValueError("stop")
    assert stages() == ()


def test_parts_are_counted() -> None:
    seen = [(part, stages()[-1].done, stages()[-1].total) for part in each("chips", ["a", "b"])]
    assert seen == [("a", 0, 2), ("b", 1, 2)]
    assert stages() == ()


def test_time_left_follows_from_the_pace() -> None:
    now = [100.0]
    stage = Stage("samples", 10, 4, _clock=lambda: now[0])
    assert stage.seconds_left is None
    now[0], stage.done = 106.0, 7
    assert stage.seconds_left == 6.0
    assert Stage("steps", done=5).seconds_left is None
