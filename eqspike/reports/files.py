"""Writing the files of a report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from eqspike.core.files import write_together
from eqspike.reports.document import Document
from eqspike.reports.markdown import render_markdown
from eqspike.reports.page import render_page


def write_document(document: Document, folder: Path) -> tuple[Path, Path, Path]:
    """Write a document as JSON, Markdown and HTML, and its tables as CSV; returns the first three paths.

    Raises:
        RunError: if the folder or a file cannot be written.
        MissingPackageError: without the package `jinja2`.
    """
    texts = {
        f"{document.name}.json": json.dumps(document.data, indent=2, ensure_ascii=False) + "\n",
        f"{document.name}.md": render_markdown(document),
        f"{document.name}.html": render_page(document),
        **{f"{name}.csv": table for name, table in document.tables.items()},
    }
    data, markdown, page, *_ = write_texts(folder, texts)
    return data, markdown, page


def write_texts(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    """Write texts by file name into a folder, which is made if need be; returns the paths in that order.

    Raises:
        RunError: if the folder or a file cannot be written; then none is replaced.
    """
    # Half a surrogate pair becomes an escape, which JSON reads back; pages write it out.
    contents = {name: text.encode("utf-8", "backslashreplace") for name, text in texts.items()}
    return write_together(folder, contents)
