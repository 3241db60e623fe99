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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqspike.core.activity import LayerActivity, activity_json, read_activity
from eqspike.core.counts import FILE_SCHEMA, EventCounts
from eqspike.core.errors import RunError
from eqspike.core.files import Batch, together, write_bytes, write_json
from eqspike.core.journal import finish_renames
from eqspike.core.reading import read_object
from eqspike.training import manifest
from eqspike.training.environment import environment
from eqspike.training.files import Arrays, arrays_bytes, read_arrays
from eqspike.training.lock import locked
from eqspike.training.manifest import CONFIGURATION, ENVIRONMENT, Manifest, read_manifest, sha256
from eqspike.training.own_files import (
    ACTIVITY,
    CHECKPOINTS,
    COUNTS,
    EVENTS,
    METRICS,
    RUN_FILES,
    WEIGHTS,
    delete_own,
    is_free,
    run_around,
)
from eqspike.training.records import read_records


@dataclass(frozen=True)
class RunFolder:
    """Paths and files of one run."""

    path: Path

    @staticmethod
    def create(path: Path, config: str, force: bool = False) -> RunFolder:
        """Make a new run folder holding `config` (YAML text).

        A run that was killed before its first checkpoint is begun anew. With `force`, the files that an earlier
        run wrote in it are deleted first; other files are never touched.

        Raises:
            RunError: if `path` already holds a run (without `force`) or other files, another process works in it,
                or it cannot be made.
        """
        folder = RunFolder(path)
        folder.check_free(force)
        with locked(path):
            folder.check_free(force)
            delete_own(path)
            # In one step, over those of an earlier run: wherever a kill comes, what is here is a run or free.
            with together() as batch:
                write_json(path / ENVIRONMENT, environment())
                write_bytes(folder.config_path, config.encode())
                folder._write_manifest(Manifest(), batch)
        return folder

    def check_free(self, force: bool = False) -> None:
        """Refuse a folder in which no new run can begin.

        Raises:
            RunError: if it already holds a run (without `force`) with a checkpoint or an epoch, or other files.
        """
        path = self.path
        finish_renames(path)
        if path.exists() and not path.is_dir():
            raise RunError(f"{path}: is not a folder; choose another --out")
        if is_free(path) or (force and self.config_path.exists()):
            return
        if self.config_path.exists():
            raise RunError(
                f"{path}: already holds a run; use --resume to continue it, --force to start it anew, "
                "or another --out"
            )
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
                f"{path}: is not a run folder (it holds no config.yaml); 'eqspike train MODEL TASK --out {path}', "
                "without --resume, begins a run, also where one was killed while it was being made"
            )
        folder.check(CONFIGURATION)
        return folder

    def check(self, name: str) -> bool:
        """Whether a file is as the run wrote it; see `Manifest.check`."""
        return read_manifest(self.path).check(self.path, name)

    def changed_files(self) -> tuple[str, ...]:
        """Names of the run's own files that are not as the run wrote them, where that is accepted."""
        known = read_manifest(self.path).files
        present = [name for name in RUN_FILES if (self.path / name).is_file()]
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
            with adding_to(out):
                yield
            return
        with locked(self.path), together() as batch:
            yield
            known = Manifest()
            if (self.path / manifest.NAME).is_file():
                known = Manifest.read(self.path)
            self._write_manifest(known, batch)

    def _write_manifest(self, known: Manifest, batch: Batch) -> None:
        """Write the manifest of files known before and of those of a batch that lie in the folder."""
        root = self.path.resolve()
        added = {
            path.resolve().relative_to(root).as_posix(): digest
            for path, digest in batch.digests.items()
            if root in path.resolve().parents and path.name != manifest.NAME
        }
        write_bytes(self.path / manifest.NAME, known.with_files(added).content())

    @property
    def config_path(self) -> Path:
        """The resolved configuration."""
        return self.path / "config.yaml"

    @property
    def checkpoints(self) -> Path:
        """Folder of checkpoints."""
        return self.path / CHECKPOINTS

    @property
    def plots(self) -> Path:
        """Folder of figures."""
        return self.path / "plots"

    @property
    def event_files(self) -> tuple[Path, ...]:
        """Copies of the metrics for TensorBoard; not in the manifest, for they grow."""
        return tuple(self.path.glob(EVENTS))

    def write_metrics(self, metrics: tuple[dict[str, Any], ...]) -> None:
        """Replace `metrics.jsonl`."""
        lines = "".join(json.dumps(record, allow_nan=False) + "\n" for record in metrics)
        with self.adding():
            write_bytes(self.path / METRICS, lines.encode())

    def metrics(self) -> tuple[dict[str, Any], ...]:
        """Records of all completed epochs (none if training has not got that far)."""
        path = self.path / METRICS
        if not path.is_file():
            return ()
        self.check(METRICS)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise RunError(f"{path}: is damaged: {error}") from error
        return read_records(text, str(path))

    def write_counts(self, training: EventCounts, inference: EventCounts) -> None:
        """Replace `counts.json`."""
        data = {
            "schema": FILE_SCHEMA,
            "training": training.to_json(),
            "inference": inference.to_json(),
        }
        with self.adding():
            write_json(self.path / COUNTS, data)

    def counts(self) -> tuple[EventCounts, EventCounts]:
        """Events of training and of the last evaluation.

        Raises:
            RunError: if no epoch has been completed, or the file is damaged.
        """
        path = self.path / COUNTS
        if not path.is_file():
            raise self._no_epoch(path, "counts")
        self.check(COUNTS)
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
            write_json(self.path / ACTIVITY, activity_json(activity))

    def activity(self) -> dict[str, LayerActivity]:
        """Spikes of the last evaluation by neuron; empty where the engine did not tell.

        Raises:
            ConfigError: if the file does not follow its schema.
        """
        path = self.path / ACTIVITY
        if not path.is_file():
            return {}
        self.check(ACTIVITY)
        return read_activity(read_object(path), str(path))

    def write_weights(self, weights: Arrays) -> None:
        """Replace `weights.safetensors`."""
        with self.adding():
            write_bytes(self.path / WEIGHTS, arrays_bytes(weights))

    def weights(self) -> Arrays:
        """Weights after the last completed epoch.

        Raises:
            RunError: if no epoch has been completed, or the file is damaged.
        """
        path = self.path / WEIGHTS
        if not path.is_file():
            raise self._no_epoch(path, "weights")
        self.check(WEIGHTS)
        return read_arrays(path)[0]

    def _no_epoch(self, path: Path, what: str) -> RunError:
        return RunError(
            f"{path}: is missing; {what} are written when an epoch is completed: 'eqspike train --resume --out "
            f"{self.path}' goes on"
        )

    def environment(self) -> dict[str, Any]:
        """Versions and machine that the run was made with.

        Raises:
            RunError: if the file is missing or damaged.
        """
        path = self.path / ENVIRONMENT
        if path.is_file():
            self.check(ENVIRONMENT)
        return read_object(path)


@contextmanager
def adding_to(out: Path) -> Iterator[None]:
    """Within this context, files are put in place together; where `out` lies in a run, its manifest knows them.

    Raises:
        RunError: if another process works in that run, or a file cannot be written.
    """
    run = run_around(out)
    with together() if run is None else RunFolder(run).adding():
        yield
