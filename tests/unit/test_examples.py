"""Every example runs as it is written, on the sample that comes with the package."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_target_propagation_learns() -> None:
    """The loss falls to below half, with every layer within 90 degrees of backpropagation."""
    ran = subprocess.run(
        [sys.executable, str(EXAMPLES / "target_propagation.py")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    losses = [float(found) for found in re.findall(r"loss ([\d.]+)", ran.stdout)]
    assert len(losses) == 5
    assert losses[-1] < losses[0] / 2
    degrees = [found.split(", ") for found in re.findall(r"layer (.+)", ran.stdout)]
    assert all(float(each) < 45 for row in degrees for each in row)
