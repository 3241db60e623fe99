"""Writing files so that a reader never sees half of one: every file of the package is written here.

A file is written beside its place under a name ending in `.part`, flushed to the disk and then put in place in
one step. Several files that belong together are all written before the first is put in place, and a journal sees
to it that a kill between two of these steps is no end.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from eqspike.core.errors import RunError
from eqspike.core.journal import PART, PREFIX, announced, finish_renames

_NUMBERS = itertools.count()
_BATCH: ContextVar[Batch | None] = ContextVar("_BATCH", default=None)
_ABANDONED_SECONDS = 60.0

_ADVICE = {
    errno.ENOSPC: "free some space, or choose another place",
    errno.EDQUOT: "free some of your quota, or choose another place",
    errno.EACCES: "choose a place that you may write to",
    errno.EPERM: "choose a place that you may write to",
    errno.EROFS: "choose a place that is not read-only",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: "a file is in the way; choose another place",
    errno.EEXIST: "a file is in the way; choose another place",
    errno.EISDIR: "a folder is in the way; choose another place",
}


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file in one step: a crash leaves the old file or the new one.

    Raises:
        RunError: if the file cannot be written (full disk, no permission); what was there stays.
    """
    write_together(path.parent, {path.name: data})


def write_json(path: Path, data: Any) -> None:
    """Replace a JSON file in one step; keys keep their order, so equal data give equal bytes."""
    write_bytes(path, json_bytes(data))


def json_bytes(data: Any) -> bytes:
    """Data as the text of a JSON file; infinities and NaN raise `ValueError`."""
    return (json.dumps(data, indent=2, allow_nan=False) + "\n").encode()


def write_together(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Replace files of one folder, all or none; the folder is made if need be.

    All are on the disk before the first is put in place: a full disk leaves every old file. After a kill between
    two renames, whoever next reads or writes in the folder makes the others (`finish_renames`).

    Returns:
        Their paths, in the order given.

    Raises:
        RunError: if one of them cannot be written, with the reason and what to do.
    """
    with together() as batch:
        return tuple(batch.add(folder / name, data) for name, data in files.items())


class Batch:
    """Files that are put in place together.

    Attributes:
        digests: SHA-256 of each, by its place.
    """

    def __init__(self) -> None:
        self.digests: dict[Path, str] = {}
        self._parts: dict[Path, Path] = {}
        self._folders: set[Path] = set()

    def add(self, path: Path, data: bytes) -> Path:
        """Write a file beside its place; returns the place.

        Raises:
            RunError: if it cannot be written.
        """
        folder = path.parent
        if folder not in self._folders:
            make_folder(folder)
            finish_renames(folder)
            remove_abandoned(folder)
            self._folders.add(folder)
        with _writing(path):
            _flushed(self._parts.setdefault(path, _new_part(folder)), data)
            _check_place(path)
        self.digests[path] = hashlib.sha256(data).hexdigest()
        return path

    def put_in_place(self) -> None:
        """Replace all files.

        Raises:
            RunError: if one of them cannot be replaced.
        """
        parts, self._parts = self._parts, {}  # from here on, the journal is in charge of them
        with _journal(parts):
            for path, part in parts.items():
                with _writing(path):
                    os.replace(part, path)

    def drop(self) -> None:
        """Delete what has not been put in place."""
        for part in self._parts.values():
            with suppress(OSError):  # a read-only file system refuses this, too
                part.unlink(missing_ok=True)


@contextmanager
def together() -> Iterator[Batch]:
    """Within this context, whatever this module writes is put in place at its end, all or none.

    Contexts inside one another are one: the outermost decides.
    """
    outer = _BATCH.get()
    if outer is not None:
        yield outer
        return
    batch = Batch()
    token = _BATCH.set(batch)
    try:
        yield batch
        batch.put_in_place()
    finally:
        _BATCH.reset(token)
        batch.drop()


@contextmanager
def _journal(parts: Mapping[Path, Path]) -> Iterator[None]:
    """A journal of several renames, in the topmost of their folders; one rename is whole by itself."""
    if len(parts) < 2:
        yield
        return
    top = min((path.parent for path in parts), key=lambda folder: len(folder.absolute().parts))
    with _writing(top), announced(parts, _new_part(top)):
        yield


def make_folder(folder: Path) -> None:
    """Make a folder and those above it.

    Raises:
        RunError: if it cannot be made, with the reason and what to do.
    """
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def check_writable(folder: Path, *names: str) -> None:
    """Refuse, before long work, a folder into which its product cannot be written.

    Args:
        folder: need not exist; names: of files that will be written there.

    Raises:
        RunError: with path, reason and what to do.
    """
    with _writing(folder):
        place = folder
        while not os.path.lexists(place):
            _check_place(place)
            place = place.parent
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{place} is not a folder")
        remove_abandoned(place)
        probe = place / f"{PREFIX}{os.getpid()}-probe{PART}"
        try:
            _flushed(probe, b"eqspike")
        finally:
            with suppress(OSError):
                probe.unlink(missing_ok=True)
    for name in names:
        with _writing(folder / name):
            _check_place(folder / name)


def remove_abandoned(folder: Path) -> None:
    """Delete what a killed process left half written in a folder.

    A part is abandoned if it is a minute old and no process of this machine has its number.
    """
    for part in folder.glob(f"{PREFIX}*{PART}"):
        with suppress(OSError, ValueError):
            if time.time() - part.stat().st_mtime < _ABANDONED_SECONDS:
                continue
            if not runs(int(part.name.split("-")[1])):
                part.unlink()


def remove_parts(folder: Path) -> None:
    """Delete everything half written in a folder that this process alone may write to."""
    for part in (*folder.glob(f"{PREFIX}*{PART}"), *folder.glob(f".*.*{PART}")):
        with suppress(OSError):
            part.unlink()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        advice = _ADVICE.get(getattr(error, "errno", None) or 0, "")
        said = f"{path}: cannot be written: {_reason(error)}"
        raise RunError(f"{said}; {advice}" if advice else said) from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _new_part(folder: Path) -> Path:
    """A name that no file has; short, for that of the file itself may be as long as the file system allows."""
    return folder / f"{PREFIX}{os.getpid()}-{next(_NUMBERS)}{PART}"


def _flushed(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _check_place(path: Path) -> None:
    """Refuse a name that no file can have, and a folder in the way."""
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(os.stat(path).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def runs(process: int) -> bool:
    """Whether a process of this machine has a number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
