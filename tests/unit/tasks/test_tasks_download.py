"""Fetching from mirrors on this machine: fallback, interruption, and what remains afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import eqspike.tasks
from eqspike.core.errors import DataError
from eqspike.tasks import load_task
from eqspike.tasks.places import cache_folder

NAMES = {"train-images.gz", "train-labels.gz"}


def fetched() -> set[str]:
    folder = cache_folder() / "data" / "few"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def yaml_of(small: Any, tmp_path: Path, *mirrors: dict[str, str]) -> str:
    path: str = small.write_yaml(tmp_path / "t.yaml", folder="few", mirrors=list(mirrors))
    return path


def test_fetches_once(small: Any, tmp_path: Path, mirror: Any) -> None:
    path = yaml_of(small, tmp_path, mirror.serve("good", small.files))
    for _ in range(2):
        assert len(load_task(path).load("train")) == 6
    assert mirror.asked == ["/good/train-images.gz", "/good/train-labels.gz"]
    assert fetched() == NAMES


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(404, id="not there"),
        pytest.param(503, id="out of order"),
        pytest.param(b"<html>sign in first</html>", id="another page"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_the_second_mirror_helps(small: Any, tmp_path: Path, mirror: Any, answer: Any) -> None:
    bad = mirror.serve("bad", dict.fromkeys(small.files, answer))
    path = yaml_of(small, tmp_path, bad, mirror.serve("good", small.files))
    assert len(load_task(path).load("train")) == 6
    assert mirror.asked[:2] == ["/bad/train-images.gz", "/good/train-images.gz"]
    assert fetched() == NAMES


def test_a_transfer_that_breaks_off_is_made_good(small: Any, tmp_path: Path, mirror: Any) -> None:
    mirror.release.set()
    broken = mirror.serve("bad", {name: (data, 20) for name, data in small.files.items()})
    path = yaml_of(small, tmp_path, broken, mirror.serve("good", small.files))
    assert len(load_task(path).load("train")) == 6
    assert fetched() == NAMES


def test_a_partly_fetched_set_continues(small: Any, tmp_path: Path, mirror: Any) -> None:
    some = {"train-images.gz": small.files["train-images.gz"]}
    path = yaml_of(small, tmp_path, mirror.serve("late", some))
    with pytest.raises(DataError):
        load_task(path).load("train")
    assert fetched() == {"train-images.gz"}
    mirror.asked.clear()
    mirror.serve("late", small.files)
    assert len(load_task(path).load("train")) == 6
    assert mirror.asked == ["/late/train-labels.gz"]


def test_all_mirrors_failing_names_each_and_the_way_by_hand(
    small: Any, tmp_path: Path, mirror: Any
) -> None:
    wrong = mirror.serve("wrong", dict.fromkeys(small.files, b"wrong"))
    absent = mirror.serve("absent", {})
    closed = {"url": "http://127.0.0.1:9/closed/"}
    with pytest.raises(DataError) as raised:
        load_task(yaml_of(small, tmp_path, wrong, absent, closed)).load("train")
    first, *reasons, by_hand = str(raised.value).splitlines()
    assert first == "train-images.gz: could not be fetched from any mirror:"
    assert [reason.split(": ")[0].strip() for reason in reasons] == [
        wrong["url"],
        absent["url"],
        closed["url"],
    ]
    assert "hash" in reasons[0]
    assert "404" in reasons[1]
    assert "refused" in reasons[2]
    assert by_hand == (
        "to place it by hand, put it at FOLDER/few/train-images.gz and set EQSPIKE_DATA=FOLDER"
    )
    assert fetched() == set()


def test_a_killed_run_leaves_nothing_that_passes_for_whole(
    small: Any, tmp_path: Path, mirror: Any
) -> None:
    stalling = {name: (data, len(data) - 5) for name, data in small.files.items()}
    path = yaml_of(small, tmp_path, mirror.serve("slow", stalling))
    package_parent = Path(eqspike.tasks.__file__).parents[2]
    run = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import eqspike.tasks; eqspike.tasks.load_task({path!r}).load('train')",
        ],
        env=os.environ | {"PYTHONPATH": str(package_parent)},
        stderr=subprocess.DEVNULL,
    )
    try:
        assert mirror.stalled.wait(30)
    finally:
        run.kill()
        run.wait()
    assert not fetched() & set(small.files)
    mirror.serve("slow", small.files)
    assert len(load_task(path).load("train")) == 6


def test_a_plain_line_where_there_is_no_terminal(
    small: Any, tmp_path: Path, mirror: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    path = yaml_of(small, tmp_path, mirror.serve("good", small.files))
    program = f"import eqspike.tasks; eqspike.tasks.load_task({path!r}).load('train')"
    package_parent = Path(eqspike.tasks.__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(package_parent)},
        check=True,
    )
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "%" not in printed.err
    lines = printed.err.splitlines()
    assert len(lines) == 2
    assert f"{mirror.url}/good/train-images.gz" in lines[0]


def test_a_bar_on_a_terminal(
    small: Any, tmp_path: Path, mirror: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pooch

    asked: list[bool] = []
    retrieve = pooch.retrieve

    def watched(*args: Any, progressbar: bool, **kwargs: Any) -> Any:
        asked.append(progressbar)
        return retrieve(*args, progressbar=progressbar, **kwargs)

    monkeypatch.setattr(pooch, "retrieve", watched)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    load_task(yaml_of(small, tmp_path, mirror.serve("good", small.files))).load("train")
    assert asked == [True, True]


def test_a_cache_that_cannot_be_made(
    small: Any, tmp_path: Path, mirror: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "occupied").write_text("a file")
    monkeypatch.setenv("EQSPIKE_CACHE", str(tmp_path / "occupied"))
    task = load_task(yaml_of(small, tmp_path, mirror.serve("good", small.files)))
    with pytest.raises(DataError, match=r"cache cannot be used: .*; choose .*, with EQSPIKE_CACHE"):
        task.load("train")
