"""The command line, run in process on the 8x8 digits."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest

from eqspike import library
from eqspike.chips import load_profile
from eqspike.cli import demonstration, doctor, main
from eqspike.reports import write_report
from eqspike.reports.inputs import read_inputs


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs."""
    out = tmp_path_factory.mktemp("cli") / "run"
    assert main(["train", "eqspike-digits", "digits", "--epochs", "2", "--out", str(out)]) == 0
    return out


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The one JSON object a command prints."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_run_folder_is_complete(run: Path) -> None:
    """Everything needed to repeat, judge and price the run is there."""
    names = {
        "config.yaml",
        "environment.json",
        "metrics.jsonl",
        "counts.json",
        "activity.json",
        "weights.safetensors",
    }
    assert names <= {path.name for path in run.iterdir()}
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 2


def test_evaluate_agrees_with_the_last_epoch(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same weights on the same images give the same accuracy and counts."""
    found = answer(capsys, "evaluate", str(run))
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert found["accuracy"] == last["test_accuracy"]
    assert found["samples"] == 360
    assert found["counts"] == json.loads((run / "counts.json").read_text())["inference"]
    assert found["activity"] == json.loads((run / "activity.json").read_text())
    assert sum(found["activity"]["layers"]["output"]["neurons"]) <= 10
    assert answer(capsys, "evaluate", str(run), "--limit", "10")["samples"] == 10


def test_estimate_writes_a_report(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every chip of the library gets an interval, but the one without any public figure."""
    found = answer(capsys, "estimate", str(run), "--chip", "all", "--out", str(tmp_path / "report"))
    assert set(found["chips"]) == set(library.names("chips"))
    unknown = dict.fromkeys(("inference_j", "training_sample_j", "training_run_j"))
    bounds = {"lower_bound": {"inference": True, "training": True}}
    assert found["chips"].pop("loihi2") == unknown | bounds
    for chip in found["chips"].values():
        interval = chip["inference_j"]
        assert 0 < interval["low"] <= interval["typical"] <= interval["high"]
    for path in found["files"]:
        assert Path(path).stat().st_size > 0


def test_estimate_with_figures_and_conditions_can_be_made_again(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The user's figures price a chip that has none, and the stored inputs hold them."""
    out = tmp_path / "report"
    options = ("--chip", "loihi2", "--chip", "pcm", "--out", str(out), "--cores", "2")
    more = ("--step-time", "1e-5", "--active-share", "0.5", "--hops", "input=2")
    figures = ("--figure", "loihi2.synaptic_operation=1/2/4pJ", "--figure", "loihi2.hop=1pJ")
    found = answer(capsys, "estimate", str(run), *options, *more, *figures)
    interval = found["chips"]["loihi2"]["inference_j"]
    assert 0 < interval["low"] < interval["typical"] < interval["high"]
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert json.loads(before["energy.json"])["activity"] == json.loads(
        (run / "activity.json").read_text()
    )
    again = write_report(read_inputs(out), tmp_path / "again")
    assert [path.read_bytes() for path in again] == [before[path.name] for path in again]
    data = json.loads(before["energy.json"])
    free = data["counts"]["inference"]["phases"]["free"]
    hops = data["chips"]["loihi2"]["inference"]["by_category_j"]["hops"]["typical"]
    assert hops == pytest.approx(2 * free["layers"]["input"]["spikes"] * 1e-12)
    assert data["chips"]["loihi2"]["inference"]["latency_s"]["typical"] == pytest.approx(
        1e-5 * free["sample_steps"] / data["counts"]["inference"]["samples"]
    )
    worn = {item["place"]: item for item in data["chips"]["pcm"]["wear"]}
    network = "input-hidden"
    writes = data["counts"]["training"]["phases"]["update"]["plasticity"][network]["applied_writes"]
    weights = json.loads(before["inputs.json"])["weights"][network]
    samples = data["counts"]["training"]["samples"]
    assert worn[network]["writes_per_weight_and_sample"] == writes / (samples * weights)


def test_estimate_of_a_file_of_counts(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run's own counts, as a file, cost what the run costs; the report can be made again, too."""
    chips = ("--chip", "loihi1", "--chip", "odin")
    of_run = answer(capsys, "estimate", str(run), *chips, "--out", str(tmp_path / "run"))
    out = tmp_path / "file"
    counts = ("--counts", str(run / "counts.json"))
    of_file = answer(capsys, "estimate", *counts, *chips, "--out", str(out))
    assert of_file["chips"] == of_run["chips"]
    assert sorted(p.name for p in out.iterdir()) == [
        "energy.csv", "energy.html", "energy.json", "energy.md", "inputs.json", "totals.csv",
    ]  # fmt: skip
    provenance = json.loads((out / "energy.json").read_text())["provenance"]
    assert provenance["counts_file"] == "counts.json"
    again = write_report(read_inputs(out), tmp_path / "again")
    assert [path.read_bytes() for path in again] == [(out / p.name).read_bytes() for p in again]


def test_estimate_prints_a_line_per_chip(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Chips first, references apart, lower bounds marked, and what moves the total most."""
    assert main(["estimate", str(run), "--chip", "all", "--out", str(tmp_path / "report")]) == 0
    printed = capsys.readouterr().out
    chips, references = printed.split("\nreferences:")
    lines = {line.split()[0]: line for line in chips.splitlines() if line.strip()}
    names = set(library.names("chips"))
    assert names - set(lines) == {name for name in names if load_profile(name).reference}
    assert "h100" in references
    assert "≥" in lines["loihi1"]
    assert "synaptic operation, " in lines["loihi1"]
    assert "not modelled" in lines["loihi2"]
    assert max(len(line) for line in printed.splitlines()) <= 150


def test_the_demo_says_what_is_a_lower_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shortened: a small model, one epoch, no figures; its JSON has what `estimate` gives."""
    for name, value in {"MODEL": "eqspike-digits", "TASK": "digits", "EPOCHS": 1}.items():
        monkeypatch.setattr(demonstration, name, value)
    monkeypatch.setattr(demonstration, "_figures", lambda out: [])
    shown = answer(capsys, "demo", "--out", str(tmp_path / "demo"))
    priced = json.loads((tmp_path / "demo" / "energy" / "energy.json").read_text())["chips"]
    assert priced["loihi1"]["inference"]["lower_bound"]
    for name, chip in shown["chips"].items():
        assert chip["inference_j"] == priced[name]["inference_j"]
        bounds = {of: priced[name][of]["lower_bound"] for of in ("inference", "training")}
        assert chip["lower_bound"] == bounds


def test_estimate_says_what_to_do_about_a_chip_without_figures(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["estimate", str(run), "--chip", "loihi2", "--out", str(tmp_path / "report")]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "no figure in the profile of loihi2" in said
    advice = "--figure loihi2.synaptic_operation=5pJ"
    assert f"such as {advice}" in said
    assert main([*words, *advice.split()]) == 0
    assert "no figure in the profile" not in capsys.readouterr().out


def test_list_knows_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    """All kinds, or one."""
    found = answer(capsys, "list")
    assert set(found) == {"models", "tasks", "chips", "tables", "engines"}
    for kind in ("rules", "neurons", "memories", "engines", "learners", "task-kinds"):
        parts = answer(capsys, "list", kind)
        assert set(parts) == {kind}, "where parts come from is said only of added ones"
        assert all(parts[kind].values()), "each part says what it is"
    assert set(answer(capsys, "list", "models")["models"]) == set(library.names("models"))


def test_list_of_chips_shows_what_each_profile_knows(capsys: pytest.CaptureFixture[str]) -> None:
    """The confidence of each figure at a glance."""
    found = answer(capsys, "list", "chips")
    assert set(found["coverage"]) == set(found["chips"]) == set(library.names("chips"))
    assert found["coverage"]["odin"]["static_w"] == "included"
    assert main(["list", "chips"]) == 0
    lines = capsys.readouterr().out.splitlines()
    odin = [line for line in lines if line.startswith("odin ")][-1]
    assert odin.split() == ["odin", "●●○", *"–––––––", "in", "–", "–"]


def test_doctor_finds_the_fast_engine_well(capsys: pytest.CaptureFixture[str]) -> None:
    """What the package needs is installed and the kernels run; Lava runs too, or how to install it is said."""
    found = answer(capsys, "doctor")
    assert found["kernels"] == "work"
    assert found["lava"].startswith("works") or "pip install" in found["lava"]


def test_doctor_knows_what_each_extra_is_for() -> None:
    """All but those for developers; `all` holds the others."""
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).resolve().parents[3] / "setup.cfg", encoding="utf-8")
    extras = set(setup["options.extras_require"]) - {"all", "dev", "docs"}
    named = set(re.findall(r"\(extra '([a-z0-9]+)'\)", " ".join(doctor._PACKAGES.values())))
    assert named == extras


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "eqspike-digits"],
        ["train", "eqspike-nothing", "digits"],
        ["train", "eqspike-digits", "digits", "--limit", "0"],
        ["train", "eqspike-digits", "digits", "--seed", "-1"],
        ["train", "--resume"],
        ["train", "--resume", "--force", "--out", "x"],
        ["train", "--config", "no-such-file.yaml"],
        ["evaluate", "no-such-run"],
        ["estimate"],
        ["estimate", "run", "--counts", "counts.json"],
        ["estimate", "--counts", "no-such-file.json"],
        ["estimate", "no-such-run", "--chip", "loihi1"],
        ["estimate", "no-such-run", "--chip", "loihi1", "--figure", "loihi1.spike"],
        ["estimate", "no-such-run", "--chip", "loihi1", "--figure", "spike=1pJ"],
        ["estimate", "no-such-run", "--chip", "loihi1", "--figure", "loihi2.spike=1pJ"],
        ["estimate", "no-such-run", "--chip", "loihi1", "--hops", "hidden=few"],
    ],
)
def test_wrong_use_ends_with_2_and_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """One clear message, no traceback, nothing on standard output."""
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error: " in captured.err.splitlines()[-1]


def test_a_second_run_into_the_same_folder_is_refused(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says how to go on."""
    before = (run / "weights.safetensors").read_bytes()
    assert main(["train", "eqspike-digits", "digits", "--epochs", "1", "--out", str(run)]) == 2
    assert "--resume" in capsys.readouterr().err
    assert (run / "weights.safetensors").read_bytes() == before
