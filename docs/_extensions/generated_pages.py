"""Pages made of the package when the site is built: the keys of models, tasks and chips, and their schemas."""

from __future__ import annotations

import json
from pathlib import Path

from sphinx.application import Sphinx

from eqspike.experiment.schemas import KINDS, json_schema, keys_of, reference


def write(app: Sphinx) -> None:
    """Write them to `reference/generated`, which git ignores."""
    folder = Path(app.srcdir) / "reference" / "generated"
    folder.mkdir(exist_ok=True)
    for noun in KINDS:
        keys = keys_of(noun)
        _write(folder / f"{noun}.md", reference(noun, keys))
        _write(folder / f"{noun}.schema.json", json.dumps(json_schema(noun, keys), indent=2))


def _write(path: Path, text: str) -> None:
    """Write a file if it would change, so that pages are not built anew for nothing."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for pages."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
