"""Training from Python: models and data in memory, callbacks, going on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import eqspike
from eqspike.core.errors import ConfigError, DataError
from eqspike.experiment.runs import TrainingResult

SHORT = {"rule.free_steps": 20, "rule.nudged_steps": 10, "rule.readout_steps": 10}


def test_a_model_in_memory_trains_as_the_one_of_the_library(tmp_path: Path) -> None:
    named, given = (
        eqspike.train(
            model, "digits", out=tmp_path / name, epochs=1, limit=40, test_limit=20, quiet=True,
            settings=SHORT,
        )
        for name, model in (
            ("named", "eqspike-digits"), ("given", eqspike.load_model("eqspike-digits")),
        )
    )  # fmt: skip
    same = (each.folder / "config.yaml" for each in (named, given))
    assert next(same).read_bytes() == next(same).read_bytes()
    for name, array in eqspike.weights(named).items():
        assert np.array_equal(array, eqspike.weights(given)[name]), name


def test_arrays_train_as_the_task_they_came_from(tmp_path: Path) -> None:
    """Levels 0..255 go in and out unchanged, so the two runs differ in nothing but the task's name."""
    task = eqspike.load_task("digits")
    train, test = task.load("train").limit(50), task.load("test").limit(20)
    options: dict[str, Any] = {"epochs": 1, "settings": SHORT, "quiet": True}
    named = eqspike.train(
        "eqspike-digits", "digits", out=tmp_path / "named", limit=50, test_limit=20, **options
    )
    square = train.images.reshape(-1, 8, 8)
    given = eqspike.train(
        "eqspike-digits", (square, train.labels), test=(test.images.reshape(-1, 8, 8), test.labels),
        out=tmp_path / "given", **options,
    )  # fmt: skip
    assert given.accuracy == named.accuracy
    for name, array in eqspike.weights(named).items():
        assert np.array_equal(array, eqspike.weights(given)[name]), name


def test_a_fifth_is_held_out_where_no_test_samples_are_given(tmp_path: Path) -> None:
    samples = eqspike.load_task("digits").load("train").limit(43)
    eqspike.train(
        "eqspike-digits", (samples.images, samples.labels), out=tmp_path / "run", epochs=1,
        settings=SHORT, quiet=True,
    )  # fmt: skip
    saved = eqspike.load_task(str(tmp_path / "run.data" / "task.yaml"))
    train, test = saved.load("train"), saved.load("test")
    assert (len(train), len(test)) == (35, 8)
    both = np.concatenate([train.inputs, test.inputs])
    assert sorted(map(bytes, both)) == sorted(map(bytes, samples.images))


def test_a_callback_sees_every_epoch_and_may_stop(tmp_path: Path) -> None:
    seen: list[int] = []

    def stop_at_two(record: Any) -> bool:
        seen.append(record["epoch"])
        return len(seen) == 2

    options: dict[str, Any] = {"epochs": 3, "limit": 40, "test_limit": 20, "settings": SHORT}
    stopped = eqspike.train(
        "eqspike-digits", "digits", out=tmp_path / "a", on_epoch=stop_at_two, quiet=True, **options
    )
    assert (seen, stopped.complete, len(stopped.metrics)) == ([1, 2], False, 2)
    resumed = eqspike.resume(stopped, quiet=True)
    whole = eqspike.train("eqspike-digits", "digits", out=tmp_path / "b", quiet=True, **options)
    assert resumed.complete
    assert resumed.accuracy == whole.accuracy
    for name, array in eqspike.weights(whole).items():
        assert np.array_equal(array, eqspike.weights(resumed)[name]), name


def test_a_line_per_epoch_unless_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    eqspike.train(
        "eqspike-digits", "digits", out=tmp_path / "a", epochs=1, limit=20, test_limit=10,
        settings=SHORT,
    )  # fmt: skip
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("epoch 1: train 0.")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": 5}, "model must be a name of the library or the path of a YAML file, got 5"),
        ({"task": None}, "task must be a name of the library"),
        ({"out": 3}, "out must be a path, got 3"),
        ({"epochs": 1.5}, "epochs must be a whole number, at least 1, got 1.5"),
        ({"epochs": True}, "epochs must be a whole number, at least 1, got True"),
        ({"seed": -1}, "seed must be a whole number, at least 0, got -1"),
        ({"limit": "3"}, "limit must be a whole number, at least 1, got '3'"),
        ({"settings": [1]}, r"settings must be a mapping such as .*, got \[1\]"),
        ({"settings": {"rule.beta": object()}}, "settings: 'rule.beta' has a value that YAML cannot"),
        ({"test": ([[1]], [0])}, "test goes with arrays"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    """Before any work, as an error of eqspike."""
    given = {"model": "eqspike-digits", "task": "digits", "out": tmp_path / "run"} | changed
    with pytest.raises(ConfigError, match=message):
        eqspike.train(given.pop("model"), given.pop("task"), **given)
    assert not (tmp_path / "run").exists()


def test_settings_of_numpy_are_plain_values(tmp_path: Path) -> None:
    run = eqspike.train(
        "eqspike-digits", "digits", out=tmp_path / "a", epochs=1, limit=20, test_limit=10, quiet=True,
        settings=SHORT | {"rule.beta": np.float64(0.25), "training.learning_rates": np.array([0.1, 0.2])},
    )  # fmt: skip
    text = (run.folder / "config.yaml").read_text()
    assert "beta: 0.25" in text
    assert "- 0.1\n" in text


def test_too_few_arrays_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least 5, got 2 images and 2 labels"):
        eqspike.train("eqspike-digits", (np.zeros((2, 64)), [0, 1]), out=tmp_path / "a")


def test_a_result_goes_where_a_run_is_asked_for(run: TrainingResult) -> None:
    by_folder, by_text, by_result = (
        eqspike.evaluate(each, limit=10) for each in (run.folder, str(run.folder), run)
    )
    assert by_folder.accuracy == by_text.accuracy == by_result.accuracy
    with pytest.raises(ConfigError, match="run must be a path, got 5"):
        eqspike.evaluate(5)  # type: ignore[arg-type]
