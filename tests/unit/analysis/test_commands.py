"""`eqspike check-gradient` and `eqspike plot`, from the command line to files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml

from eqspike import library
from eqspike.cli import main


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The library's model for small digits, made quick."""
    data = library.load_yaml(library.find("models", "eqspike-digits"))
    data["layers"] = [64, 12, 10]
    data["rule"] |= {"free_steps": 40, "nudged_steps": 20, "readout_steps": 20}
    data["rule"] |= {"tau_fast": 3.0, "tau_slow": 8.0}
    data["training"]["precision"] = "float64"
    path = tmp_path_factory.mktemp("models") / "quick.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def run(model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    out = str(tmp_path_factory.mktemp("runs") / "run")
    assert main(["train", model, "digits", "--epochs", "1", "--limit", "200", "--out", out]) == 0
    return out


class TestCheckGradient:
    def test_tables_and_files(
        self, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "check"
        status = main(["check-gradient", model, "digits", "--samples", "20", "--out", str(out)])
        text = capsys.readouterr().out
        assert status == 0
        assert text.startswith("quick on digits, initial weights (seed 0)\n")
        assert "The check holds" in text
        assert sorted(path.name for path in out.iterdir()) == [
            "gradient_check.json",
            "gradient_check.md",
            "gradient_check.png",
        ]

    def test_json_of_a_run(self, model: str, run: str, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        main(["check-gradient", model, "digits", "--samples", "20", "--run", run, "--json"])
        data = json.loads(capsys.readouterr().out)
        assert data["run"] == run
        assert set(data["cosine"]) == {
            "input-hidden", "hidden-output", "hidden.bias", "output.bias",
        }  # fmt: skip
        assert len(data["growth"]) == 4

    def test_exit_status_when_it_does_not_hold(
        self, model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("eqspike.analysis.gradients.spikes.LEAST_COSINE", 1.1)
        assert main(["check-gradient", model, "digits", "--samples", "20", "--json"]) == 1
        data = json.loads(capsys.readouterr().out)
        assert data["holds"] is False
        assert len(data["failures"]) == 4

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["eqspike-digits", "digits", "--samples", "0"], "--samples must be at least 1"),
            (["eqspike-100", "digits"], "784 inputs"),
            (["eqspike-digits", "digits", "--run", "nowhere"], "not a run folder"),
        ],
    )
    def test_wrong_use(
        self, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["check-gradient", *arguments]) == 2
        assert reason in capsys.readouterr().err

    def test_missing_matplotlib_is_told_before_the_work(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        assert main(["check-gradient", "eqspike-digits", "digits", "--out", "unused"]) == 2
        assert "pip install matplotlib" in capsys.readouterr().err


class TestPlot:
    def test_figures_of_a_run(self, run: str, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert main(["plot", run, "--sample", "2"]) == 0
        paths = [Path(line) for line in capsys.readouterr().out.split()]
        assert [path.parent for path in paths] == [Path(run) / "plots"] * 4
        assert all(path.stat().st_size > 5000 for path in paths)

    def test_json_and_another_folder(
        self, run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        capsys.readouterr()
        out = tmp_path / "figures"
        assert main(["plot", run, "--out", str(out), "--json"]) == 0
        data = json.loads(capsys.readouterr().out)
        assert {Path(path).parent for path in data["figures"]} == {out}

    def test_no_such_sample(self, run: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["plot", run, "--sample", "99999"]) == 2
        assert "--sample must be from 0 to" in capsys.readouterr().err
