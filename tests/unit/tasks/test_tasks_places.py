"""Where files are found, and what is said of one that is missing, damaged or another one."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eqspike.core.errors import DataError
from eqspike.tasks import Task, load_task
from eqspike.tasks.places import cache_folder

Files = dict[str, bytes]


@pytest.fixture
def users(small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Task, Path]:
    """A task whose files the user has placed under EQSPIKE_DATA, and their folder."""
    monkeypatch.setenv("EQSPIKE_DATA", str(tmp_path / "data"))
    mirrors = [{"url": "http://127.0.0.1:9/closed/"}]
    task = load_task(small.write_yaml(tmp_path / "t.yaml", folder="few", mirrors=mirrors))
    return task, small.write_files(tmp_path / "data" / "few")


def contents(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def check(task: Task, small: Any) -> None:
    for split in ("train", "test"):
        loaded = task.load(split)
        np.testing.assert_array_equal(loaded.images, small.images[split].reshape(-1, 6))
        np.testing.assert_array_equal(loaded.labels, small.labels[split])


def test_beside_the_description(small: Any, tmp_path: Path) -> None:
    small.write_files(tmp_path)
    check(load_task(small.write_yaml(tmp_path / "t.yaml")), small)


def test_missing_beside_the_description(small: Any, tmp_path: Path) -> None:
    task = load_task(small.write_yaml(tmp_path / "t.yaml"))
    with pytest.raises(DataError, match=r"train-images.gz: there is no such file; restore it"):
        task.load("train")


def test_in_the_users_folder(small: Any, users: tuple[Task, Path]) -> None:
    check(users[0], small)


def test_unpacked_in_the_users_folder(small: Any, users: tuple[Task, Path]) -> None:
    for name, data in small.unpacked.items():
        (users[1] / name).unlink()
        (users[1] / name.removesuffix(".gz")).write_bytes(data)
    check(users[0], small)


def test_in_the_cache_where_the_user_has_no_such_folder(
    small: Any, users: tuple[Task, Path]
) -> None:
    cached = cache_folder() / "data" / "few"
    cached.parent.mkdir(parents=True)
    shutil.move(users[1], cached)
    check(users[0], small)


def test_the_users_folder_wins_over_the_cache(small: Any, users: tuple[Task, Path]) -> None:
    cached = small.write_files(cache_folder() / "data" / "few")
    (cached / "train-labels.gz").write_bytes(b"damaged")
    check(users[0], small)


def test_the_cache_is_the_platforms_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.delenv("EQSPIKE_CACHE")
    assert cache_folder() == Path(platformdirs.user_cache_dir("eqspike"))


def test_a_data_variable_that_names_no_folder(
    users: tuple[Task, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EQSPIKE_DATA", "/no/such/folder")
    with pytest.raises(DataError, match=r"EQSPIKE_DATA must name a folder, .*/no/such/folder"):
        users[0].load("train")


def swap(files: Files) -> bytes:
    return files["train-labels.gz"]


def other_count(files: Files) -> bytes:
    return files["test-images.gz"]


def repacked(files: Files) -> bytes:
    return gzip.compress(gzip.decompress(files["train-images.gz"]), 1, mtime=77)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (swap, r"expected 3 dimensions, found 1 dimension \(labels\)"),
        (other_count, r"expected dimensions \(6, 2, 3\), found \(4, 2, 3\)"),
        (repacked, "not the original file, expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}"),
        (lambda files: files["train-images.gz"][:-10], "cannot be unpacked as gzip"),
        (lambda files: b"", "not an idx file, .* found an empty file"),
    ],
)
def test_a_damaged_file_is_reported_and_left_alone(
    users: tuple[Task, Path], damage: Callable[[Files], bytes], message: str
) -> None:
    task, folder = users
    (folder / "train-images.gz").write_bytes(damage(contents(folder)))
    before = contents(folder)
    with pytest.raises(DataError, match=message) as raised:
        task.load("train")
    assert str(raised.value).startswith(str(folder / "train-images.gz"))
    assert str(raised.value).endswith(
        "; put the original train-images.gz (from http://127.0.0.1:9/closed/) in its place"
    )
    assert contents(folder) == before
    assert not cache_folder().exists()


def test_an_altered_unpacked_file_is_reported(small: Any, users: tuple[Task, Path]) -> None:
    task, folder = users
    (folder / "test-labels.gz").unlink()
    altered = small.unpacked["test-labels.gz"][:-1] + b"\1"
    (folder / "test-labels").write_bytes(altered)
    with pytest.raises(DataError, match="test-labels: is not the original file"):
        task.load("test")


def test_a_missing_file_of_the_users_set_is_not_fetched(users: tuple[Task, Path]) -> None:
    task, folder = users
    (folder / "test-labels.gz").unlink()
    assert len(task.load("train")) == 6
    with pytest.raises(DataError, match=r"test-labels.gz: expected this file because EQSPIKE_DATA"):
        task.load("test")
    assert not cache_folder().exists()


def test_a_damaged_file_in_the_cache_is_reported_and_left_alone(
    small: Any, tmp_path: Path, mirror: Any
) -> None:
    mirrors = [mirror.serve("good", small.files)]
    task = load_task(small.write_yaml(tmp_path / "t.yaml", folder="few", mirrors=mirrors))
    cached = small.write_files(cache_folder() / "data" / "few")
    (cached / "train-labels.gz").write_bytes(small.files["test-labels.gz"])
    before = contents(cached)
    with pytest.raises(DataError, match=r"train-labels.gz: expected dimensions.*; delete it"):
        task.load("train")
    assert contents(cached) == before
    assert mirror.asked == []


def test_nowhere_and_no_mirrors(small: Any, tmp_path: Path) -> None:
    task = load_task(small.write_yaml(tmp_path / "t.yaml", folder="few"))
    with pytest.raises(
        DataError, match=r"put it at FOLDER/few/train-images.gz and set EQSPIKE_DATA"
    ):
        task.load("train")


def test_a_file_that_cannot_be_opened_is_reported(
    users: tuple[Task, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"train-images.gz: cannot be read: .*denied.*; put the"):
        users[0].load("train")
