"""`eqspike train`: what it says, and when."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from eqspike.cli import main
from eqspike.engines.lava import child

SMALL = ["--epochs", "2", "--limit", "40", "--test-limit", "20"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run."""
    out = tmp_path_factory.mktemp("runs") / "a"
    assert main(["train", "eqspike-digits", "digits", *SMALL, "--out", str(out)]) == 0
    return out


def test_a_complete_run_is_not_said_to_go_on(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "weights.safetensors").read_bytes()
    assert main(["train", "--resume", "--out", str(run)]) == 0
    said = capsys.readouterr()
    assert f"{run} is complete: 2 of 2 epochs; nothing to do" in said.err
    assert "continuing" not in said.err
    assert "after 2 epochs" in said.out
    assert (run / "weights.safetensors").read_bytes() == before


def test_training_is_announced_once_nothing_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = [
        "train",
        "eqspike-digits",
        "digits",
        "--epochs",
        "1",
        "--limit",
        "20",
        "--test-limit",
        "20",
    ]
    assert main([*words, "--out", str(out)]) == 0
    assert f"training eqspike-digits on digits into {out}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["eqspike-digits", "mnist-sample"],
        ["eqspike-digits", "digits", "--engine", "torch"],
        ["ep-512", "mnist-sample", "--engine", "torch:cuda"],
    ],
)
def test_nothing_is_announced_before_a_refusal(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(["train", *words, "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert "error: " in said
    assert "training " not in said.partition("error: ")[0]


def test_lava_is_not_started_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(child, "find_spec", lambda name: None if name == "lava" else found(name))
    words = ["train", "eqspike-digits-loihi", "digits", "--engine", "lava", "--limit", "8"]
    assert main([*words, "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert "needs the package 'lava-nc'" in said
    assert "starting Lava" not in said
    assert not (tmp_path / "run").exists()
