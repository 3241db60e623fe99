"""Chips, other tools and checks, from Python: the same numbers and files as the command line's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import eqspike
from eqspike.cli import main
from eqspike.core.errors import ConfigError
from eqspike.experiment.runs import TrainingResult
from eqspike.reports import report_json


def said_by(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_estimate(run: TrainingResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = eqspike.estimate_run(run, ["loihi1", "odin"], out=tmp_path / "python")
    said = said_by(
        capsys, "estimate", run.folder, "--chip", "loihi1", "--chip", "odin", "--out", tmp_path / "shell"
    )  # fmt: skip
    mine = report_json(report)["chips"]
    assert said["chips"]["odin"]["inference_j"] == mine["odin"]["inference_j"]
    for name in ("energy.json", "inputs.json", "energy.md"):
        python, shell = (tmp_path / each / name for each in ("python", "shell"))
        assert python.read_bytes() == shell.read_bytes(), name


def test_one_chip_may_be_a_text(run: TrainingResult) -> None:
    (entry,) = eqspike.estimate_run(run, "loihi1").chips
    assert entry.chip.name == "loihi1"


def test_estimate_of_counts_and_comparison(run: TrainingResult, tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    counts.write_text((run.folder / "counts.json").read_text())
    alone = eqspike.estimate_run(counts, ["odin"])
    (of_run,), (of_counts,) = (
        eqspike.estimate_run(run, ["odin"]).chips, alone.chips,
    )  # fmt: skip
    assert of_run.inference is not None
    assert of_counts.inference is not None
    assert of_run.inference.estimate.per_sample == of_counts.inference.estimate.per_sample
    found = eqspike.compare([run, counts], ["odin"], out=tmp_path / "both")
    assert len(found.systems) == 2
    assert (tmp_path / "both" / "comparison.html").is_file()


def test_deploy_and_export(run: TrainingResult, tmp_path: Path) -> None:
    written = eqspike.deploy_run(run, samples=20, limit=20, out=tmp_path / "chip")
    assert 0 <= written.deployment.integers.accuracy <= 1
    assert (tmp_path / "chip" / "deployment.json") in written.files
    assert eqspike.export_nir(run, out=tmp_path / "nir") == tmp_path / "nir" / "network.nir"
    assert eqspike.export_brian2(run, sample=1, out=tmp_path / "b")[0].name.startswith("sample_1")


def test_parity(run: TrainingResult) -> None:
    assert eqspike.parity(run, ("fast", "reference"), samples=1).holds
    for engines in ("fast", ("fast", "fast"), ("fast",)):
        with pytest.raises(ConfigError, match="engines must be two different names"):
            eqspike.parity(run, engines)  # type: ignore[arg-type]


def test_check_gradient(run: TrainingResult, tmp_path: Path) -> None:
    settings = {"layers": [64, 12, 10], "training.batch_size": 4}
    check = eqspike.check_gradient("ep-512", "digits", samples=2, settings=settings, out=tmp_path)
    assert check.holds
    assert check.title == "ep-512 on digits, initial weights (seed 0)"
    assert json.loads((tmp_path / "gradient_check.json").read_text()) == check.to_json()
    with pytest.raises(ConfigError, match="is of model 'eqspike-digits-loihi'"):
        eqspike.check_gradient("eqspike-digits", "digits", run=run)


def test_sweep(tmp_path: Path) -> None:
    settings = {"rule.free_steps": 20, "rule.nudged_steps": 10, "rule.readout_steps": 10}
    found = eqspike.sweep(
        "eqspike-digits", "digits", {"rule.beta": [0.2, 0.3]}, out=tmp_path, epochs=1, limit=40,
        settings=settings, workers=1, chips="odin",
    )  # fmt: skip
    assert len(found.outcomes) == 2
    assert not found.failed
    assert (tmp_path / "sweep.csv").is_file()
    assert (tmp_path / "odin.png").is_file()


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ([1], "vary must be a mapping from keys to lists"),
        ({"rule.beta": "log(0.1, 1)"}, "a range needs the sampler 'optuna'"),
        ({"rule.beta": "log(1, 0)"}, "vary: rule.beta: LOW must be less than HIGH"),
        ({"rule.beta": 0.2}, "vary: rule.beta must have a list of values, got 0.2"),
        ({"rule.beta": []}, "vary: rule.beta: needs a list of values"),
        ({"seed": [-1]}, "a seed is a whole number, at least 0"),
    ],
)
def test_wrong_grids_are_refused(vary: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        eqspike.sweep("eqspike-digits", "digits", vary, out=tmp_path / "none")
    assert not (tmp_path / "none").exists()
