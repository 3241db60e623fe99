"""The example of an energy block between ordinary layers learns."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "energy_block.py"


def test_the_example_learns_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(EXAMPLE)])
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    found = re.search(r"test accuracy ([\d.]+)", capsys.readouterr().out)
    assert found is not None
    assert float(found[1]) > 88


def test_the_example_is_as_short_as_its_guide_says() -> None:
    """Lines of code: those that are neither empty nor of the docstring."""
    script = EXAMPLE.read_text(encoding="utf-8")
    code = script.splitlines()[ast.parse(script).body[0].end_lineno :]
    lines = sum(bool(line.strip()) for line in code)
    guide = EXAMPLE.parents[1] / "docs" / "energy-blocks.md"
    assert f"with Adam: {lines} lines of code" in guide.read_text(encoding="utf-8")
