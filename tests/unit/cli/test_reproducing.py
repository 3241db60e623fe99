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


def test_what_is_finished_stays_when_somebody_stops_it(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(fleet: Any, calls: dict[Any, Any]) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "compute", stopped)
    assert main(["reproduce", table, "--out", str(tmp_path / "out")]) == 130
    assert "the same command continues" in capsys.readouterr().err
