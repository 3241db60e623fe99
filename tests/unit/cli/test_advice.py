"""What the command line says to do about words that it cannot take."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eqspike import library
from eqspike.cli import main


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
