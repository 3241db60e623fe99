"""Checkpoints: everything a run needs to go on as if it had never stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError, RunError
from eqspike.training.files import Arrays, read_arrays, write_arrays

KEPT = 3
"""Checkpoints kept; older ones are deleted."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands. Orders and random streams are functions of (seed, epoch, position), so this is all.

    Attributes:
        epoch: epochs completed.
        position: samples of the current epoch already learnt.
        right: of those, classified rightly by their free phase.
        counts: events of training so far, in all epochs.
        metrics: one record per completed epoch.
        seconds: time spent training so far.
    """

    epoch: int = 0
    position: int = 0
    right: int = 0
    counts: EventCounts = field(default_factory=EventCounts)
    metrics: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; `from_json` reads it back."""
        return {
            "epoch": self.epoch,
            "position": self.position,
            "right": self.right,
            "counts": self.counts.to_json(),
            "metrics": list(self.metrics),
            "seconds": self.seconds,
        }

    @staticmethod
    def from_json(data: Any, source: str) -> Progress:
        """Read what `to_json` wrote.

        Raises:
            RunError: if the data are not a run's progress.
        """
        try:
            return Progress(
                int(data["epoch"]),
                int(data["position"]),
                int(data["right"]),
                EventCounts.from_json(data["counts"], source),
                tuple(data["metrics"]),
                float(data["seconds"]),
            )
        except (KeyError, TypeError, ValueError, ConfigError) as error:
            raise RunError(f"{source}: is damaged: {error!r}") from error


def save(folder: Path, weights: Arrays, progress: Progress) -> Path:
    """Write a checkpoint and delete all but the newest few; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{progress.epoch:06d}-{progress.position:010d}.safetensors"
    write_arrays(path, weights, progress.to_json())
    for old in _newest_first(folder)[KEPT:]:
        old.unlink(missing_ok=True)
    return path


def load_latest(folder: Path, report: Callable[[str], None]) -> tuple[Arrays, Progress] | None:
    """Newest checkpoint that is whole; damaged ones are reported and passed over. None if there is none."""
    for path in _newest_first(folder):
        try:
            weights, state = read_arrays(path)
            return weights, Progress.from_json(state, str(path))
        except RunError as error:
            report(f"{error}; trying the checkpoint before it")
    return None


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"), reverse=True)
