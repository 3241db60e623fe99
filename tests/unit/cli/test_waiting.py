"""Whoever waits for a command is told what it is at, on a terminal and nowhere else."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from eqspike.cli import main
from eqspike.cli import waiting as module
from eqspike.cli.streams import Steady
from eqspike.cli.waiting import Waiting, line
from eqspike.core import stages
from eqspike.core.stages import Stage, doing

TRAIN = "train eqspike-digits-loihi digits --epochs 1 --limit 60 --test-limit 20"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Told(list[Stage]):
    """Stages under way, and the words of all that ever were."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def append(self, stage: Stage) -> None:
        self.words.append(stage.what)
        super().append(stage)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("waiting") / "run"
    assert main([*TRAIN.split(), "--out", str(out)]) == 0
    return out


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Nobody has patience."""
    under_way = Told()
    monkeypatch.setattr(stages, "_under_way", under_way)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    return under_way


def slow(package: str) -> tuple[pytest.MarkDecorator, ...]:
    """Marks of a command that needs a package and some time."""
    missing = importlib.util.find_spec(package) is None
    return pytest.mark.slow, pytest.mark.skipif(missing, reason=f"{package} is not installed")


@pytest.mark.parametrize(
    ("command", "stage"),
    [
        (TRAIN + " --out again", "samples"),
        ("evaluate RUN --limit 20", "samples"),
        ("evaluate RUN --limit 5 --engine reference", "presentations"),
        pytest.param(
            "evaluate RUN --limit 5 --engine lava:fused", "steps in Lava", marks=slow("lava")
        ),
        pytest.param("parity RUN --samples 1", "Brian2 (numpy)", marks=slow("brian2")),
        ("parity RUN --samples 1 --engines fast,reference", "engine reference"),
        ("deploy RUN --chip loihi1 --limit 20 --samples 20", "finding the scale"),
        ("export RUN --format nir", None),
        ("check-gradient eqspike-digits digits --samples 1", "strengths of the nudge"),
        ("estimate RUN --chip all", "chips"),
        ("meter RUN --seconds 0.1 --batch 10", "training, 10 at a time"),
        pytest.param(
            "sweep eqspike-digits digits --vary seed=[0] --epochs 1 --limit 20 --workers 1",
            "runs",
            marks=slow("distributed"),
        ),
        ("reproduce --list", None),
        ("plot RUN", None),
        ("list models", None),
        pytest.param("new model mine", None, marks=pytest.mark.slow),
        pytest.param("schema chip", None, marks=pytest.mark.slow),
        pytest.param("doctor", "a neuron in Lava", marks=slow("lava")),
    ],
)
def test_a_command_shows_that_it_works(
    run: Path, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str,
    stage: str | None,
) -> None:  # fmt: skip
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.chdir(tmp_path)
    main([str(run) if word == "RUN" else word for word in command.split()])
    shown = terminal.getvalue()
    assert f"\reqspike {command.split()[0]}, " in shown
    assert shown.rpartition("\r")[2].strip() == "" or shown.endswith("\n"), "the line stays"
    if stage is not None:
        assert stage in told.words
    assert not stages.stages()


@pytest.mark.parametrize("words", [["--json"], []], ids=["json", "no terminal"])
def test_there_is_no_line_for_programs(
    run: Path, told: Told, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    shown = Terminal() if words else io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    assert main(["evaluate", str(run), "--limit", "5", *words]) == 0
    assert "\r" not in shown.getvalue()


def test_nobody_is_bothered_for_two_seconds() -> None:
    now, terminal = [0.0], Terminal()
    waiting = Waiting("evaluate", [Steady(terminal)], lambda: now[0])
    now[0] = 1.9
    waiting.show()
    assert terminal.getvalue() == ""
    now[0] = 2.1
    waiting.show()
    assert terminal.getvalue() == "\reqspike evaluate, 2 s"


def test_what_is_printed_replaces_the_line(told: Told) -> None:
    terminal = Terminal()
    stream = Steady(terminal)
    with Waiting("evaluate", [stream]):
        terminal.truncate(0)
        terminal.seek(0)
        with doing("samples", 3):
            print("eqspike: a message", file=stream)
        print("half", end="", file=stream)
        written = terminal.getvalue()
        waiting_again = written.split("half")
    assert "eqspike: a message\n" in written
    assert written.index("\r ") < written.index("eqspike: a message"), "the line was not cleared"
    assert waiting_again[1] == "", "a line is drawn over what was printed"
    assert stream.room is module.nothing_to_clear


def test_the_words_of_the_line() -> None:
    now = [0.0]
    samples = Stage("samples", 40, note="accuracy 0.5", _clock=lambda: now[0])
    now[0], samples.done = 60.0, 10
    said: Any = line("train", 3725, [Stage("epoch 1/2"), samples], 200)
    assert said == (
        "eqspike train, 1 h 02 min  epoch 1/2  samples 10/40, accuracy 0.5  [#####...............]  "
        "3 min 00 s left"
    )
    assert (
        line("train", 5, [Stage("steps in Lava", done=7)], 200)
        == "eqspike train, 5 s  steps in Lava 7"
    )
    assert len(line("train", 3725, [samples], 30)) == 30
