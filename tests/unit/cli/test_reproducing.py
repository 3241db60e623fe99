"""`eqspike reproduce`: what it lists, refuses, prints and writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eqspike import library
from eqspike.cli import main
from eqspike.experiment.reproduction import running

TABLE = """title: Trajectories
rows: [{name: Duffing, seeds: [0], measures: {trajectories: {steps: 20}}}]
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small table, computed in this process."""

    def compute(fleet: Any, calls: dict[Any, Any]) -> Any:
        for key, (function, arguments) in calls.items():
            yield key, function(*arguments), None

    monkeypatch.setattr(running, "compute", compute)
    path = tmp_path / "small.yaml"
    path.write_text(TABLE, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("words", [["reproduce"], ["reproduce", "--list"]])
def test_tables_are_listed(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [*library.names("tables"), "all"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["tables"]
    assert list(found) == list(library.names("tables"))
    assert found["glep"]["rows"] == [{"name": "Duffing", "seeds": [0, 1, 2]}]


def test_the_table_is_printed_and_written(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["reproduce", table, "--budget", "5", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "Duffing: initial value: contrast alone" in said.out
    assert "small, Duffing, seed 0: measured (0 to come)" in said.err
    names = {path.name for path in (out / "small").iterdir()}
    assert names == {
        "reproduction.json", "reproduction.md", "reproduction.html", "trajectories.png",
    }  # fmt: skip
    assert main(["reproduce", table, "--budget", "5", "--out", str(out), "--json"]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["tables"] == [json.loads((out / "small" / "reproduction.json").read_text())]
    assert "measured" not in said.err, "it was done already"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["glepp"], "'glepp' is not in the library of tables; did you mean 'glep'?"),
        (["absent.yaml"], "there is no such file"),
        (["glep", "--budget", "0"], "--budget must be a number of minutes above 0, got 0"),
        (["glep", "--workers", "0"], "--workers must be at least 1, got 0"),
        (["glep", "--budget", "1", "--scheduler", "tcp://a:1"], "with --scheduler leave it out"),
        (["glep", "--workers", "1", "--scheduler", "tcp://a:1"], "contradict"),
    ],
)
def test_what_is_refused(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", *words, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_table_of_another_budget_stays(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused before any work, with both budgets, and replaced when asked for."""
    out = tmp_path / "out"
    words = ["reproduce", table, "--out", str(out)]
    assert main([*words, "--budget", "60", "--workers", "1"]) == 0
    kept = (out / "small" / "reproduction.json").read_bytes()
    for other, said in (
        ("--budget 1 --workers 1", "a budget of 1 minute on 1 worker"),
        ("--workers 1", "whole trainings"),
        ("--budget 60 --workers 2", "a budget of 60 minutes on 2 workers"),
    ):
        assert main([*words, *other.split()]) == 2
        error = capsys.readouterr().err
        assert "made with a budget of 60 minutes on 1 worker;" in error
        assert f"made with {said}: give another folder (--out), or replace it (--force)" in error
        assert (out / "small" / "reproduction.json").read_bytes() == kept
    words += ["--budget", "1", "--workers", "1"]
    assert main([*words, "--force"]) == 0
    assert (out / "small" / "reproduction.json").read_bytes() != kept
    (out / "small" / "reproduction.json").write_text("{")
    assert main(words) == 2
    assert "replace it (--force)" in capsys.readouterr().err
    assert main([*words, "--force"]) == 0


def test_what_is_left_out_is_one_line_for_each_reason(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = (
        "model: eqspike-digits, task: digits, seeds: [0, 1], pace: {train: 1, test: 1}, least: 500"
    )
    rows = f"{{name: a, {one}}}, {{name: b, {one}}}"
    Path(table).write_text(f"title: T\nrows: [{rows}]", encoding="utf-8")
    words = ["reproduce", table, "--workers", "1", "--budget", "1", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    *_, line = filter(None, capsys.readouterr().out.splitlines()[:-1])
    assert line.startswith("left out, 1 minute is too short (about ")
    assert line.endswith("minutes give every row its first seed): a (seeds 0, 1); b (seeds 0, 1)")


def test_what_is_finished_stays_when_somebody_stops_it(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(fleet: Any, calls: dict[Any, Any]) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "compute", stopped)
    assert main(["reproduce", table, "--out", str(tmp_path / "out")]) == 130
    assert "the same command continues" in capsys.readouterr().err
