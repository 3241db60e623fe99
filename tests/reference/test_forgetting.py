"""The benchmark of forgetting runs as its documentation says, with both learners."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from eqspike.experiment import resolve
from eqspike.experiment.runs import start

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "forgetting.py"
LEARNERS = {
    "metaplastic-bp-512": ("learner.layers=[64, 12, 10]", "learner.metaplasticity=15"),
    "metaplastic-ep-512": ("layers=[64, 12, 10]", "memory.metaplasticity=[5, 2]"),
}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [str(BENCHMARK), *arguments])
    runpy.run_path(str(BENCHMARK), run_name="__main__")


def test_table_and_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = []
    for model, changes in LEARNERS.items():
        folders.append(str(tmp_path / model))
        small = resolve(
            model, "permuted-digits", epochs=2, limit=120, test_limit=40, overrides=changes
        )
        records = start(small, Path(folders[-1])).metrics
        assert [record["stage"] for record in records] == [n // 2 for n in range(10)]
        assert any(next(iter(record["turned"].values())) > 0 for record in records)
    capsys.readouterr()
    run(monkeypatch, "table", *folders)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1:4] for line in lines[2:]] == [
        [" metaplastic-bp-512 ", " 15 ", " 1 "],
        [" metaplastic-ep-512 ", " 5, 2 ", " 1 "],
    ]
    run(monkeypatch, "figure", *folders, "--out", str(tmp_path / "curves.png"))
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
