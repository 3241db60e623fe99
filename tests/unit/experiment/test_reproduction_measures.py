"""Measures of tables, on small networks: each gives what its theorem or its definition says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eqspike.core.errors import UnsupportedError
from eqspike.experiment.configuration import Configuration, resolve
from eqspike.experiment.reproduction import measures
from eqspike.experiment.reproduction.measures import MEASURES
from eqspike.experiment.reproduction.measuring import Rows, Subject
from eqspike.experiment.reproduction.tables import load_table
from eqspike.experiment.runs import start
from eqspike.training import RunFolder

BLOCK = """title: A small block
learner:
  kind: energy-block
  image: [8, 8]
  flat: true
  blocks: [{layers: [{size: 24}, {size: 16}, {size: 10, activation: linear}]}]
  algorithm: c-ep
  beta: 0.1
  free_steps: 300
  nudged_steps: 100
  tolerance: 1.0e-9
  nudged_tolerance: 1.0e-9
training: {epochs: 1, batch_size: 20, optimiser: sgd, learning_rate: 0.05}
"""


def measure(name: str, settings: str, subject: Subject, tmp_path: Path) -> Rows:
    """By the way of a table, as its settings are read there."""
    path = tmp_path / "measure.yaml"
    path.write_text(
        f"title: t\nrows: [{{name: row, seeds: [0], measures: {{{name}: {settings}}}}}]",
        encoding="utf-8",
    )
    return load_table(str(path)).rows[0].measures[name](subject)


def configuration(model: str, task: str, *settings: str, **limits: Any) -> Configuration:
    return resolve(model, task, overrides=settings, **limits)


def trained(configured: Configuration, tmp_path: Path) -> Subject:
    folder = start(configured, tmp_path / "run").folder
    return Subject(0, configured, RunFolder.open(folder))


def test_bias_of_algorithms_grows_with_beta(tmp_path: Path) -> None:
    model = tmp_path / "block.yaml"
    model.write_text(BLOCK, encoding="utf-8")
    settings = "{samples: 8, algorithms: [p-ep, c-ep, implicit, cl], betas: [0.01, 1.0]}"
    rows = measure(
        "gradient-bias", settings, Subject(0, configuration(str(model), "digits")), tmp_path
    )
    assert list(rows) == [
        "p-ep, beta 0.01", "p-ep, beta 1", "c-ep, beta 0.01", "c-ep, beta 1", "implicit", "cl, beta 1",
    ]  # fmt: skip
    assert list(rows["implicit"]) == ["layer 1", "layer 2", "layer 3"]
    assert min(rows["implicit"].values()) > 1 - 1e-6
    assert min(rows["c-ep, beta 0.01"].values()) > 0.999
    for algorithm in ("p-ep", "c-ep"):
        weak, strong = rows[f"{algorithm}, beta 0.01"], rows[f"{algorithm}, beta 1"]
        assert min(weak.values()) > min(strong.values())
    assert min(rows["cl, beta 1"].values()) < 0.999


def test_angles_by_feedback(tmp_path: Path) -> None:
    settings = (
        "{batches: 4, batch_size: 64, kinds: [random, symmetric, solved], iterations: [1], "
        "noise: [0.1], rate: [0.1]}"
    )
    model = configuration("dtp-mlp", "digits", "learner.layers=[64, 24, 16, 10]")
    rows = measure("held-angles", settings, Subject(0, model), tmp_path)
    assert rows["symmetric"]["layer 1"] < 30
    assert rows["random"]["layer 1"] > 60
    assert rows["solved"]["layer 1"] < rows["random"]["layer 1"]
    assert all(found["layer 3"] < 1e-3 for found in rows.values()), (
        "the output's gradient is the same"
    )


def test_angles_of_a_run(tmp_path: Path) -> None:
    model = configuration("dtp-mlp", "digits", "learner.layers=[64, 24, 10]", epochs=1, limit=300)
    with pytest.raises(UnsupportedError, match="of a trained run"):
        measure("target-angles", "{samples: 64}", Subject(0, model), tmp_path)
    rows = measure("target-angles", "{samples: 64}", trained(model, tmp_path), tmp_path)
    assert 0 < rows[""]["layer 1"] < 90
    assert rows[""]["layer 2"] < 1e-3


@pytest.mark.parametrize("angle", [0, 180])
def test_angles_of_separate_weights(tmp_path: Path, angle: int) -> None:
    settings = ("layers=[64, 16, 10]", f"feedback.initial_angle={angle}")
    subject = trained(configuration("cvf-512", "digits", *settings, epochs=1, limit=200), tmp_path)
    found = measure("update-angles", "{samples: 10}", subject, tmp_path)[""]
    assert found["backward to forward weights, before"] == pytest.approx(angle, abs=0.1)
    assert 0 < found["after"] < 180
    right, wrong = 60, 85
    towards = found["first update to minus the gradient"]
    assert towards < right if angle == 0 else towards > wrong


def test_what_is_left_of_each_task(tmp_path: Path) -> None:
    settings = "learner.layers=[64, 16, 10]"
    model = configuration("metaplastic-bp-512", "permuted-digits", settings, epochs=1, limit=200)
    subject = trained(model, tmp_path)
    rows = measure("forgetting", "{}", subject, tmp_path)
    last = subject.trained.metrics()[-1]
    assert rows["at the end"]["task 1"] == pytest.approx(100 * last["test_accuracy_by_stage"][0])
    assert rows["at the end"]["mean"] == pytest.approx(100 * last["test_accuracy"])
    assert rows["when learnt"]["task 5"] == rows["at the end"]["task 5"]


def test_the_gradient_check_of_a_learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = configuration(
        "hssm-linear", "adding-problem", "learner.channels=2", "learner.outputs=1", "learner.hidden=8",
        "learner.size=4", "learner.loss=squared-error",
    )  # fmt: skip
    rows = measure("gradient-check", "{samples: 2}", Subject(0, model), tmp_path)
    assert rows[""]["largest relative error"] < 1e-12
    monkeypatch.setattr(measures, "check_gradient", lambda *a, **k: SimpleNamespace(to_json=dict))
    with pytest.raises(UnsupportedError, match="no one cosine"):
        measure("gradient-check", "{samples: 4}", Subject(0, model), tmp_path)


@pytest.mark.parametrize("name", ["gradient-bias", "held-angles", "target-angles", "update-angles"])
def test_measures_of_another_kind_of_model_are_refused(tmp_path: Path, name: str) -> None:
    settings = {
        "gradient-bias": "{algorithms: [c-ep], betas: [0.1]}",
        "held-angles": "{kinds: [random], iterations: [1], noise: [0.1], rate: [0.1]}",
    }.get(name, "{}")
    spikes = configuration("eqspike-digits", "digits")
    with pytest.raises(UnsupportedError, match="this measure is of"):
        measure(name, settings, Subject(0, spikes), tmp_path)
    with pytest.raises(UnsupportedError, match="this measure is of a model"):
        measure(name, settings, Subject(0), tmp_path)


def test_every_measure_says_what_it_is() -> None:
    assert all(each.title and each.__doc__ for each in MEASURES.values())
