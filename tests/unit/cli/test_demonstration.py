"""The demo makes its own run anew, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from eqspike.cli import demonstration, main
from eqspike.experiment import resolve
from eqspike.experiment.runs import start

SMALL = ("rule.free_steps=20", "rule.nudged_steps=10", "rule.readout_steps=10")


@pytest.fixture
def a_short_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """One on the 8x8 digits, with one epoch."""
    monkeypatch.setattr(demonstration, "MODEL", "eqspike-digits")
    monkeypatch.setattr(demonstration, "TASK", "digits")
    monkeypatch.setattr(demonstration, "EPOCHS", 1)


@pytest.mark.usefixtures("a_short_demo")
def test_a_demo_is_made_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the same command, as often as wanted."""
    for _ in range(2):
        assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    assert "energy report" in capsys.readouterr().out


@pytest.mark.usefixtures("a_short_demo")
def test_a_run_of_the_user_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even one of the same model and task."""
    out = tmp_path / "run"
    start(resolve("eqspike-digits", "digits", seed=3, epochs=1, limit=20, overrides=SMALL), out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert main(["demo", "--out", str(out)]) == 2
    assert "already holds a run" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
