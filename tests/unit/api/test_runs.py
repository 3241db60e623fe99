"""What a run answers, holds and shows, from Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import eqspike
from eqspike.core.errors import ConfigError, DataError, UnknownNameError, UnsupportedError
from eqspike.experiment.runs import TrainingResult

SMALL_SERIES = {
    "learner.channels": 2, "learner.outputs": 1, "learner.loss": "squared-error", "learner.hidden": 4,
    "learner.size": 4, "learner.blocks": 1,
}  # fmt: skip


def test_predictions_are_those_that_were_judged(run: TrainingResult) -> None:
    test = eqspike.load_task("digits").load("test").limit(40)
    scores = eqspike.predict(run, test.images)
    assert scores.shape == (40, 10)
    assert (
        np.mean(scores.argmax(1) == test.labels) == eqspike.evaluate(run).accuracy == run.accuracy
    )


def test_images_may_have_their_shape_and_be_floats(run: TrainingResult) -> None:
    images = eqspike.load_task("digits").load("test").images[:5]
    flat = eqspike.predict(run, images)
    assert np.array_equal(eqspike.predict(run, images.reshape(-1, 8, 8)), flat)
    assert np.array_equal(eqspike.predict(run, images / 255), flat)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((3, 63)), r"must have shape \(samples, 8, 8\) or \(samples, 64\), got \(3, 63\)"),
        (np.zeros((0, 64)), r"got \(0, 64\)"),
        (np.full((3, 64), 256), "must be whole numbers 0..255"),
        (np.full((3, 64), np.nan), "floats in"),
        ([["a"] * 64], "must be numbers"),
    ],
)
def test_other_inputs_are_refused(inputs: object, message: str, run: TrainingResult) -> None:
    with pytest.raises(DataError, match=message):
        eqspike.predict(run, inputs)  # type: ignore[arg-type]


def test_predictions_of_an_engine_that_does_not_run_it_are_refused(run: TrainingResult) -> None:
    with pytest.raises(UnsupportedError, match="torch"):
        eqspike.predict(run, np.zeros((1, 64), np.uint8), engine="torch")


def test_series_are_predicted(tmp_path: Path) -> None:
    run = eqspike.train(
        "hssm-linear", "adding-problem", out=tmp_path / "run", epochs=1, limit=4, test_limit=3, quiet=True,
        settings=SMALL_SERIES,
    )  # fmt: skip
    test = eqspike.load_task("adding-problem").load("test").limit(3)
    values = eqspike.predict(run, test.inputs)
    assert np.mean((values - test.targets) ** 2) == pytest.approx(run.value)
    with pytest.raises(DataError, match="must be finite"):
        eqspike.predict(run, np.full_like(test.inputs, np.inf))


def test_weights_are_those_of_the_session(run: TrainingResult) -> None:
    arrays = eqspike.weights(run)
    assert arrays["input-hidden"].shape[0] == 64
    assert all(array.dtype == np.float64 for array in arrays.values())


def test_figures(run: TrainingResult, tmp_path: Path) -> None:
    files = eqspike.plot(run, out=tmp_path)
    assert {path.suffix for path in files} == {".png"}
    assert all(path.is_file() for path in files)
    measured, path = eqspike.plot_stdp(run, samples=2, out=tmp_path)
    assert path == tmp_path / "stdp.png"
    assert measured.samples == 2


def test_metering(run: TrainingResult) -> None:
    found = eqspike.meter(run, batch_sizes=[5], seconds=0.05)
    assert [each.work for each in found.work] == ["inference", "training"]
    with pytest.raises(ConfigError, match="batch_sizes must be a whole number, at least 1, got 0"):
        eqspike.meter(run, batch_sizes=[0])


def test_runs_in_one_figure(run: TrainingResult, tmp_path: Path) -> None:
    (path,) = eqspike.plot([run, run.folder], out=tmp_path, format="svg")
    assert path == tmp_path / "learning_curves.svg"
    assert path.read_text().lstrip().startswith("<?xml")
    with pytest.raises(ConfigError, match="need a folder, out"):
        eqspike.plot([run, run])


def test_names_that_are_not_there_are_answered_by_those_that_are(run: TrainingResult) -> None:
    evaluation = eqspike.evaluate(run, limit=5)
    with pytest.raises(
        UnknownNameError, match=r"'hiden'; did you mean 'hidden'\? there are hidden, output"
    ):
        evaluation.rates["hiden"]
    with pytest.raises(UnknownNameError, match="did you mean 'input->hidden'"):
        evaluation.counts.phases["free"].couplings["input-hidden"]
    with pytest.raises(UnknownNameError, match="did you mean 'input-hidden'"):
        eqspike.weights(run)["input->hidden"]
    with pytest.raises(UnknownNameError, match="did you mean 'test_accuracy'"):
        run.metrics[-1]["test_acuracy"]
