"""Renames of files that belong together: what a kill breaks off is finished by whoever comes next.

Before the first rename, a journal in the folder of the files lists all of them; it is deleted after the last. Its
writer holds it by a lock of the kernel, which a crash releases: one that nobody holds is of renames broken off.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from eqspike.core.errors import RunError
from eqspike.core.reading import read_object

PREFIX = ".eqspike-"
"""Beginning of the names of files that come and go."""

PART = ".part"
"""End of the names of files that are not in place yet."""

_JOURNAL = ".journal"


@contextmanager
def announced(parts: Mapping[Path, Path], part: Path) -> Iterator[None]:
    """Within this context, the caller makes renames; if it is killed there, `finish_renames` makes the others.

    An error of a rename gives them up: the journal and what is not in place are deleted. An interrupt does not.

    Args:
        parts: for each place, the file that goes there; those outside the folder of `part` are not announced.
        part: a new name that ends in `PART`, for the journal; it lies where `finish_renames` will look.

    Raises:
        OSError: if the journal cannot be written.
    """
    journal = part.with_suffix(_JOURNAL)
    try:
        with open(part, "wb") as file:
            _hold(file.fileno())
            file.write(json.dumps(_names(parts, part.parent)).encode())
            file.flush()
            os.fsync(file.fileno())
            os.replace(part, journal)  # whole and held from the start
            yield
            journal.unlink(missing_ok=True)
    except Exception:
        for left in (journal, part, *parts.values()):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        raise


def finish_renames(folder: Path) -> None:
    """Make the renames that a killed process announced in a folder and did not come to."""
    with suppress(OSError, ValueError):  # no such folder, or one that no file system can have
        for journal in folder.glob(f"{PREFIX}*{_JOURNAL}"):
            with suppress(OSError):  # it is held, or this process may not write here
                _finish(journal)


def _names(parts: Mapping[Path, Path], folder: Path) -> dict[str, str]:
    """Places and parts below a folder, as they are called there."""
    folder = folder.absolute()
    moves = {place.absolute(): part.absolute() for place, part in parts.items()}
    return {
        place.relative_to(folder).as_posix(): part.relative_to(folder).as_posix()
        for place, part in moves.items()
        if place.is_relative_to(folder)
    }


def _hold(file: int) -> None:
    with suppress(OSError):  # a file system without locks: then nobody takes it for broken off
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _finish(journal: Path) -> None:
    with open(journal, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for place, part in _moves(journal).items():
            with suppress(
                FileNotFoundError, IsADirectoryError
            ):  # made before; or a folder is in the way
                os.replace(journal.parent / part, journal.parent / place)
        journal.unlink(missing_ok=True)


def _moves(journal: Path) -> dict[str, str]:
    """Renames of a journal; none if this module did not write it, for none may lead out of its folder."""
    try:
        moves = read_object(journal)
    except RunError:
        return {}
    names = (*moves, *moves.values())
    plain = all(isinstance(name, str) and _is_below(PurePosixPath(name)) for name in names)
    return moves if plain and all(_is_part(name) for name in moves.values()) else {}


def _is_below(path: PurePosixPath) -> bool:
    return not path.is_absolute() and ".." not in path.parts


def _is_part(name: str) -> bool:
    path = PurePosixPath(name)
    return path.name.startswith(PREFIX) and path.suffix == PART
