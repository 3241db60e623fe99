"""One process in a folder at a time, by a lock of the kernel, which a crash releases."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eqspike.core.errors import RunError
from eqspike.core.files import make_folder
from eqspike.core.journal import finish_renames

NAME = ".eqspike.lock"

_held: dict[str, int] = {}
"""Folders that this process holds, and the thread that does."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made if need be; a thread may do so again inside. Renames broken off are finished.

    The lock is on a file in the folder, which names host and process and is deleted at the end.

    Raises:
        RunError: if another process or thread works in the folder, naming it; or if it cannot be written to.
    """
    place = os.path.realpath(folder)
    if _held.get(place) == threading.get_ident():
        yield
        return
    make_folder(folder)
    file = _acquire(folder)
    _held[place] = threading.get_ident()
    try:
        finish_renames(folder)
        yield
    finally:
        del _held[place]
        # Deleted while it is held; whoever has opened it meanwhile notices that it is gone.
        with suppress(OSError):
            os.unlink(folder / NAME)
        os.close(file)


def _acquire(folder: Path) -> int:
    path = folder / NAME
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise RunError(
                f"{folder}: cannot be written to: {error.strerror}; choose a place that you may write to"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(file)
            os.close(file)
            raise RunError(
                f"{folder}: {holder} works in it; wait until it has ended, or choose another folder"
            ) from None
        except OSError as error:
            os.close(file)
            raise RunError(
                f"{folder}: cannot be locked: {error.strerror}; choose a folder on another file system"
            ) from error
        if _is_current(file, path):
            with suppress(OSError):  # a full disk: the lock holds without its text
                os.ftruncate(file, 0)
                os.write(file, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
            return file
        os.close(file)


def _holder(file: int) -> str:
    text = os.pread(file, 300, 0).decode("utf-8", "replace").strip()
    return f"another run of eqspike ({text})" if text else "another run of eqspike"


def _is_current(file: int, path: Path) -> bool:
    """Whether the file that was locked is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False
