"""Writing the files of a report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eqspike.core.errors import RunError


def write_texts(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    """Write texts by file name into a folder, which is made if need be; returns the paths in that order.

    Raises:
        RunError: if the folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            # Half a surrogate pair becomes an escape, which JSON reads back; pages write it out.
            (folder / name).write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise RunError(f"{folder}: the report cannot be written: {error.strerror}") from error
    return tuple(folder / name for name in texts)
