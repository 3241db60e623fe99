"""Writing the files of a report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eqspike.core.files import write_together


def write_texts(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    """Write texts by file name into a folder, which is made if need be; returns the paths in that order.

    Raises:
        RunError: if the folder or a file cannot be written; then none is replaced.
    """
    # Half a surrogate pair becomes an escape, which JSON reads back; pages write it out.
    contents = {name: text.encode("utf-8", "backslashreplace") for name, text in texts.items()}
    return write_together(folder, contents)
