"""The example of two units between ordinary layers learns."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "echo_stack.py"


def test_two_units_learn_by_echo_with_adam(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(EXAMPLE)])
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    found = re.search(r"correct (\d+)%", capsys.readouterr().out)
    assert found is not None
    assert int(found[1]) >= 90
