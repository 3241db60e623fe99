"""Pages made of the package when the site is built: the keys of models, tasks and chips, and their schemas."""

from __future__ import annotations

import json
from pathlib import Path

from sphinx.application import Sphinx

import eqspike
from eqspike import library
from eqspike.experiment.schemas import KINDS, json_schema, keys_of, reference


def write(app: Sphinx) -> None:
    """Write them to `reference/generated`, which git ignores, unless they are newer than all they are made of."""
    folder = Path(app.srcdir) / "reference" / "generated"
    folder.mkdir(exist_ok=True)
    for noun in KINDS:
        page, schema = folder / f"{noun}.md", folder / f"{noun}.schema.json"
        if _newer(page) and _newer(schema):
            continue
        keys = keys_of(noun)
        page.write_text(reference(noun, keys), encoding="utf-8")
        schema.write_text(json.dumps(json_schema(noun, keys), indent=2), encoding="utf-8")


def _newer(product: Path) -> bool:
    """Whether a file is newer than every source of the package and every description of the library."""
    folders = (Path(eqspike.__file__).parent, *map(library.folder, library.KINDS))
    kinds = ("*.py", "*.yaml")
    sources = (path for folder in folders for kind in kinds for path in folder.rglob(kind))
    newest = max(path.stat().st_mtime for path in sources)
    return product.is_file() and product.stat().st_mtime > newest


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for pages."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
