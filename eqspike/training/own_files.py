"""Files of a run, told from those of anybody else: only what eqspike wrote, as it wrote it, is ever deleted.

A run has begun when its folder holds `config.yaml`, its environment and a manifest. Until its first checkpoint or
epoch it holds nothing of worth: whoever was killed there simply begins anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from eqspike.core.errors import RunError
from eqspike.core.files import remove_parts
from eqspike.core.journal import PART, PREFIX
from eqspike.training import manifest
from eqspike.training.lock import NAME as LOCK
from eqspike.training.manifest import CONFIGURATION, ENVIRONMENT, Manifest, sha256

METRICS, COUNTS = "metrics.jsonl", "counts.json"
ACTIVITY, WEIGHTS = "activity.json", "weights.safetensors"
CHECKPOINTS, EVENTS = "checkpoints", "events.out.tfevents.*"
RUN_FILES = (CONFIGURATION, ENVIRONMENT, METRICS, COUNTS, ACTIVITY, WEIGHTS)
"""What every run writes."""

_BEGINNING = (CONFIGURATION, ENVIRONMENT)
"""Files that stay until those of a new run replace them, with the manifest, in one step."""

_CHECKPOINT = re.compile(r"[0-9]{6,}-[0-9]{10,}\.safetensors")


def is_free(folder: Path) -> bool:
    """Whether a folder holds nothing, or at most the beginning of a run that has no checkpoint and no epoch yet.

    One with a file that eqspike did not write, or that was changed since, is not free, nor is one that cannot be
    looked into.
    """
    try:
        if not folder.exists():
            return True
        found = [path for path in folder.iterdir() if not _comes_and_goes(path)]
        known = Manifest.read(folder).files if found else {}
        return all(_is_of_a_beginning(path, known) for path in found)
    except (OSError, RunError):
        # Such as a manifest that is missing: nothing tells whose files they are.
        return False


def run_around(place: Path) -> Path | None:
    """The innermost run that a folder is, or lies in; None if there is none."""
    inside = place.resolve()
    for folder in (inside, *inside.parents):
        if (folder / CONFIGURATION).is_file() and (folder / manifest.NAME).is_file():
            with suppress(RunError):  # a manifest of somebody else's
                Manifest.read(folder)
                return folder
    return None


def delete_own(folder: Path) -> None:
    """Delete what a run wrote but for its beginning; what a user put in the place of a product of it stays.

    Raises:
        RunError: if a file cannot be deleted.
    """
    try:
        known = Manifest.read(folder).files
    except RunError:  # none, or damaged: then only names that every run has
        known = {}
    products = [
        folder / name
        for name, digest in known.items()
        if name not in RUN_FILES and _is_as_written(folder / name, folder, digest)
    ]
    checkpoints = [
        path for path in (folder / CHECKPOINTS).glob("*") if _CHECKPOINT.fullmatch(path.name)
    ]
    learnt = [folder / name for name in RUN_FILES if name not in _BEGINNING]
    remove_parts(folder)
    remove_parts(folder / CHECKPOINTS)
    try:
        for path in (*products, *checkpoints, *folder.glob(EVENTS), *learnt):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"{path}: cannot be deleted: {error.strerror}") from error
    for place in {path.parent for path in (*products, *checkpoints)} - {folder}:
        with suppress(OSError):  # not empty: it holds files of the user
            place.rmdir()


def _is_of_a_beginning(path: Path, known: Mapping[str, str]) -> bool:
    """Whether a run has this file before its first checkpoint, and it is as the run wrote it."""
    if path.name == CHECKPOINTS:
        return path.is_dir() and all(map(_comes_and_goes, path.iterdir()))
    if path.name == manifest.NAME or path.match(EVENTS):
        return True
    if path.name == METRICS:
        return path.is_file() and not path.stat().st_size
    return path.name in _BEGINNING and _is_as_written(path, path.parent, known.get(path.name, ""))


def _comes_and_goes(path: Path) -> bool:
    return path.name == LOCK or path.name.startswith(PREFIX) or path.suffix == PART


def _is_as_written(path: Path, folder: Path, digest: str) -> bool:
    inside = folder.resolve() in path.resolve().parents
    return inside and path.is_file() and sha256(path) == digest
