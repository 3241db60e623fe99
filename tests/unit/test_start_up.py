"""Importing eqspike and asking for help load no heavy package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "brian2", "lava", "nir", "numba", "matplotlib")

IMPORT = "import eqspike"
HELP = """
import sys
from eqspike.cli import main
sys.argv = ["eqspike", "--help"]
try:
    status = main()
except SystemExit as stop:
    status = stop.code
assert not status, status
"""
LIST_HEAVY = f"""
import sys
print("heavy:", *(name for name in {HEAVY!r} if name in sys.modules))
"""


@pytest.mark.parametrize("program", [IMPORT, HELP], ids=["import", "help"])
def test_nothing_heavy_is_loaded(program: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program + LIST_HEAVY],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == ["heavy:"]
