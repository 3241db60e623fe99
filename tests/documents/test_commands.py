"""Every command that a document prints runs, in the order printed; see `conftest.py` for what counts as one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eqspike.cli import main

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("docs", "examples", "energy_reports")
"""Folders of the checkout that commands read from or write to."""

MAY_NOT_HOLD = ("check-gradient", "--engines fast,fast-int")
"""Checks that need more samples than they get here, or of engines that differ: their status may be 1, never 2."""


@pytest.fixture
def printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[list[Any]], list[str]]:
    """Runs commands one after the other in a folder of their own; gives what failed."""
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)

    def run(commands: list[Any]) -> list[str]:
        failed, last = [], "RUN"
        for number, command in enumerate(commands):
            words = command.shortened(last)
            if words[0] == "train" and "--out" not in words and command.kind == "table":
                words += ["--out", f"runs/of-row-{number}"]
            status = done(words)
            said = capsys.readouterr()
            differs = any(text in command.text for text in MAY_NOT_HOLD)
            if status not in ((0, 1) if differs else (0,)):
                failed.append(
                    f"{command.place}: status {status}: {' '.join(words)}\n{said.err[-800:]}"
                )
            elif words[0] == "train":
                last = out_of(words)
        return failed

    return run


def done(words: list[str]) -> Any:
    """Status of a command of eqspike, or of a program of the examples."""
    if words[0] == "python":
        return subprocess.run([sys.executable, *words[1:]], check=False).returncode
    try:
        return main(words)
    except SystemExit as stop:
        return stop.code


def quick(commands: list[Any]) -> Iterator[Any]:
    """Those that are not slow and build on no run of a slow one."""
    missing = set()
    for command in commands:
        trains = command.words[0] == "train"
        made = out_of(command.words) if "--out" in command.words else "RUN"
        if command.slow or command.lacks or missing & {*command.words}:
            missing |= {made} if trains else set()
            continue
        missing -= {made} if trains else set()
        yield command


def out_of(words: list[str]) -> str:
    """Folder of a run that has just been trained."""
    if "--out" in words:
        return words[words.index("--out") + 1]
    return str(max(Path("runs").iterdir(), key=lambda path: path.stat().st_mtime))


def test_quick_commands(commands: list[Any], printed: Callable[[list[Any]], list[str]]) -> None:
    failed = printed(list(quick(commands)))
    assert not failed, "\n\n".join(failed)


@pytest.mark.slow
def test_all_commands(commands: list[Any], printed: Callable[[list[Any]], list[str]]) -> None:
    if not any(each.slow for each in commands):
        pytest.skip("none of its commands is slow")
    failed = printed([each for each in commands if not each.lacks])
    assert not failed, "\n\n".join(failed)


def test_commands_are_found(commands: list[Any], request: pytest.FixtureRequest) -> None:
    """The rule of reading finds what documents print: a page whose commands it missed would pass unseen."""
    if "how-to" in request.node.name:
        assert len(commands) > 30
        assert {each.words[0] for each in commands} >= {
            "train",
            "evaluate",
            "estimate",
            "parity",
            "list",
        }
