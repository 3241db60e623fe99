"""Showing how a training run goes: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

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
        self._bar: Any = None
        self._printed = time.monotonic()

    def report(self, progress: Progress, rate: float) -> None:
        """Called every few seconds."""
        judged = progress.judged / max(progress.position, 1)
        if self._terminal:
            bar = self._open(progress.epoch)
            bar.n = progress.position
            bar.set_postfix_str(f"{self._name} {judged:.4f}", refresh=False)
            bar.refresh()
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
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _open(self, epoch: int) -> Any:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=self._samples, unit=" samples", leave=False, file=sys.stderr,
                desc=f"epoch {epoch + 1}/{self._epochs}",
            )  # fmt: skip
        return self._bar
