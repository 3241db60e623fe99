"""A run's folder: complete, re-runnable, and never overwritten by accident.

config.yaml           everything needed to run again, fully resolved
environment.json      versions and machine it ran on
metrics.jsonl         one record per epoch
counts.json           events of training and of the last evaluation
activity.json         spikes of the last evaluation by neuron, where the engine tells
weights.safetensors   weights after the last completed epoch
checkpoints/          the newest few
plots/                figures, when asked for
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from eqspike.core.activity import LayerActivity, activity_json, read_activity
from eqspike.core.counts import FILE_SCHEMA, EventCounts
from eqspike.core.errors import RunError
from eqspike.training.files import (
    Arrays,
    read_arrays,
    read_json,
    write_arrays,
    write_bytes,
    write_json,
)

_PACKAGES = ("eqspike", "numpy", "numba", "torch", "safetensors")
_OWN = (
    "config.yaml",
    "environment.json",
    "metrics.jsonl",
    "counts.json",
    "activity.json",
    "weights.safetensors",
    "checkpoints",
    "plots",
)


@dataclass(frozen=True)
class RunFolder:
    """Paths and files of one run."""

    path: Path

    @staticmethod
    def create(path: Path, config: str, force: bool = False) -> RunFolder:
        """Make a new run folder holding `config` (YAML text).

        With `force`, the files of an earlier run in it are deleted first; other files are never touched.

        Raises:
            RunError: if `path` already holds a run (without `force`), other files, or cannot be made.
        """
        folder = RunFolder(path)
        if path.exists() and not path.is_dir():
            raise RunError(f"{path}: is not a folder; choose another --out")
        if folder.config_path.exists() and not force:
            raise RunError(
                f"{path}: already holds a run; use --resume to continue it, --force to start it anew, "
                "or another --out"
            )
        if path.is_dir() and any(path.iterdir()) and not folder.config_path.exists():
            raise RunError(f"{path}: holds files that are not a run; choose another --out")
        try:
            folder._delete_own()
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{path}: cannot be made: {error.strerror}") from error
        write_bytes(folder.config_path, config.encode())
        write_json(path / "environment.json", environment())
        return folder

    @staticmethod
    def open(path: Path) -> RunFolder:
        """An existing run folder.

        Raises:
            RunError: if `path` holds no run.
        """
        folder = RunFolder(path)
        if not folder.config_path.is_file():
            raise RunError(f"{path}: is not a run folder (it holds no config.yaml)")
        return folder

    @property
    def config_path(self) -> Path:
        """The resolved configuration."""
        return self.path / "config.yaml"

    @property
    def checkpoints(self) -> Path:
        """Folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def plots(self) -> Path:
        """Folder of figures."""
        return self.path / "plots"

    def write_metrics(self, metrics: tuple[dict[str, Any], ...]) -> None:
        """Replace `metrics.jsonl`."""
        lines = "".join(json.dumps(record, allow_nan=False) + "\n" for record in metrics)
        write_bytes(self.path / "metrics.jsonl", lines.encode())

    def metrics(self) -> tuple[dict[str, Any], ...]:
        """Records of all completed epochs (none if training has not got that far)."""
        path = self.path / "metrics.jsonl"
        if not path.is_file():
            return ()
        try:
            return tuple(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        except ValueError as error:
            raise RunError(f"{path}: is damaged: {error}") from error

    def write_counts(self, training: EventCounts, inference: EventCounts) -> None:
        """Replace `counts.json`."""
        write_json(
            self.path / "counts.json",
            {
                "schema": FILE_SCHEMA,
                "training": training.to_json(),
                "inference": inference.to_json(),
            },
        )

    def counts(self) -> tuple[EventCounts, EventCounts]:
        """Events of training and of the last evaluation.

        Raises:
            RunError: if no epoch has been completed, or the file is damaged.
        """
        path = self.path / "counts.json"
        if not path.is_file():
            raise RunError(f"{path}: is missing; counts are written when an epoch is completed")
        data = read_json(path)
        if not isinstance(data, dict) or not {"training", "inference"} <= set(data):
            raise RunError(f"{path}: must hold 'training' and 'inference'; the file is damaged")
        return (
            EventCounts.from_json(data["training"], f"{path}: training"),
            EventCounts.from_json(data["inference"], f"{path}: inference"),
        )

    def write_activity(self, activity: Mapping[str, LayerActivity]) -> None:
        """Replace `activity.json`."""
        write_json(self.path / "activity.json", activity_json(activity))

    def activity(self) -> dict[str, LayerActivity]:
        """Spikes of the last evaluation by neuron; empty where the engine did not tell.

        Raises:
            ConfigError: if the file does not follow its schema.
        """
        path = self.path / "activity.json"
        return read_activity(read_json(path), str(path)) if path.is_file() else {}

    def write_weights(self, weights: Arrays) -> None:
        """Replace `weights.safetensors`."""
        write_arrays(self.path / "weights.safetensors", weights)

    def weights(self) -> Arrays:
        """Weights after the last completed epoch.

        Raises:
            RunError: if no epoch has been completed, or the file is damaged.
        """
        path = self.path / "weights.safetensors"
        if not path.is_file():
            raise RunError(f"{path}: is missing; weights are written when an epoch is completed")
        return read_arrays(path)[0]

    def _delete_own(self) -> None:
        for name in _OWN:
            path = self.path / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def environment() -> dict[str, str]:
    """Versions and machine, for provenance."""
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions
