"""What the command line says to do about words that it cannot take."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import pytest

from eqspike import library
from eqspike.cli import main
from eqspike.cli.parser import milliseconds, seconds


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The last line of a refusal."""
    try:
        status: object = main(words)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--verison"], "there is no option '--verison'; did you mean '--version'?"),
        (["--hlep"], "did you mean '--help'?"),
        (["--limt=4", "train"], "there is no option '--limt=4'; did you mean '--limit'?"),
        (["-V"], "there is no option '-V'; 'eqspike --help' shows all"),
        (["--limit=4", "train"], "'--limit=4' stands before the command; write it behind: eqspike train"),
    ],
)  # fmt: skip
def test_options_before_the_command(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(capsys, *words)


def test_a_missing_task_is_named_with_those_that_fit(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "train", "eqspike-digits")
    assert "TASK is missing; such as: eqspike train eqspike-digits digits" in said
    assert "(of the library fit: digits, permuted-digits)" in said
    assert "train needs MODEL and TASK" in refused(capsys, "train")
    assert "'eqspike-digit' is not in the library" in refused(capsys, "train", "eqspike-digit")


def test_a_model_that_fits_no_task_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = library.find("models", "eqspike-digits").read_text(encoding="utf-8")
    path = tmp_path / "odd.yaml"
    path.write_text(text.replace("[64, ", "[63, "), encoding="utf-8")
    assert "no task of the library fits this model" in refused(capsys, "train", str(path))


def test_a_file_without_its_ending_is_suggested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind, name in (("chips", "loihi1"), ("models", "eqspike-digits"), ("tasks", "digits")):
        shutil.copy(library.find(kind, name), tmp_path / f"my-{kind[:-1]}.yaml")
    chip = refused(capsys, "estimate", "no-such-run", "--chip", "my-chip")
    assert "'my-chip' is not in the library of chips; did you mean the file my-chip.yaml?" in chip
    model = refused(capsys, "train", "my-model", "digits")
    assert "did you mean the file my-model.yaml?" in model
    task = refused(capsys, "train", "eqspike-digits", "my-task")
    assert "did you mean the file my-task.yaml?" in task
    assert "did you mean the file my-chip.yaml?" in refused(capsys, "check", "my-chip")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.001", 1e-3), ("1e-3", 1e-3), ("2", 2.0), ("2s", 2.0), ("1ms", 1e-3), ("1 ms", 1e-3), ("1us", 1e-6),
        ("1\u00b5s", 1e-6), ("1\u03bcs", 1e-6), ("5ns", 5e-9), ("1e3us", 1e-3),
    ],
)  # fmt: skip
def test_times_may_have_a_unit(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("0.1", 0.1), ("0.1ms", 0.1), ("100us", 0.1), ("1s", 1000.0)]
)
def test_milliseconds_may_too(text: str, value: float) -> None:
    assert milliseconds(text) == value


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "1h", "ms", "", "1mss", "1 m s"])
def test_other_times_are_refused_with_both_forms(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="number of seconds above 0"):
        seconds(text)
    said = refused(capsys, "estimate", "no-such-run", f"--step-time={text}")
    assert "such as 0.001, or with a unit (s, ms, us, µs, ns), such as 1ms" in said
    said = refused(capsys, "deploy", "x.nir", "--chip", "loihi1", f"--step-ms={text}")
    assert "number of milliseconds above 0, such as 0.1, or with a unit" in said
