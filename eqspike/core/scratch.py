"""Temporary folders that name their process, so that what a kill leaves behind is deleted by the next start."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eqspike.core.files import runs

ABANDONED_SECONDS = 60.0
"""Age from which the folder of a process that does not run any more is deleted."""

_NAME = re.compile(r"eqspike-[a-z0-9]+-(\d+)-[^-]+")


def make_scratch(purpose: str, place: Path | None = None) -> Path:
    """A new temporary folder; those that dead processes left beside it are deleted.

    Args:
        purpose: a word for its name; place: folder that it is made in, by default the system's.
    """
    root = Path(tempfile.gettempdir()) if place is None else place
    remove_abandoned_scratch(root)
    return Path(tempfile.mkdtemp(prefix=f"eqspike-{purpose}-{os.getpid()}-", dir=root))


@contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """A temporary folder that is deleted on leaving."""
    folder = make_scratch(purpose)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned_scratch(root: Path) -> None:
    """Delete temporary folders in `root` whose process does not run on this machine any more."""
    for folder in root.glob("eqspike-*-*"):
        found = _NAME.fullmatch(folder.name)
        if found is None or folder.is_symlink():
            continue
        with suppress(OSError):
            old = time.time() - folder.stat().st_mtime >= ABANDONED_SECONDS
            if old and folder.stat().st_uid == os.getuid() and not runs(int(found[1])):
                shutil.rmtree(folder, ignore_errors=True)
