"""Runs with validation samples: what judges an epoch, when the test set is looked at, and how they go on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import eqspike
from eqspike.cli import main
from eqspike.core.errors import ConfigError
from eqspike.experiment import load_configuration, resolve
from eqspike.experiment.data import Data, length_of
from eqspike.experiment.sweep import Axis, Point, Sweep, write_sweep
from eqspike.experiment.sweep.point import Base, run_point
from eqspike.experiment.sweep.results import Outcome, Search, best_line, table

SHORT = {"rule.free_steps": 20, "rule.nudged_steps": 10, "rule.readout_steps": 10}
SMALL: dict[str, Any] = {
    "epochs": 3, "limit": 60, "test_limit": 25, "quiet": True, "settings": SHORT,
}  # fmt: skip


def without_times(run: Path) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in each.items() if "second" not in key} for each in records]


def test_epochs_are_judged_on_samples_that_are_not_learnt(tmp_path: Path) -> None:
    """The test set comes once, at the end; counts and evaluation are then those of the test set."""
    out = tmp_path / "run"
    run = eqspike.train("eqspike-digits", "digits", out=out, validation=0.2, **SMALL)
    splits = [{key for key in record if key.endswith("accuracy")} for record in without_times(out)]
    epoch = {"train_accuracy", "validation_accuracy"}
    assert splits == [epoch, epoch, epoch | {"test_accuracy"}]
    assert run.validation == run.metrics[-1]["validation_accuracy"]
    assert run.accuracy == eqspike.evaluate(out).accuracy
    counts = json.loads((out / "counts.json").read_text())
    assert counts["training"]["samples"] == 3 * 48
    assert counts["inference"]["samples"] == 25
    assert "validation_samples_per_second" in run.metrics[0]
    assert "test_samples_per_second" in run.metrics[-1]


def test_the_validation_accuracy_is_that_of_the_held_out_samples(tmp_path: Path) -> None:
    out = tmp_path / "run"
    run = eqspike.train("eqspike-digits", "digits", out=out, validation=12, **SMALL)
    configuration = load_configuration(out / "config.yaml")
    assert configuration.validation == 12
    (stage,) = Data.load(configuration).stages
    assert length_of(configuration)[1] == len(stage.train) == 48
    scores = eqspike.predict(out, stage.validation.inputs)  # type: ignore[union-attr]
    right = np.mean(scores.argmax(1) == stage.validation.targets)  # type: ignore[union-attr]
    assert run.validation == right


def test_a_stopped_run_goes_on_to_the_same_files(tmp_path: Path) -> None:
    whole = eqspike.train("eqspike-digits", "digits", out=tmp_path / "a", validation=0.2, **SMALL)
    stopped = eqspike.train(
        "eqspike-digits", "digits", out=tmp_path / "b", validation=0.2,
        on_epoch=lambda record: record["epoch"] == 2, **SMALL,
    )  # fmt: skip
    assert stopped.value is None
    assert stopped.validation is not None
    resumed = eqspike.resume(stopped, quiet=True)
    assert resumed.value == whole.value
    for name in ("weights.safetensors", "counts.json", "activity.json", "config.yaml"):
        assert (resumed.folder / name).read_bytes() == (whole.folder / name).read_bytes(), name
    assert without_times(resumed.folder) == without_times(whole.folder)


def test_every_task_of_a_curriculum_has_its_own(tmp_path: Path) -> None:
    run = eqspike.train(
        "metaplastic-bp-digits", "permuted-digits", out=tmp_path / "run", epochs=1, limit=50,
        test_limit=20, validation=10, quiet=True,
    )  # fmt: skip
    stages = len(run.metrics)
    assert [len(each["validation_accuracy_by_stage"]) for each in run.metrics] == [stages] * stages
    assert [key for key in run.metrics[0] if key.startswith("test_")] == []
    assert len(run.metrics[-1]["test_accuracy_by_stage"]) == stages


def test_arrays_are_held_out_too(tmp_path: Path) -> None:
    samples = eqspike.load_task("digits").load("train").limit(50)
    run = eqspike.train(
        "eqspike-digits", (samples.images, samples.labels), out=tmp_path / "run", epochs=1,
        validation=0.25, settings=SHORT, quiet=True,
    )  # fmt: skip
    counts = json.loads((run.folder / "counts.json").read_text())
    assert (counts["training"]["samples"], counts["inference"]["samples"]) == (30, 10)


def test_a_run_without_says_nothing_of_it(tmp_path: Path) -> None:
    """Configurations, and so the digests of runs and checkpoints, stay what they were."""
    assert "validation" not in resolve("eqspike-digits", "digits").as_yaml()
    configuration = resolve("eqspike-digits", "digits", validation=0.1)
    path = tmp_path / "config.yaml"
    path.write_text(configuration.as_yaml(), encoding="utf-8")
    assert load_configuration(path) == configuration
    path.write_text(configuration.as_yaml().replace("validation: 0.1", "validation: 2.5"))
    with pytest.raises(ConfigError, match=r"config.yaml: validation must be a share .* got 2.5"):
        load_configuration(path)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "run")
    command = ["train", "eqspike-digits", "digits", "--limit", "40", "--epochs", "2"]
    for key, value in SHORT.items():
        command += ["--set", f"{key}={value}"]
    assert main([*command, "--out", out, "--validation", "0.25", "--json"]) == 0
    said = capsys.readouterr()
    assert {"accuracy", "validation_accuracy"} <= json.loads(said.out).keys()
    lines = [line for line in said.err.splitlines() if line.startswith("epoch ")]
    assert [("validation" in line, "test" in line) for line in lines] == [(True, False), (True, True)]  # fmt: skip
    assert main(["plot", out, "--out", str(tmp_path / "plots")]) == 0
    assert main(["plot", out, out, "--out", str(tmp_path / "plots")]) == 0
    assert main(["train", "--resume", "--out", out, "--validation", "0.25"]) == 0
    assert main(["train", "--resume", "--out", out, "--validation", "0.5"]) == 2
    assert "--validation is 0.5 instead of 0.25" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("validation", "said"),
    [
        ("0", "must be a share of the training samples between 0 and 1"),
        ("1.5", "got 1.5"),
        ("a tenth", "must be a number, got a tenth"),
        ("2000", "takes 2000 of the 1437 training samples and leaves none"),
    ],
)
def test_sizes_that_are_refused(
    validation: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    command = ["train", "eqspike-digits", "digits", "--out", str(out), "--validation", validation]
    try:
        status = main(command)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert said in capsys.readouterr().err
    assert not (out / "config.yaml").exists()


def test_a_sweep_shows_both_and_a_search_seeks_validation(tmp_path: Path) -> None:
    base = Base(
        "eqspike-digits", "digits", None, 0, 1, 40, tuple(f"{k}={v}" for k, v in SHORT.items()), (), 120.0,
        test_limit=20, validation=0.25,
    )  # fmt: skip
    points = [Point({"seed": seed}) for seed in (0, 1)]
    results = [run_point(base, point, str(tmp_path)) for point in points]
    for result, (validation, test) in zip(results, [(0.3, 0.1), (0.2, 0.9)], strict=True):
        assert {"accuracy", "validation_accuracy"} <= result.keys()  # type: ignore[union-attr]
        result.update(validation_accuracy=validation, accuracy=test)  # type: ignore[union-attr]
    outcomes = tuple(Outcome(p, r, None) for p, r in zip(points, results, strict=True))
    search = Search("optuna", 2, "accuracy", True, "validation")
    sweep = Sweep(base, (Axis("seed", (0, 1)),), outcomes, search)
    assert table(sweep) == (
        ("seed", "validation accuracy", "accuracy"),
        [("0", "30.00 %", "10.00 %"), ("1", "20.00 %", "90.00 %")],
    )
    assert best_line(sweep) == "Best validation accuracy of 2 trials (optuna): 30.00 % with seed=0"
    data, csv, _ = (path.read_text() for path in write_sweep(sweep, tmp_path / "tables"))
    assert json.loads(data)["search"]["objective"] == "validation accuracy"
    assert csv.splitlines()[1] == "0,0.3,0.1,"


@pytest.mark.skipif(not os.environ.get("EQSPIKE_DATA"), reason="needs EQSPIKE_DATA with SCP1")
def test_progress_knows_the_samples_of_a_drawn_split() -> None:
    """Both splits of the archive are drawn from, so its training file alone says another number."""
    configuration = resolve("hssm-linear", "scp1-drawn")
    (stage,) = Data.load(configuration).stages
    assert length_of(configuration)[1] == len(stage.train) == 477
