"""The example of an energy block between ordinary layers learns, and is as short as it says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "energy_block.py"


def test_the_example_learns_digits(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE))
    found = re.search(r"test accuracy ([\d.]+)%", capsys.readouterr().out)
    assert found is not None
    assert float(found[1]) > 88
    assert len([line for line in EXAMPLE.read_text().splitlines() if line.strip()]) <= 25
