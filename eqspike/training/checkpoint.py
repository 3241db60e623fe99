"""Checkpoints: everything a run needs to go on as if it had never stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError, RunError
from eqspike.training.files import Arrays, read_arrays, write_arrays

KEPT = 3
"""Checkpoints kept; older ones are deleted."""

_BEFORE = "before/"
"""Begins the names of `Progress.before` among the arrays of a checkpoint."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands. Orders and random streams are functions of (seed, epoch, position), so this is all.

    Attributes:
        epoch: epochs completed.
        position: samples of the current epoch already learnt.
        judged: sum of the metric over those; of accuracy, how many were classified rightly.
        counts: events of training so far, in all epochs.
        metrics: one record per completed epoch.
        seconds: time spent training so far.
        before: hidden weights at the start of the epoch, where a curriculum compares them.
    """

    epoch: int = 0
    position: int = 0
    judged: float = 0.0
    counts: EventCounts = field(default_factory=EventCounts)
    metrics: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0
    before: Arrays = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; `from_json` reads it back."""
        return {
            "epoch": self.epoch,
            "position": self.position,
            "judged": self.judged,
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
                float(data["judged"]),
                EventCounts.from_json(data["counts"], source),
                tuple(dict(record) for record in data["metrics"]),
                float(data["seconds"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError, ConfigError) as error:
            raise RunError(f"{source}: is damaged: {error!r}") from error


def save(folder: Path, state: Arrays, progress: Progress, configuration: str) -> Path:
    """Write a checkpoint and delete all but the newest few; returns its path.

    Args:
        configuration: of the run (YAML), kept with its SHA-256, so that no other run continues from it.
    """
    digest = hashlib.sha256(configuration.encode()).hexdigest()
    kept = {"configuration": configuration, "configuration_sha256": digest}
    path = folder / f"{progress.epoch:06d}-{progress.position:010d}.safetensors"
    before = {f"{_BEFORE}{name}": array for name, array in progress.before.items()}
    write_arrays(path, state | before, progress.to_json() | kept)
    for old in _newest_first(folder)[KEPT:]:
        old.unlink(missing_ok=True)
    return path


def load_latest(
    folder: Path,
    report: Callable[[str], None],
    check: Callable[[str], None] = lambda configuration: None,
) -> tuple[Arrays, Progress] | None:
    """Newest checkpoint that is whole; damaged ones are reported and passed over. None if there is none.

    Args:
        check: given the configuration that a checkpoint was made with, raises an error if it is another.
    """
    for path in _newest_first(folder):
        try:
            arrays, found = read_arrays(path)
            state = {name: a for name, a in arrays.items() if not name.startswith(_BEFORE)}
            before = {name.removeprefix(_BEFORE): arrays[name] for name in arrays.keys() - state}
            progress = replace(Progress.from_json(found, str(path)), before=before)
            configuration = _configuration(found, path)
        except RunError as error:
            report(f"{error}; trying the checkpoint before it")
            continue
        check(configuration)
        return state, progress
    return None


def _configuration(found: dict[str, Any], path: Path) -> str:
    text = found.get("configuration")
    if not isinstance(text, str):
        raise RunError(
            f"{path}: does not tell its configuration; it is of another version of eqspike"
        )
    return text


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"), reverse=True)
