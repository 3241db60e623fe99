"""Showing how a training run goes: in the line of `cli.waiting` on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import Any

from eqspike.core.stages import Stage, doing
from eqspike.training.checkpoint import Progress

PLAIN_SECONDS = 30.0

RESTLESS = 0.01
"""Change of a rate in the last step of a free phase that is worth a word."""


class ProgressDisplay:
    """Shows the task's metric, samples per second and the time left, on standard error.

    Args:
        epochs: of the whole run; samples: per epoch; metric: the task's, such as `accuracy`.
    """

    def __init__(self, epochs: int, samples: int, metric: str) -> None:
        self._epochs, self._samples, self._metric = epochs, samples, metric
        self._name = metric.replace("_", " ")
        self._terminal = sys.stderr.isatty()
        self._opened = ExitStack()
        self._stage: Stage | None = None
        self._printed = time.monotonic()

    def report(self, progress: Progress, rate: float) -> None:
        """Called every few seconds."""
        judged = progress.judged / max(progress.position, 1)
        if self._terminal:
            stage = self._stage or self._open(progress)
            stage.done = progress.position
            stage.note = f"{self._name} {judged:.4f}"
            return
        now = time.monotonic()
        if now - self._printed < PLAIN_SECONDS or progress.position == self._samples:
            return
        self._printed = now
        left = (self._epochs - progress.epoch) * self._samples - progress.position
        print(
            f"epoch {progress.epoch + 1}/{self._epochs}, sample {progress.position}/{self._samples}: "
            f"{self._name} {judged:.4f}, {rate:.0f} samples/s, {left / max(rate, 1e-9):.0f} s left",
            file=sys.stderr, flush=True,
        )  # fmt: skip

    def epoch(self, record: dict[str, Any]) -> None:
        """Called after each epoch."""
        self.close()
        self._printed = time.monotonic()
        rate = self._samples / max(record["seconds"], 1e-9)
        left = (self._epochs - record["epoch"]) * record["seconds"]
        judged = [
            f"{split} {record[f'{split}_{self._metric}']:.4f}"
            for split in ("train", "validation", "test")
            if f"{split}_{self._metric}" in record
        ]
        print(
            f"epoch {record['epoch']}/{self._epochs}: {', '.join(judged)}, {rate:.0f} samples/s, "
            f"{left:.0f} s left",
            file=sys.stderr, flush=True,
        )  # fmt: skip

        moving = record.get("residual", {}).get("median", 0.0)
        if moving > RESTLESS:
            print(
                f"free phases do not end at rest: in half of the test samples a rate changes by {moving:.2g} or "
                "more in their last step, but gradients in difference form are those of a fixed point: take more "
                "rule.free_steps, unless there is none",
                file=sys.stderr, flush=True,
            )  # fmt: skip

    def close(self) -> None:
        """The epoch is no longer under way."""
        self._opened.close()
        self._stage = None

    def _open(self, progress: Progress) -> Stage:
        what = f"epoch {progress.epoch + 1}/{self._epochs}  samples"
        stage = self._opened.enter_context(doing(what, self._samples, progress.position))
        self._stage = stage
        return stage
