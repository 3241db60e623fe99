"""Tasks of series: archive files, images a pixel a step, the adding problem, drawn splits, and what is refused."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from eqspike.core.errors import ConfigError, DataError, UnsupportedError
from eqspike.experiment import resolve
from eqspike.experiment.runs import start
from eqspike.tasks import SeriesTask, load_task
from eqspike.tasks.ts import read_ts

HEADER = "#remark \xb5V\n@problemName Small\n@classLabel true up down\n@data\n"
LINES = "1,2,3:4,5,6:up\n7,8,9:10,11,12:down\n"
CLASSES = ("up", "down")


def read(text: str, shape: tuple[int, int, int] = (2, 3, 2), packed: bool = False):
    raw = text.encode("latin-1")
    stream = io.BytesIO(gzip.compress(raw) if packed else raw)
    return read_ts(stream, shape, CLASSES, "small.ts", compressed=packed)


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_read(packed: bool) -> None:
    series, labels = read(HEADER + LINES, packed=packed)
    np.testing.assert_array_equal(series[0], [[1, 4], [2, 5], [3, 6]])
    np.testing.assert_array_equal(series[1, :, 1], [10, 11, 12])
    np.testing.assert_array_equal(labels, [0, 1])


@pytest.mark.parametrize(
    ("text", "shape", "message"),
    [
        ("no data", (2, 3, 2), "no line '@data'"),
        (HEADER + LINES, (3, 3, 2), "must hold 3 samples, found 2"),
        (HEADER + LINES, (1, 3, 2), "must hold 1 samples, found more"),
        (HEADER + LINES, (2, 3, 3), "sample 0 must have 3 channels, found 2"),
        (HEADER + LINES, (2, 4, 2), "sample 0 must have 4 steps, found 3"),
        (HEADER + "1,2,3:4,5,6:left\n", (1, 3, 2), "must be one of up, down, got 'left'"),
        (HEADER + "1,?,3:4,5,6:up\n", (1, 3, 2), "missing values are not supported"),
        (HEADER + "1,nan,3:4,5,6:up\n", (1, 3, 2), "values must be finite"),
    ],
)
def test_what_a_file_is_not_is_said(text: str, shape: tuple[int, int, int], message: str) -> None:
    with pytest.raises(DataError, match=r"^small\.ts"):
        read(text, shape)
    with pytest.raises(DataError) as found:
        read(text, shape)
    assert message in str(found.value)


def test_a_broken_archive_is_refused() -> None:
    packed = gzip.compress((HEADER + LINES).encode("latin-1"))[:-10]
    with pytest.raises(DataError, match="not a whole gzip file"):
        read_ts(io.BytesIO(packed), (2, 3, 2), CLASSES, "small.ts", compressed=True)


def small(tmp_path: Path, **changes: object) -> SeriesTask:
    """Eight samples of three steps in two files beside a description; two of them are equal."""
    generator = np.random.default_rng(3)
    values = generator.normal(5, 2, (8, 2, 3)).round(3)
    values[5] = values[1]
    for split, part in (("train", values[:5]), ("test", values[5:])):
        lines = [
            ":".join(",".join(map(str, channel)) for channel in sample) + f":{CLASSES[n % 2]}"
            for n, sample in enumerate(part)
        ]
        (tmp_path / f"{split}.ts").write_text(HEADER + "\n".join(lines) + "\n", encoding="latin-1")
    description = {
        "title": "Small", "source": "here", "licence": "none", "kind": "series", "shape": [3, 2],
        "class_names": list(CLASSES), "train": {"samples": 5, "data": {"file": "train.ts"}},
        "test": {"samples": 3, "data": {"file": "test.ts"}}, **changes,
    }  # fmt: skip
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(description))
    task = load_task(str(tmp_path / "small.yaml"))
    assert isinstance(task, SeriesTask)
    return task


def test_channels_are_normalised_on_the_training_samples(tmp_path: Path) -> None:
    task = small(tmp_path)
    train, test = task.load("train"), task.load("test")
    np.testing.assert_allclose(train.inputs.mean((0, 1)), 0, atol=1e-6)
    np.testing.assert_allclose(train.inputs.std((0, 1)), 1, atol=1e-6)
    np.testing.assert_array_equal(test.inputs[0], train.inputs[1])


def test_a_drawn_split_follows_the_seed_and_drops_equal_samples(tmp_path: Path) -> None:
    task = small(tmp_path, drawn_test_share=0.3)
    (once,), (again,), (other,) = (task.stages(seed) for seed in (1, 1, 2))
    assert (len(once.train), len(once.test)) == (5, 2)
    np.testing.assert_array_equal(once.test.inputs, again.test.inputs)
    seen = np.concatenate([once.train.inputs, once.test.inputs]).reshape(7, -1)
    assert len(np.unique(seen, axis=0)) == 7
    assert not np.array_equal(once.test.inputs, other.test.inputs)


def test_images_become_series_of_pixels() -> None:
    task, images = load_task("padded-digits"), load_task("digits").load("train").images
    assert isinstance(task, SeriesTask)
    assert task.shape == (1064, 1)
    raw = task.read("train").inputs[:, :, 0]
    np.testing.assert_allclose(raw[:, :64], images / 255, atol=1e-6)
    assert 0.49 < raw[:, 64:].mean() < 0.51


def test_the_adding_problem_is_the_sum_of_the_marked_numbers() -> None:
    task = load_task("adding-problem")
    assert task.metric.name == "squared_error"
    for split in ("train", "test"):
        raw = task.read(split)
        marked = raw.inputs[:, :, 1] == 1
        np.testing.assert_array_equal(marked[:, :200].sum(1), 1)
        np.testing.assert_array_equal(marked.sum(1), 2)
        sums = np.where(marked, raw.inputs[:, :, 0], 0).sum(1)
        np.testing.assert_allclose(raw.targets[:, 0], sums, rtol=1e-6)


@pytest.mark.parametrize("name", ["scp1", "scp2"])
def test_the_archive_holds_what_is_described(name: str, full_data: Callable[[str], Path]) -> None:
    """And the caveat is true: each channel is the one before, moved on."""
    full_data("uea")
    task, lag = load_task(name), {"scp1": 6, "scp2": 7}[name]
    assert isinstance(task, SeriesTask)
    assert f"moved on by {lag}" in task.caveat
    for split in ("train", "test"):
        raw = task.read(split).inputs
        np.testing.assert_array_equal(raw[:, lag:, 0], raw[:, :-lag, 1])


def test_a_network_of_spikes_refuses_series(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="is presented images, but the samples of task"):
        start(resolve("eqspike-digits", "adding-problem"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_wrong_description_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="shape must be a list of 2 or more whole numbers"):
        small(tmp_path, shape=[3])
