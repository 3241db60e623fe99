"""Notebooks of examples: the code of the scripts, in cells that run one after the other."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MADE_BY = runpy.run_path(str(ROOT / "docs" / "_extensions" / "notebooks.py"))
NAMES: tuple[str, ...] = MADE_BY["NAMES"]


def cells_of(name: str) -> tuple[str, list[str]]:
    """The text at the top of a notebook, and its code."""
    made: dict[str, Any] = MADE_BY["notebook"](script_of(name))
    text, *code = made["cells"]
    assert text["cell_type"] == "markdown"
    assert {cell["cell_type"] for cell in code} == {"code"}
    return text["source"], [cell["source"] for cell in code]


def script_of(name: str) -> str:
    return (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_has_the_text_and_the_code_of_its_script(name: str) -> None:
    text, code = cells_of(name)
    _, docstring, body = script_of(name).split('"""', 2)
    assert text == docstring.replace(f": python examples/{name}.py", ".")
    assert "\n".join(code).split() == body.split()
    assert all(cell.strip() for cell in code)
    assert sum("\nimport " in f"\n{cell}" for cell in code) == 1


@pytest.mark.parametrize("name", NAMES)
def test_one_cell_draws_the_figure(name: str) -> None:
    """Jupyter shows a figure where the cell that began it ends."""
    (drawing,) = (cell for cell in cells_of(name)[1] if "savefig" in cell)
    assert "plt." in drawing


@pytest.mark.parametrize("name", NAMES)
def test_the_gallery_offers_it(name: str) -> None:
    gallery = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert f"<reference/generated/notebooks/{name}.ipynb>" in gallery


def test_the_format_asks_for_these_keys() -> None:
    """Of nbformat 4.5: ids are unique; code has outputs and a count of executions, text has none."""
    made: dict[str, Any] = MADE_BY["notebook"]('"""Text."""\n\nimport sys\n\nprint(sys.path)\n')
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)
    text, *code = made["cells"]
    assert set(text) == {"cell_type", "id", "metadata", "source"}
    assert all(set(cell) == {*text, "execution_count", "outputs"} for cell in code)
    assert len({cell["id"] for cell in made["cells"]}) == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_cells_run_in_their_order(name: str, tmp_path: Path) -> None:
    """In one process and namespace, as Jupyter runs them."""
    cells = cells_of(name)[1]
    program = f"names = {{}}\nfor cell in {cells!r}:\n    exec(cell, names)"
    command = [sys.executable, "-c", program, "quick"]
    subprocess.run(command, check=True, cwd=tmp_path, env={**os.environ, "MPLBACKEND": "agg"})
    assert (tmp_path / f"{name}.png").stat().st_size > 5000
