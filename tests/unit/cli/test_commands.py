"""The command line, run in process on the 8x8 digits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eqspike import library
from eqspike.cli import main


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs."""
    out = tmp_path_factory.mktemp("cli") / "run"
    assert main(["train", "eqspike-digits", "digits", "--epochs", "2", "--out", str(out)]) == 0
    return out


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The one JSON object a command prints."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_run_folder_is_complete(run: Path) -> None:
    """Everything needed to repeat, judge and price the run is there."""
    names = {
        "config.yaml",
        "environment.json",
        "metrics.jsonl",
        "counts.json",
        "weights.safetensors",
    }
    assert names <= {path.name for path in run.iterdir()}
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 2


def test_evaluate_agrees_with_the_last_epoch(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same weights on the same images give the same accuracy and counts."""
    found = answer(capsys, "evaluate", str(run))
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert found["accuracy"] == last["test_accuracy"]
    assert found["samples"] == 360
    assert found["counts"] == json.loads((run / "counts.json").read_text())["inference"]
    assert answer(capsys, "evaluate", str(run), "--limit", "10")["samples"] == 10


def test_estimate_writes_a_report(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every chip of the library gets an interval."""
    found = answer(capsys, "estimate", str(run), "--chip", "all", "--out", str(tmp_path / "report"))
    assert set(found["chips"]) == set(library.names("chips"))
    for chip in found["chips"].values():
        interval = chip["inference_j"]
        assert 0 < interval["low"] <= interval["typical"] <= interval["high"]
    for path in found["files"]:
        assert Path(path).stat().st_size > 0


def test_list_knows_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    """All kinds, or one."""
    found = answer(capsys, "list")
    assert set(found) == {"models", "tasks", "chips", "engines"}
    assert set(answer(capsys, "list", "models")["models"]) == set(library.names("models"))


def test_doctor_finds_the_fast_engine_well(capsys: pytest.CaptureFixture[str]) -> None:
    """What the package needs is installed and the kernels run; Lava runs too, or how to install it is said."""
    found = answer(capsys, "doctor")
    assert found["kernels"] == "work"
    assert found["lava"].startswith("works") or "pip install" in found["lava"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "eqspike-digits"],
        ["train", "eqspike-nothing", "digits"],
        ["train", "eqspike-digits", "digits", "--limit", "0"],
        ["train", "eqspike-digits", "digits", "--seed", "-1"],
        ["train", "--resume"],
        ["train", "--resume", "--force", "--out", "x"],
        ["train", "--config", "no-such-file.yaml"],
        ["evaluate", "no-such-run"],
        ["estimate", "no-such-run", "--chip", "loihi1"],
    ],
)
def test_wrong_use_ends_with_2_and_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """One clear message, no traceback, nothing on standard output."""
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error: " in captured.err.splitlines()[-1]


def test_a_second_run_into_the_same_folder_is_refused(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says how to go on."""
    before = (run / "weights.safetensors").read_bytes()
    assert main(["train", "eqspike-digits", "digits", "--epochs", "1", "--out", str(run)]) == 2
    assert "--resume" in capsys.readouterr().err
    assert (run / "weights.safetensors").read_bytes() == before
