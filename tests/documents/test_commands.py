"""Everything that a document tells a reader to do works, in the order printed; see `conftest.py` for the rules."""

from __future__ import annotations

import re
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


class Reader:
    """Does what a document says, one step after the other, in a folder of its own."""

    def __init__(self, said: Callable[[], str]) -> None:
        """`said` gives what the last step printed on standard error."""
        self._said = said
        self._last = "RUN"
        self._names: dict[str, Any] = {"__name__": "__main__"}

    def follow(self, steps: list[Any]) -> list[str]:
        """What failed."""
        return [f"{step.place}: {failed}" for step in steps if (failed := self._do(step))]

    def _do(self, step: Any) -> str:
        if hasattr(step, "words"):
            return self._command(step)
        if hasattr(step, "name"):
            Path(step.name).parent.mkdir(parents=True, exist_ok=True)
            with open(step.name, "a" if step.more else "w", encoding="utf-8") as file:
                file.write(step.text)
            return ""
        return self._program(step)

    def _command(self, command: Any) -> str:
        if command.words[0] in ("cp", "sed"):
            status = subprocess.run(command.text, shell=True, check=False).returncode
            return f"status {status}" if status else ""
        words = command.shortened(self._last)
        if words[0] == "train" and "--out" not in words and command.kind == "table":
            words += ["--out", f"runs/of-row-{command.place.rpartition(':')[2]}-{words[1]}"]
        status, said = done(words), self._said()
        differs = any(text in command.text for text in MAY_NOT_HOLD)
        if status not in ((2,) if command.error else (0, 1) if differs else (0,)):
            return f"status {status}: {' '.join(words)}\n{said[-800:]}"
        if command.error and command.error not in said:
            return f"{' '.join(words)} is refused with other words:\n{said[-800:]}"
        if words[0] == "train" and status == 0:
            self._last = out_of(words)
        return ""

    def _program(self, program: Any) -> str:
        try:
            exec(compile(program.text, program.place, "exec"), self._names)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        finally:
            self._said()
        return ""


@pytest.fixture
def reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Reader:
    """A reader in a folder that holds what commands read from the checkout."""
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("_build"))
    monkeypatch.chdir(tmp_path)
    return Reader(lambda: capsys.readouterr().err)


def done(words: list[str]) -> Any:
    """Status of a command of eqspike or of a program of the examples."""
    if words[0] in ("python", "torchrun"):
        program = [] if words[0] == "python" else ["-m", "torch.distributed.run"]
        return subprocess.run([sys.executable, *program, *words[1:]], check=False).returncode
    try:
        return main(words)
    except SystemExit as stop:
        return stop.code


def possible(steps: list[Any], *, slow: bool) -> Iterator[Any]:
    """Those that lack nothing, and are not slow unless `slow`; nor build on what is left out.

    That is a run, or a program, since programs share names.
    """
    missing: set[str] = set()
    broken = False
    for step in steps:
        made, program = made_by(step), type(step).__name__ == "Program"
        broken = broken or (program and step.slow and not slow)
        if (program and broken) or skipped(step, missing, slow):
            missing |= made
        else:
            missing -= made
            yield step


def skipped(step: Any, missing: set[str], slow: bool) -> bool:
    """Whether a step is slow where it may not be, lacks something, or needs one of the `missing` runs."""
    too_slow = getattr(step, "slow", False) and not slow
    if not hasattr(step, "words"):
        return too_slow or any(run in step.text for run in missing)
    return bool(too_slow or step.lacks or missing & {*step.words})


def made_by(step: Any) -> set[str]:
    """The run that a command trains."""
    words = getattr(step, "told", ())
    if words[:1] != ["train"]:
        return set()
    return {out_of(words) if "--out" in words else "RUN"}


def out_of(words: list[str]) -> str:
    """Folder of a run that has just been trained."""
    if "--out" in words:
        return words[words.index("--out") + 1]
    return str(max(Path("runs").iterdir(), key=lambda path: path.stat().st_mtime))


def test_quick_steps(steps: list[Any], reader: Reader) -> None:
    failed = reader.follow(list(possible(steps, slow=False)))
    assert not failed, "\n\n".join(failed)


REPORTING = re.compile(r"eqspike (estimate |report compare |reproduce \w)")


def test_reports_are_not_written_over_those_of_the_checkout(steps: list[Any]) -> None:
    """By default they go into folders of which a checkout tracks some."""
    commands = [each.text for each in steps if hasattr(each, "words")]
    assert not [text for text in commands if REPORTING.match(text) and "--out" not in text]


@pytest.mark.slow
def test_all_steps(steps: list[Any], reader: Reader) -> None:
    if not any(getattr(each, "slow", False) for each in steps):
        pytest.skip("nothing it tells to do is slow")
    failed = reader.follow(list(possible(steps, slow=True)))
    assert not failed, "\n\n".join(failed)


def test_steps_are_found(steps: list[Any], request: pytest.FixtureRequest) -> None:
    """The rules of reading find what documents tell to do: a page whose steps they missed would pass unseen."""
    kinds = [type(each).__name__ for each in steps]
    if "how-to" in request.node.name:
        assert len(steps) > 30
        assert {each.words[0] for each in steps} >= {
            "train",
            "evaluate",
            "estimate",
            "parity",
            "list",
        }
    if "own-parts" in request.node.name:
        assert kinds == [
            "Written",
            "Command",
            "Written",
            "Command",
            "Command",
            "Command",
            "Program",
            "Command",
        ]
        assert "does not run neuron.kind sigma-delta" in steps[-1].error
