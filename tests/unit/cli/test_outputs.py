"""Every command prints on any terminal, writes to any path, and ends with the right status for a closed output."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eqspike.cli import main

BRIEF = "--set rule.free_steps=20 --set rule.nudged_steps=10 --set rule.readout_steps=10"
REPORTING = (
    "list models", "list tasks", "list chips", "doctor", "reproduce", "evaluate RUN --limit 2",
    "estimate RUN --chip all --out OUT", "report compare RUN OTHER --chip loihi1 --out OUT",
    "parity RUN --engines fast,reference --samples 1", "meter RUN --seconds 0.01 --out OUT",
)  # fmt: skip
"""Commands whose product a person reads."""

WRITING = (
    "estimate RUN --chip loihi1 --out OUT", "report compare RUN OTHER --chip loihi1 --out OUT",
    "export RUN --format brian2 --out OUT", "export RUN --format nir --out OUT", "plot RUN --out OUT",
    "deploy RUN --chip loihi1 --limit 2 --samples 2 --out OUT",
)  # fmt: skip
"""Commands whose product are files."""


@pytest.mark.parametrize("command", ["doctor", "list models"])
def test_warnings_as_errors_end_no_command(tmp_path: Path, command: str) -> None:
    """What a package warns of is not eqspike's."""
    done = subprocess.run(
        [sys.executable, "-m", "eqspike", *command.split()], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONWARNINGS": "error"}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run."""
    out = tmp_path_factory.mktemp("outputs") / "run"
    train = f"train eqspike-digits-loihi digits --epochs 1 --limit 40 --test-limit 20 {BRIEF}"
    assert main([*train.split(), "--out", str(out)]) == 0
    return out


@pytest.fixture
def words(original: Path, tmp_path: Path):
    """The words of a command, for copies of the run in a folder."""

    def fill(command: str, folder: Path = tmp_path) -> list[str]:
        for name in ("run", "other"):
            shutil.copytree(original, folder / name)
        places = {"RUN": folder / "run", "OTHER": folder / "other", "OUT": folder / "out"}
        return [str(places.get(word, word)) for word in command.split()]

    return fill


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("command", REPORTING)
def test_any_terminal_shows_what_a_command_says(
    words, command: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signs that it does not have are written otherwise; nothing else changes."""
    output, error = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(sys, "stderr", error)
    assert main(words(command)) == 0
    assert output.buffer.getvalue().decode(encoding).strip()
    assert b"Traceback" not in error.buffer.getvalue()


@pytest.mark.parametrize("command", [*REPORTING, *WRITING])
def test_a_closed_output_is_no_success(
    words, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of `--json`, which a program waits for; a line says so."""
    arguments = [*words(command), "--json"]
    monkeypatch.setattr(sys, "stdout", None)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "standard output cannot be written: it is closed" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", WRITING)
def test_a_path_need_not_be_text(
    words, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes that are no UTF-8, of what is read and of what is written."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    folder.mkdir()
    assert main([*words(command, folder), "--json"]) == 0
    json.loads(capsys.readouterr().out)
    assert [path for path in (folder / "out").rglob("*") if path.stat().st_size]


def sweep(out: Path, **streams: Any) -> subprocess.Popen[bytes]:
    """A sweep of one point, priced, on one worker."""
    point = f"sweep eqspike-digits digits --vary seed=[1] --epochs 1 --limit 40 {BRIEF}"
    words = [*point.split(), "--chip", "loihi1", "--workers", "1", "--out", str(out)]
    return subprocess.Popen([sys.executable, "-m", "eqspike", *words], **streams)


def test_a_sweep_does_not_depend_on_who_reads(tmp_path: Path) -> None:
    """A closed pipe leaves its files and its status; the same command again prints the table on any terminal."""
    unread = sweep(tmp_path / "sweep", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert unread.stdout is not None
    unread.stdout.close()
    _, said = unread.communicate(timeout=200)
    assert unread.returncode == 0, said
    assert b"Traceback" not in said
    found = json.loads((tmp_path / "sweep" / "sweep.json").read_text())
    assert len(found["points"]) == 1
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    again = sweep(tmp_path / "sweep", stdout=subprocess.PIPE, env=ascii_only)
    printed, _ = again.communicate(timeout=200)
    assert again.returncode == 0
    assert "seed" in printed.decode("ascii")
