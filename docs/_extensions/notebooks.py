"""Notebooks of some examples, made of the scripts when the site is built: nothing has to be kept in step."""

from __future__ import annotations

import ast
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

NAMES = ("eqspike_digits", "energy_block", "echo_stack")
"""Examples that the gallery offers as notebooks."""

_COMMAND = re.compile(r": python examples/\w+\.py")
"""How a script is run, which the first line of each says."""


def write(app: Sphinx) -> None:
    """Write them to `reference/generated/notebooks`, which git ignores."""
    docs = Path(app.srcdir)
    folder = docs / "reference" / "generated" / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        script = (docs.parent / "examples" / f"{name}.py").read_text(encoding="utf-8")
        text = json.dumps(notebook(script), indent=1)
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")


def notebook(script: str) -> dict[str, Any]:
    """A script as a notebook (nbformat 4.5): its docstring, then a cell for each paragraph of code."""
    about, *code = _paragraphs(script)
    text = _COMMAND.sub(".", ast.literal_eval(about))
    cells = [{"cell_type": "markdown", "id": "about", "metadata": {}, "source": text}]
    for number, source in enumerate(code, start=1):
        cell = {"cell_type": "code", "id": f"code-{number}", "metadata": {}, "source": source}
        cells.append({**cell, "execution_count": None, "outputs": []})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells,
    }  # fmt: skip


def _paragraphs(script: str) -> list[str]:
    """Statements that no empty line parts; all imports are one paragraph."""
    lines = script.splitlines()
    ends = [
        before.end_lineno
        for before, after in pairwise(ast.parse(script).body)
        if not lines[before.end_lineno] and not (_imports(before) and _imports(after))
    ]
    parts = pairwise([0, *ends, len(lines)])
    return ["\n".join(lines[first:last]).strip("\n") for first, last in parts]


def _imports(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the notebooks before Sphinx looks for files."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
