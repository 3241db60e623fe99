"""A model with convolutions: trained, continued, evaluated and drawn; refused where it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eqspike.cli import main
from eqspike.core.errors import EqspikeError, UnsupportedError
from eqspike.experiment import resolve
from eqspike.experiment.runs import start

SMALL = (
    "layers=[[1, 8, 8], [4, 3, 3], [6, 1, 1], 10]",
    "couplings=[{kind: convolution, kernel: 3, pooling: {kind: max, size: 2}}, "
    "{kind: convolution, kernel: 2, pooling: {kind: average, size: 2}}, {kind: dense}]",
    "rule.free_steps=10",
    "rule.nudged_steps=4",
    "training.epochs=1",
)


def test_a_run_is_trained_evaluated_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    configuration = resolve(
        "ep-conv-small", "digits", limit=200, test_limit=40, overrides=SMALL, seed=1
    )
    result = start(configuration, run)
    assert result.complete
    assert main(["evaluate", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == result.accuracy
    assert main(["plot", str(run), "--out", str(tmp_path / "plots")]) == 0
    names = sorted(path.name for path in (tmp_path / "plots").iterdir())
    assert names == ["learning_curve.png", "rate_distribution.png", "receptive_fields.png"]


@pytest.mark.parametrize(
    ("model", "overrides", "task", "said"),
    [
        ("ep-conv-small", ("neuron={kind: sigma-delta}",), "digits",
         "engines fast, fast-int, brian2 and lava run dense"),
        ("ep-conv-small", ("rule={kind: c-ep, free_steps: 5, nudged_steps: 5, beta: 0.1}",
         "dynamics={updates: synchronous}"), "mnist-sample", "convolution with rule c-ep"),
        ("ep-conv-small", ("layers=[[1, 16, 4], [4, 6, 0], [6, 1, 1], 10]",), "digits", "at least 1"),
        ("ep-conv-small", ("layers=[[4, 4, 4], [8, 4, 4], [16, 4, 4], 10]",
         "couplings=[{kind: convolution, kernel: 1}, {kind: convolution, kernel: 1}, {kind: dense}]"),
         "digits", "their rows and columns would be mixed up"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_any_work(
    model: str, overrides: tuple[str, ...], task: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(EqspikeError, match=said):
        start(resolve(model, task, overrides=overrides), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_another_engine_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="engine 'lava' does not run"):
        start(resolve("ep-conv-small", "mnist-sample", engine="lava"), tmp_path / "run")
