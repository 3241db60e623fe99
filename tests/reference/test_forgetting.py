"""The benchmark of forgetting runs as its documentation says, with both learners."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "forgetting.py"
TINY = (
    "--tasks",
    "permuted:digits",
    "permuted:digits",
    "--hidden",
    "12",
    "--epochs",
    "2",
    "--train",
    "120",
)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [str(BENCHMARK), *arguments])
    runpy.run_path(str(BENCHMARK), run_name="__main__")


def test_measure_table_and_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for learner, m in (("bp", ["15"]), ("ep", ["5", "2"])):
        files.append(str(tmp_path / f"{learner}.json"))
        run(monkeypatch, "measure", learner, "--m", *m, "--test", "40", "--out", files[-1], *TINY)
    for path in files:
        result = json.loads(Path(path).read_text())
        assert [r["task"] for r in result["records"]] == [0, 0, 1, 1]
        assert all(abs(sum(r["histogram"][0]) - 1) < 1e-9 for r in result["records"])
        assert any(r["turned"][0] > 0 for r in result["records"])
    capsys.readouterr()
    run(monkeypatch, "table", *files)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1:4] for line in lines[2:]] == [
        [" bp ", " 15 ", " 1 "],
        [" ep ", " 5, 2 ", " 1 "],
    ]
    run(monkeypatch, "figure", *files, "--out", str(tmp_path / "curves.png"))
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
