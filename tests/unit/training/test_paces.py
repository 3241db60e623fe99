"""Seconds and paces are of the work itself: what compiles within it takes no time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eqspike.core.compilation import Compiling, compile_kernel
from eqspike.core.working_time import WORKING_TIME
from eqspike.training import Hooks, Progress, fit

COMPILING = 100.0
WORKING = 0.25


def test_a_first_use_does_not_slow_an_epoch(
    remembering: Any, make_course: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first batch to learn from and the first to be judged on compile for long."""
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(WORKING_TIME, "left_out", 0.0)

    class Slow(remembering):  # type: ignore[misc]
        def _answers(self, batch: Any) -> Any:
            learnt, asked = len(self.taught), len(self.asked)
            if (learnt, asked) in ((1, 0), (5, 1)):
                clock[0] += COMPILING
                WORKING_TIME.left_out += COMPILING
            clock[0] += WORKING
            return super()._answers(batch)

    paces: list[float] = []
    hooks = Hooks(report=lambda progress, pace: paces.append(pace))
    done = fit(Slow(), make_course(epochs=1, hooks=hooks), Progress())
    # 23 samples in 5 batches; 7 samples of the test in one
    assert done.seconds == 5 * WORKING
    assert paces == [23 / (5 * WORKING)]
    assert done.metrics[0]["seconds"] == 5 * WORKING
    assert done.metrics[0]["test_samples_per_second"] == 7 / WORKING


def test_kernels_are_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those that are compiled, with those that they call; not those that are there."""
    monkeypatch.setenv("EQSPIKE_CACHE", str(tmp_path))
    monkeypatch.setattr(WORKING_TIME, "left_out", 0.0)
    inner = compile_kernel(lambda x: x + 1.0, tmp_path)
    outer = compile_kernel(lambda x: inner(x) * 2.0, tmp_path)
    assert outer(1.0) == 4.0
    before = WORKING_TIME.left_out
    assert before > 0.0
    assert outer(2.0) == 6.0
    assert WORKING_TIME.left_out == before


def test_kernels_within_kernels_are_left_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One from 1 to 8 seconds, and another within it."""
    moments = iter((1.0, 8.0))
    monkeypatch.setattr(time, "perf_counter", lambda: next(moments))
    monkeypatch.setattr(WORKING_TIME, "left_out", 0.0)
    listener = Compiling()
    listener.on_start(None)
    listener.on_start(None)
    listener.on_end(None)
    assert WORKING_TIME.left_out == 0.0
    listener.on_end(None)
    assert WORKING_TIME.left_out == 7.0
