"""The example of two units between ordinary layers."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "echo_stack.py"


def test_two_units_learn_by_echo_with_adam(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE))
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("step 40: ")
    assert int(last.rsplit(" ", 1)[1].rstrip("%")) >= 90
