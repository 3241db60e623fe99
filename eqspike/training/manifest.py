"""What a run wrote: the SHA-256 of each of its files, checked whenever one is read.

manifest.json    schema `eqspike-manifest-1`: SHA-256 of the configuration and of each file, by its path
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from eqspike.core.errors import RunError
from eqspike.core.files import json_bytes
from eqspike.core.reading import read_object

NAME = "manifest.json"
SCHEMA = "eqspike-manifest-1"
CONFIGURATION, ENVIRONMENT = "config.yaml", "environment.json"

_accept: ContextVar[Callable[[str], None] | None] = ContextVar("_accept", default=None)


@contextmanager
def accepting_changes(report: Callable[[str], None]) -> Iterator[None]:
    """Within this context, files that a run did not write are reported instead of refused."""
    token = _accept.set(report)
    try:
        yield
    finally:
        _accept.reset(token)


@dataclass(frozen=True)
class Manifest:
    """SHA-256 of files by their paths in the folder, with forward slashes."""

    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def configuration(self) -> str:
        """SHA-256 of the configuration."""
        return self.files.get(CONFIGURATION, "")

    @staticmethod
    def read(folder: Path) -> Manifest:
        """The manifest of a run.

        Raises:
            RunError: if it is missing or damaged.
        """
        path = folder / NAME
        if not path.is_file():
            raise RunError(
                f"{path}: is missing, so nothing tells whether the files beside it belong together"
            )
        data = read_object(path)
        files = data.get("files")
        if data.get("schema") != SCHEMA or not isinstance(files, dict) or not _plain(files):
            raise RunError(f"{path}: must follow schema '{SCHEMA}'; the file is damaged")
        return Manifest(files)

    def with_files(self, files: Mapping[str, str]) -> Manifest:
        """With more or newer files."""
        return Manifest({**self.files, **files})

    def content(self) -> bytes:
        """Text of the file."""
        return json_bytes(
            {
                "schema": SCHEMA,
                "configuration_sha256": self.configuration,
                "files": dict(sorted(self.files.items())),
            }
        )

    def check(self, folder: Path, name: str) -> bool:
        """Whether a file is as the run wrote it; a changed one is reported where changes are accepted.

        Raises:
            RunError: where they are not.
        """
        path = folder / name
        if self.files.get(name) == sha256(path):
            return True
        report = _accept.get()
        if report is None:
            said = f"{path}: is not as the run wrote it (its SHA-256 is not that of {NAME})"
            raise RunError(f"{said}; {_advice(folder, name)}")
        report(f"{path}: is not as the run wrote it, and is accepted (--accept-changes)")
        return False


def _advice(folder: Path, name: str) -> str:
    """What to do about a file that was changed."""
    if name == CONFIGURATION:
        return (
            f"put it back, or begin a run of what it says now: 'eqspike train --config {folder / name} "
            "--out DIR'; commands that only read a run take it with --accept-changes"
        )
    if name == ENVIRONMENT:
        return "put it back, or, if you changed it on purpose, give --accept-changes"
    return (
        f"if the run was interrupted, 'eqspike train --resume --out {folder}' writes it anew; if you changed it "
        "on purpose, give --accept-changes"
    )


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run; where changes are accepted, an empty one if it is missing or damaged."""
    try:
        return Manifest.read(folder)
    except RunError as error:
        report = _accept.get()
        if report is None:
            raise RunError(
                f"{error}; if you trust the files beside it, give --accept-changes"
            ) from error
        report(f"{error}; accepted (--accept-changes)")
        return Manifest()


def sha256(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        RunError: if it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from error


def _plain(files: Mapping[str, Any]) -> bool:
    """Whether all names stay below the folder, and all values are texts."""
    paths = [PurePosixPath(name) for name in files]
    below = all(not path.is_absolute() and ".." not in path.parts for path in paths)
    return below and all(isinstance(value, str) for value in files.values())
