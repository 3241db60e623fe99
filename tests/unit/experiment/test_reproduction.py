"""Tables run from end to end on small trainings: resumed exactly, stopped by a budget, written and read again."""

from __future__ import annotations

import importlib.util
import json
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eqspike.core.errors import RunError, UnsupportedError
from eqspike.experiment.reproduction import running
from eqspike.experiment.reproduction.budget import Budget
from eqspike.experiment.reproduction.jobs import Job, jobs_of
from eqspike.experiment.reproduction.running import reproduce
from eqspike.experiment.reproduction.tables import PaperTable, load_table
from eqspike.experiment.reproduction.work import finding, run_job
from eqspike.experiment.sweep import Fleet
from eqspike.reports.reproduction import write_reproduction
from eqspike.reports.results import main

TABLE = """title: Digits
about: For tests.
sources:
  book: {citation: "A. Author, A Book, 2020", read: text}
claims:
  - {text: Larger networks are better., source: book}
questions:
  - {text: "Are 16 neurons better?", row: "hidden: [64, 16, 10]", than: "hidden: [64, 8, 10]"}
  - {text: "Is one like itself?", row: published, than: published, within_points: 0}
rows:
  - name: hidden
    model: eqspike-digits
    task: digits
    seeds: [0, 1]
    epochs: 2
    vary: {layers: [[64, 8, 10], [64, 16, 10]]}
    pace: {train: 50, test: 1000000}
    least: 60
  - name: published
    model: eqspike-digits
    task: digits
    seeds: [0]
    epochs: 2
    pace: {train: 50, test: 1000000}
    least: 60
    published: {accuracy_percent: 95.5, deviation_percent: 0.5, source: book, note: for longer.}
  - name: trajectories
    seeds: [0, 1]
    measures: {trajectories: {steps: 20}}
"""
SHORT = Budget(1.2, 1)
"""Each of five trainings gets its least, and then some."""


@dataclass(frozen=True)
class Finished:
    """Folder, data and the jobs that were computed."""

    out: Path
    data: dict[str, Any]
    made: tuple[Any, ...]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> PaperTable:
    path = tmp_path_factory.mktemp("table") / "tiny.yaml"
    path.write_text(TABLE, encoding="utf-8")
    return load_table(str(path))


@pytest.fixture(scope="module")
def finished(table: PaperTable, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The table once it is done; tests work on copies."""
    out = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        made = in_this_process(patch)
        return Finished(out, run(table, out), tuple(made))


@pytest.fixture
def out(finished: Finished, tmp_path: Path) -> Path:
    """A folder in which the table is done."""
    shutil.copytree(finished.out, tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Calls are made in this process; they are listed."""
    return in_this_process(monkeypatch)


def in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    made: list[Any] = []

    def compute(fleet: Fleet, calls: dict[Any, Any]) -> Any:
        for key, (function, arguments) in calls.items():
            made.append(key)
            try:
                yield key, function(*arguments), None
            except RunError as error:
                yield key, None, f"RunError: {error}"

    monkeypatch.setattr(running, "compute", compute)
    return made


def run(table: PaperTable, out: Path, budget: Budget | None = SHORT) -> dict[str, Any]:
    (data,) = reproduce([table], out, Fleet(), budget)
    return data


def test_a_table_from_end_to_end(finished: Finished, tmp_path: Path) -> None:
    data = finished.data
    rows = {row["name"]: row for row in data["rows"]}
    assert list(rows) == ["hidden: [64, 8, 10]", "hidden: [64, 16, 10]", "published"]
    small = rows["hidden: [64, 8, 10]"]
    assert small["value"]["seeds"] == 2
    assert small["value"]["low"] <= small["value"]["mean"] <= small["value"]["high"]
    assert small["whole"] == {"epochs": 2, "samples": 1437, "test_samples": 360, "stages": 1}
    assert small["part"]["epochs"] == 1
    assert 60 <= small["part"]["samples"] < 1437
    assert small["operations"]["training"] > small["operations"]["inference"] > 0
    assert small["chips"]["loihi1"]["inference_j"]["typical"] > 0
    assert small["train_samples_per_second"] > 0
    assert f"--limit {small['part']['samples']}" in small["command"]
    (measured,) = data["measures"]
    (plain,) = [row for row in measured["rows"] if row["name"] == "initial value: contrast alone"]
    assert plain["row"] == "trajectories"
    assert plain["seeds"] == 2
    assert plain["values"]["relative error"]["low"] > 0.01
    better, itself = data["answers"]
    wide = [run["value"] for run in rows["hidden: [64, 16, 10]"]["runs"]]
    narrow = [run["value"] for run in small["runs"]]
    differences = [100 * (a - b) for a, b in zip(wide, narrow, strict=True)]
    assert better["points"] == pytest.approx(differences)
    signs = {difference > 0 for difference in differences}
    assert (better["verdict"] == "undecided") == (len(signs) == 2)
    assert (itself["verdict"], itself["points"]) == ("yes", [0.0])
    assert data["left"] == data["failed"] == []
    assert len(finished.made) == 7
    paths = write_reproduction(data, tmp_path / data["name"])
    assert json.loads(paths[0].read_text()) == data
    markdown = paths[1].read_text()
    assert "| published | digits | 95.5 ± 0.5 % (book) |" in markdown
    assert "1 of 2 epochs" in markdown
    assert "book: A. Author, A Book, 2020 (read: text)" in markdown
    page = tmp_path / "results.md"
    assert main([str(tmp_path), str(page)]) == 0
    assert "`eqspike reproduce tiny --budget 1.2 --workers 1`" in page.read_text()
    assert "# Results" in page.read_text()


def test_what_is_done_is_not_done_again(
    table: PaperTable, finished: Finished, out: Path, here: list[Any]
) -> None:
    assert run(table, out) == finished.data
    assert here == []
    longer = run(table, out, Budget(1.6, 1))
    assert len(here) == 5, "other parts of the trainings are other runs; measures are the same"
    assert longer["rows"][0]["part"] != finished.data["rows"][0]["part"]
    assert run(table, out) == finished.data, "a shorter budget finds its own runs again"


def test_one_run_in_two_tables_is_run_once(
    table: PaperTable, tmp_path: Path, here: list[Any]
) -> None:
    other = replace(table, name="other")
    first, second = reproduce([table, other], tmp_path, Fleet(), SHORT)
    assert len(here) == 5 + 2 * 2, "only measures of no model are a table's own"
    assert first["rows"] == second["rows"]


def test_a_run_that_was_stopped_goes_on_exactly(table: PaperTable, tmp_path: Path) -> None:
    """By the deadline, in the middle of an epoch."""
    (job, *_) = jobs_of(table)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert run_job(job, str(whole))
    assert not run_job(job, str(stopped), time.time() - 1), "too late to begin"
    assert not stopped.exists()
    times = 0
    while not run_job(job, str(stopped), time.time() + 0.3):
        times += 1
        assert times < 100
    found, wanted = finding(job, stopped), finding(job, whole)
    assert found is not None
    assert wanted is not None
    assert weights_of(job, stopped) == weights_of(job, whole)
    paces = ("train_samples_per_second", "test_samples_per_second")
    assert {k: v for k, v in found.items() if k not in paces} == {
        k: v for k, v in wanted.items() if k not in paces
    }


def weights_of(job: Job, out: Path) -> bytes:
    return (out / job.folder / job.point.folder / "weights.safetensors").read_bytes()


def test_a_budget_that_ends_says_what_is_left(
    table: PaperTable, tmp_path: Path, here: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "time", SimpleNamespace(time=lambda: 0.0))  # long over
    data = run(table, tmp_path)
    assert len(data["left"]) == 7
    assert "the same command goes on" in data["left"][0]["why"]
    assert all(row["value"] is None for row in data["rows"])
    assert "Left to do:" in write_reproduction(data, tmp_path)[1].read_text()


def test_a_run_that_goes_wrong_stops_no_other(
    table: PaperTable, out: Path, tmp_path: Path, here: list[Any]
) -> None:
    job = running.plan(jobs_of(table), SHORT)[0]
    place = out / "runs" / job.folder / job.point.folder
    shutil.rmtree(place)
    place.mkdir()
    (place / "mine.txt").write_text("in the way")
    data = run(table, out)
    (failed,) = data["failed"]
    assert (failed["row"], failed["seed"]) == ("hidden: [64, 8, 10]", 0)
    assert "holds files that are not a run" in failed["why"]
    assert sum(row["value"] is not None for row in data["rows"]) == 3
    assert "Went wrong:" in write_reproduction(data, tmp_path)[1].read_text()


def test_the_folder_of_another_run_is_refused(table: PaperTable, tmp_path: Path) -> None:
    (job, other, *_) = jobs_of(table)
    assert run_job(job, str(tmp_path))
    place = tmp_path / job.folder
    (place / job.point.folder).rename(place / other.point.folder)
    with pytest.raises(RunError, match="another configuration"):
        finding(other, tmp_path)


def test_measures_of_what_is_not_there_are_refused(table: PaperTable, tmp_path: Path) -> None:
    job = jobs_of(table)[-1]
    assert job.base is None
    wrong = replace(job.row, measures=load_measures(tmp_path))
    with pytest.raises(UnsupportedError, match="of a trained run"):
        run_job(replace(job, row=wrong), str(tmp_path))


def load_measures(tmp_path: Path) -> Any:
    path = tmp_path / "measures.yaml"
    path.write_text(
        "title: t\nrows: [{name: f, seeds: [0], measures: {forgetting: {}}}]", encoding="utf-8"
    )
    return load_table(str(path)).rows[0].measures


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="Dask is not installed")
def test_on_two_workers_the_same(table: PaperTable, finished: Finished, tmp_path: Path) -> None:
    for _ in range(20):  # on a slow machine the budget ends first, and the same call goes on
        (spread,) = reproduce([table], tmp_path, Fleet(workers=2), SHORT)
        if not spread["left"]:
            break
    for one, other in zip(finished.data["rows"], spread["rows"], strict=True):
        assert one["value"] == other["value"]
        assert one["operations"] == other["operations"]
    assert finished.data["measures"] == spread["measures"]
