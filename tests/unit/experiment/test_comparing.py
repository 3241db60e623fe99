"""Sources of a comparison: run folders and the files of reports, alone and mixed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eqspike.cli import main
from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.errors import ConfigError, EqspikeError
from eqspike.energy import Conditions
from eqspike.experiment import resolve
from eqspike.experiment.comparing import compare_systems, labels
from eqspike.reports import comparison_json
from eqspike.training import RunFolder

COUPLINGS = ("input->hidden", "hidden->output", "output->hidden")


def make_run(path: Path, model: str = "eqspike-digits", spikes: int = 5, **more: str) -> Path:
    """A run folder as training leaves it, without the training."""
    configuration = resolve(model, "digits", overrides=tuple(f"{k}={v}" for k, v in more.items()))
    layers = {
        "input": LayerCounts(spikes, 0, 0),
        "hidden": LayerCounts(spikes, 100, 0),
        "output": LayerCounts(1, 20, 0),
    }
    operations = (5 * spikes, spikes, 5)
    couplings = {name: CouplingCounts(n, n) for name, n in zip(COUPLINGS, operations, strict=True)}
    free = PhaseCounts(20, layers, couplings)
    update = PhaseCounts(plasticity={"input-hidden": PlasticityCounts(0, 9, 7)})
    folder = RunFolder.create(path, configuration.as_yaml())
    reached = {"train_accuracy": 0.5, "test_accuracy": 0.5 + spikes / 100}
    folder.write_metrics(({"epoch": 1, **reached, "rates": {}},))
    folder.write_counts(
        EventCounts(2, {"free": free, "update": update}), EventCounts(2, {"free": free})
    )
    return path


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    memory = "{kind: fixed, bits: 4, ranges: [0.5, 0.5], rounding: nearest}"
    return make_run(tmp_path / "a"), make_run(tmp_path / "b", spikes=10, memory=memory)


@pytest.fixture
def report(runs: tuple[Path, Path], tmp_path: Path) -> Path:
    """An energy report of the first run."""
    out = tmp_path / "report"
    figure = ("--figure", "loihi2.synaptic_operation=5pJ")
    chips = ("--chip", "odin", "--chip", "loihi2")
    assert main(["estimate", str(runs[0]), *chips, *figure, "--out", str(out)]) == 0
    return out


def test_runs_on_the_default_chips(runs: tuple[Path, Path]) -> None:
    comparison, chips, _ = compare_systems(runs)
    assert chips == ("loihi1", "odin")
    a, b = comparison_json(comparison)["systems"].values()
    assert (a["accuracy"], b["accuracy"]) == (0.55, 0.6)
    assert b["provenance"]["weight_bits"] == 4
    assert b["provenance"]["weight_rounding"] == "nearest"
    assert b["events_per_sample"]["training"]["weight writes"] == 3.5
    assert 1.0 < b["chips"]["loihi1"]["inference_to_first"]["typical"] < 2.0


def test_a_run_and_its_report_agree(runs: tuple[Path, Path], report: Path) -> None:
    """Whichever file of the report is named, priced with the report's chips and figures."""
    for source in (report, report / "inputs.json"):
        comparison, chips, figures = compare_systems([runs[0], source])
        assert chips == ("odin", "loihi2")
        assert figures == {"loihi2": {"synaptic_operation": "5pJ"}}
        for energies in comparison.energies:
            assert energies[0] == energies[1]
            assert energies[0].inference is not None
            assert energies[0].inference.per_sample is not None


def test_the_json_of_a_report_will_do(runs: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "plain"
    assert main(["estimate", str(runs[0]), "--chip", "odin", "--out", str(out)]) == 0
    (out / "inputs.json").unlink()
    for source in (out, out / "energy.json"):
        comparison, chips, _ = compare_systems([source, runs[1]])
        assert chips == ("odin",)
        assert comparison.systems[0].label == "plain"
        inference = comparison.energies[0][0].inference
        assert inference is not None
        assert inference.per_sample is not None
        stored = json.loads((out / "energy.json").read_text())["chips"]["odin"]["inference_j"]
        assert inference.per_sample.typical == stored["typical"]


def test_a_run_of_rates_is_compared_but_not_priced(runs: tuple[Path, Path], tmp_path: Path) -> None:
    rates = make_run(tmp_path / "rates", "ep-512", layers="[64, 16, 10]")
    data = comparison_json(compare_systems([runs[0], rates])[0])["systems"]
    assert "send rates" in data["rates"]["unpriced"]
    assert data["rates"]["chips"]["odin"]["inference_j"] is None
    assert data["a"]["chips"]["odin"]["inference_j"] is not None


def test_a_file_of_counts_is_a_system(runs: tuple[Path, Path], tmp_path: Path) -> None:
    """Priced like the run whose counts it holds, and named after the file."""
    counts = json.loads((runs[0] / "counts.json").read_text())
    file = tmp_path / "elsewhere.json"
    file.write_text(json.dumps(counts["inference"]))
    comparison, _, _ = compare_systems([runs[0], file], ("odin",))
    assert [system.label for system in comparison.systems] == ["a", "elsewhere"]
    run, counted = comparison.energies[0]
    assert counted.inference == run.inference
    assert counted.training is None
    file.write_text(json.dumps(counts["inference"] | {"samples": 0}))
    with pytest.raises(ConfigError, match=r"elsewhere\.json"):
        compare_systems([runs[0], file], ("odin",))


def test_labels_are_as_short_as_they_can_be() -> None:
    paths = [Path("/x/one/run"), Path("/x/two/run/energy.json")]
    assert labels(paths) == ("one/run", "two/run")
    assert labels([Path("/x/a"), Path("/y/b")]) == ("a", "b")


class TestRefusals:
    def test_what_is_no_source(self, runs: tuple[Path, Path], tmp_path: Path) -> None:
        wrong = tmp_path / "list.json"
        wrong.write_text("[]")
        (tmp_path / "empty").mkdir()
        for path, said in (
            (tmp_path / "nothing", "neither a run folder nor an energy report"),
            (tmp_path / "empty", "not a run folder"),
            (wrong, "schema must be 'eqspike-energy-inputs-1' or 'eqspike-energy-report-1' or"),
        ):
            with pytest.raises(EqspikeError, match=said):
                compare_systems([runs[0], path])

    def test_the_same_run_twice(self, runs: tuple[Path, Path]) -> None:
        with pytest.raises(ConfigError, match="'a' is given more than once"):
            compare_systems([runs[0], runs[0]])

    def test_figures_of_the_user_in_a_report_that_hides_them(
        self, runs: tuple[Path, Path], report: Path
    ) -> None:
        with pytest.raises(ConfigError, match=r"inputs\.json instead"):
            compare_systems([runs[1], report / "energy.json"])

    def test_figures_that_disagree(
        self, runs: tuple[Path, Path], report: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other"
        figure = ("--figure", "loihi2.synaptic_operation=6pJ")
        assert (
            main(["estimate", str(runs[1]), "--chip", "loihi2", *figure, "--out", str(other)]) == 0
        )
        with pytest.raises(ConfigError, match="as 5pJ and as 6pJ"):
            compare_systems([report, other])
        mine = {"loihi2": {"synaptic_operation": "7pJ"}}
        assert compare_systems([report, other], figures=mine)[2] == mine
        assert compare_systems([report, other], ("odin",))[2] == {}

    def test_conditions_that_disagree(
        self, runs: tuple[Path, Path], report: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other"
        chip = ("--chip", "odin", "--step-time", "1e-5")
        assert main(["estimate", str(runs[1]), *chip, "--out", str(other)]) == 0
        with pytest.raises(ConfigError, match="different conditions"):
            compare_systems([report, other])
        given = Conditions(step_time_s=1e-6)
        assert compare_systems([report, other], conditions=given)[0].conditions == given
        assert compare_systems([runs[0], other])[0].conditions == Conditions(step_time_s=1e-5)


def test_the_command_prints_one_object_and_writes_the_pages(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["report", "compare", *map(str, runs), "--chip", "odin", "--out", str(out)]
    assert main([*arguments, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert list(printed["systems"]) == ["a", "b"]
    assert printed["systems"]["b"]["chips"]["odin"]["inference_to_first"]["typical"] > 1.0
    assert sorted(Path(path).name for path in printed["files"]) == [
        "comparison.html", "comparison.json", "comparison.md"
    ]  # fmt: skip
    assert (out / "inputs.json").is_file()
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "55.00 %" in shown
    assert "4 bits, nearest rounding" in shown
    assert main(["report", "compare", str(runs[0]), "--out", str(out)]) == 2
    assert "at least two systems" in capsys.readouterr().err


def test_the_page_says_which_settings_differ(runs: tuple[Path, Path], tmp_path: Path) -> None:
    """The second run has another memory; all else is equal. Of a report from elsewhere nothing is known."""
    out = tmp_path / "compared"
    assert main(["report", "compare", *map(str, runs), "--chip", "odin", "--out", str(out)]) == 0
    differing = json.loads((out / "comparison.json").read_text())["differing_settings"]
    assert differing["model.memory.kind"] == ["ideal", "fixed"]
    assert differing["model.memory.bits"] == ["–", 4]
    assert all(key.startswith("model.memory.") for key in differing)
    for name in ("comparison.md", "comparison.html"):
        page = (out / name).read_text()
        assert "Settings that differ" in page
        assert "model.memory.rounding" in page
        assert "rule.beta" not in page.split("Settings that differ")[1].split("Events")[0]


def test_a_report_that_is_replaced_is_named(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "report")
    assert main(["estimate", str(runs[0]), "--chip", "odin", "--out", out]) == 0
    assert "replaces" not in capsys.readouterr().err
    assert main(["estimate", str(runs[1]), "--chip", "loihi1", "--out", out]) == 0
    said = capsys.readouterr().err
    assert "replaces the report of eqspike-digits on digits, seed 0, on odin" in said
    assert main(["report", "compare", *map(str, runs), "--chip", "odin", "--out", out]) == 0
    assert "replaces the report of eqspike-digits on digits" in capsys.readouterr().err
