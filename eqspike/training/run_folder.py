"""A run's folder: complete, re-runnable, and never overwritten by accident.

config.yaml           everything needed to run again, fully resolved
environment.json      versions and machine it ran on
metrics.jsonl         one record per epoch
counts.json           events of training and of the last evaluation
activity.json         spikes of the last evaluation by neuron, where the engine tells
weights.safetensors   weights after the last completed epoch
checkpoints/          the newest few
manifest.json         SHA-256 of each of these files, checked whenever one is read
events.out.tfevents.* the metrics for TensorBoard, when asked for
plots/ and others     figures, deployments, exports, when asked for; known to the manifest
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqspike.core.activity import LayerActivity, activity_json, read_activity
from eqspike.core.counts import FILE_SCHEMA, EventCounts
from eqspike.core.errors import RunError
from eqspike.core.files import remove_parts, together, write_bytes, write_json
from eqspike.core.journal import PART, finish_renames
from eqspike.core.reading import parse_json, read_object
from eqspike.training import manifest
from eqspike.training.environment import environment
from eqspike.training.files import Arrays, arrays_bytes, read_arrays
from eqspike.training.lock import NAME as LOCK
from eqspike.training.lock import locked
from eqspike.training.manifest import CONFIGURATION, Manifest, read_manifest, sha256

_WEIGHTS, _METRICS, _COUNTS = "weights.safetensors", "metrics.jsonl", "counts.json"
_ACTIVITY, _ENVIRONMENT = "activity.json", "environment.json"
_OWN = (CONFIGURATION, _ENVIRONMENT, _METRICS, _COUNTS, _ACTIVITY, _WEIGHTS)
_CHECKPOINT = re.compile(r"[0-9]{6,}-[0-9]{10,}\.safetensors")


@dataclass(frozen=True)
class RunFolder:
    """Paths and files of one run."""

    path: Path

    @staticmethod
    def create(path: Path, config: str, force: bool = False) -> RunFolder:
        """Make a new run folder holding `config` (YAML text).

        With `force`, the files that an earlier run wrote in it are deleted first; other files are never touched.

        Raises:
            RunError: if `path` already holds a run (without `force`) or other files, another process works in it,
                or it cannot be made.
        """
        folder = RunFolder(path)
        folder.check_free(force)
        with locked(path):
            folder.check_free(force)
            folder._delete_own()
            with folder.adding():
                write_json(path / _ENVIRONMENT, environment())
                # Last, for a folder with this file is a run.
                write_bytes(folder.config_path, config.encode())
        return folder

    def check_free(self, force: bool = False) -> None:
        """Refuse a folder in which no new run can begin.

        Raises:
            RunError: if it already holds a run (without `force`), or other files.
        """
        path = self.path
        finish_renames(path)
        if path.exists() and not path.is_dir():
            raise RunError(f"{path}: is not a folder; choose another --out")
        if self.config_path.exists() and not force:
            raise RunError(
                f"{path}: already holds a run; use --resume to continue it, --force to start it anew, "
                "or another --out"
            )
        if path.is_dir() and not self.config_path.exists():
            known = (LOCK, manifest.NAME, _ENVIRONMENT)
            if any(each.name not in known and each.suffix != PART for each in path.iterdir()):
                raise RunError(f"{path}: holds files that are not a run; choose another --out")

    @staticmethod
    def open(path: Path) -> RunFolder:
        """An existing run folder, whose configuration is as the run wrote it; renames broken off are finished.

        Raises:
            RunError: if `path` holds no run, or its configuration was changed since.
        """
        folder = RunFolder(path)
        finish_renames(path)
        if not folder.config_path.is_file():
            raise RunError(
                f"{path}: is not a run folder (it holds no config.yaml); make one with 'eqspike train MODEL TASK'"
            )
        folder.check(CONFIGURATION)
        return folder

    def check(self, name: str) -> bool:
        """Whether a file is as the run wrote it; see `Manifest.check`."""
        return read_manifest(self.path).check(self.path, name)

    def changed_files(self) -> tuple[str, ...]:
        """Names of the run's own files that are not as the run wrote them, where that is accepted."""
        known = read_manifest(self.path).files
        present = [name for name in _OWN if (self.path / name).is_file()]
        return tuple(name for name in present if known.get(name) != sha256(self.path / name))

    @contextmanager
    def adding(self, out: Path | None = None) -> Iterator[None]:
        """Within this context, files are put in place together; the manifest knows those in the run's folder.

        Args:
            out: where they are written, if elsewhere than in the folder of the run.

        Raises:
            RunError: if another process works in the folder, or a file cannot be written.
        """
        root = self.path.resolve()
        if out is not None and root not in (out.resolve(), *out.resolve().parents):
            with together():
                yield
            return
        with locked(self.path), together() as batch:
            yield
            added = {
                path.resolve().relative_to(root).as_posix(): digest
                for path, digest in batch.digests.items()
                if root in path.resolve().parents and path.name != manifest.NAME
            }
            known = Manifest()
            if (self.path / manifest.NAME).is_file():
                known = Manifest.read(self.path)
            write_bytes(self.path / manifest.NAME, known.with_files(added).content())

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

    @property
    def event_files(self) -> tuple[Path, ...]:
        """Copies of the metrics for TensorBoard; not in the manifest, for they grow."""
        return tuple(self.path.glob("events.out.tfevents.*"))

    def write_metrics(self, metrics: tuple[dict[str, Any], ...]) -> None:
        """Replace `metrics.jsonl`."""
        lines = "".join(json.dumps(record, allow_nan=False) + "\n" for record in metrics)
        with self.adding():
            write_bytes(self.path / _METRICS, lines.encode())

    def metrics(self) -> tuple[dict[str, Any], ...]:
        """Records of all completed epochs (none if training has not got that far)."""
        path = self.path / _METRICS
        if not path.is_file():
            return ()
        self.check(_METRICS)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise RunError(f"{path}: is damaged: {error}") from error
        return tuple(_record(line, f"{path}: line {n}") for n, line in enumerate(lines, start=1))

    def write_counts(self, training: EventCounts, inference: EventCounts) -> None:
        """Replace `counts.json`."""
        data = {
            "schema": FILE_SCHEMA,
            "training": training.to_json(),
            "inference": inference.to_json(),
        }
        with self.adding():
            write_json(self.path / _COUNTS, data)

    def counts(self) -> tuple[EventCounts, EventCounts]:
        """Events of training and of the last evaluation.

        Raises:
            RunError: if no epoch has been completed, or the file is damaged.
        """
        path = self.path / _COUNTS
        if not path.is_file():
            raise RunError(f"{path}: is missing; counts are written when an epoch is completed")
        self.check(_COUNTS)
        data = read_object(path)
        if not {"training", "inference"} <= set(data):
            raise RunError(f"{path}: must hold 'training' and 'inference'; the file is damaged")
        return (
            EventCounts.from_json(data["training"], f"{path}: training"),
            EventCounts.from_json(data["inference"], f"{path}: inference"),
        )

    def write_activity(self, activity: Mapping[str, LayerActivity]) -> None:
        """Replace `activity.json`."""
        with self.adding():
            write_json(self.path / _ACTIVITY, activity_json(activity))

    def activity(self) -> dict[str, LayerActivity]:
        """Spikes of the last evaluation by neuron; empty where the engine did not tell.

        Raises:
            ConfigError: if the file does not follow its schema.
        """
        path = self.path / _ACTIVITY
        if not path.is_file():
            return {}
        self.check(_ACTIVITY)
        return read_activity(read_object(path), str(path))

    def write_weights(self, weights: Arrays) -> None:
        """Replace `weights.safetensors`."""
        with self.adding():
            write_bytes(self.path / _WEIGHTS, arrays_bytes(weights))

    def weights(self) -> Arrays:
        """Weights after the last completed epoch.

        Raises:
            RunError: if no epoch has been completed, or the file is damaged.
        """
        path = self.path / _WEIGHTS
        if not path.is_file():
            raise RunError(f"{path}: is missing; weights are written when an epoch is completed")
        self.check(_WEIGHTS)
        return read_arrays(path)[0]

    def environment(self) -> dict[str, Any]:
        """Versions and machine that the run was made with.

        Raises:
            RunError: if the file is missing or damaged.
        """
        path = self.path / _ENVIRONMENT
        if path.is_file():
            self.check(_ENVIRONMENT)
        return read_object(path)

    def _delete_own(self) -> None:
        """Delete what an earlier run wrote; what a user put in the place of a product of it stays."""
        try:
            known = Manifest.read(self.path).files
        except RunError:  # none, or damaged: then only names that every run has
            known = {}
        products = [
            self.path / name
            for name, digest in known.items()
            if name not in _OWN and _is_as_written(self.path, name, digest)
        ]
        checkpoints = [
            path for path in self.checkpoints.glob("*") if _CHECKPOINT.fullmatch(path.name)
        ]
        own = [self.path / name for name in (*_OWN, manifest.NAME)]
        remove_parts(self.path)
        remove_parts(self.checkpoints)
        try:
            for path in (*products, *checkpoints, *self.event_files, *own):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"{path}: cannot be deleted: {error.strerror}") from error
        for place in {path.parent for path in (*products, *checkpoints)} - {self.path}:
            with suppress(OSError):  # not empty: it holds files of the user
                place.rmdir()


def _is_as_written(folder: Path, name: str, digest: str) -> bool:
    path = folder / name
    inside = folder.resolve() in path.resolve().parents
    return inside and path.is_file() and sha256(path) == digest


def _record(line: str, source: str) -> dict[str, Any]:
    record = parse_json(line, source)
    if not isinstance(record, dict):
        raise RunError(f"{source}: must hold one JSON object; the file is damaged")
    return record
