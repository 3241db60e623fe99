"""`eqspike parity`, `train` and `evaluate` with the Brian2 engine, in process on the 8x8 digits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eqspike.cli import main
from eqspike.core.learner import Arrays
from eqspike.engines.fast import FastSession
from eqspike.engines.offers import OFFERS
from eqspike.experiment import ENGINES, Engine
from eqspike.systems import System

pytest.importorskip("brian2")
SHORTER = ["--set", "rule.readout_steps=10", "--set", "training.batch_size=4"]
SHORT = ["--set", "rule.free_steps=20", "--set", "rule.nudged_steps=10", *SHORTER]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run of the fast engine."""
    out = tmp_path_factory.mktemp("brian2") / "run"
    assert (
        main(["train", "eqspike-digits", "digits", "--epochs", "1", "--out", str(out), *SHORT]) == 0
    )
    return out


class Perturbed(FastSession):
    """The fast engine with one weight that is not what was loaded."""

    def load(self, weights: Arrays) -> None:
        """Shift one weight of an output neuron."""
        shifted = {name: array.copy() for name, array in weights.items()}
        shifted["hidden-output"][:, 3] += 0.5
        super().load(shifted)


def test_engines_are_equal(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object, or a few lines for people."""
    command = ["parity", str(run), "--engines", "fast,brian2", "--samples", "3"]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["samples"] == 3
    assert found["differing_spikes"] == 0
    assert found["max_weight_error"] <= 1e-9
    assert found["counts_equal"] is True
    assert found["first_difference"] is None
    assert main(command) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "equal"


def test_a_difference_is_located(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 1, and the first place with both membrane potentials."""

    def open_perturbed(system: System, seed: int) -> FastSession:
        return Perturbed(system, seed)

    monkeypatch.setitem(ENGINES.built_in, "perturbed", Engine(open_perturbed))  # type: ignore[arg-type]
    monkeypatch.setitem(OFFERS, "perturbed", OFFERS["fast"])
    command = ["parity", str(run), "--engines", "fast,perturbed", "--samples", "3"]
    assert main([*command, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    place = found["first_difference"]
    assert found["differing_spikes"] > 0
    assert found["counts_equal"] is False
    assert (place["sample"], place["layer"], place["neuron"]) == (0, "output", 3)
    assert sorted(place["events"]) == [0, 1]
    assert place["states"]["potential"][0] != place["states"]["potential"][1]
    assert main(command) == 1
    text = capsys.readouterr().out
    assert "first difference: sample 0" in text
    assert "perturbed: spike, potential" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engines", "fast"], "must be two different engines"),
        (["--engines", "fast,fast"], "must be two different engines"),
        (["--engines", "fast,brain2"], "did you mean 'brian2'"),
        (["--samples", "0"], "must be from 1 to 360"),
        (["--samples", "361"], "must be from 1 to 360"),
    ],
)
def test_wrong_use_ends_with_2(
    run: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that says what to do."""
    assert main(["parity", str(run), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_train_and_evaluate(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same run in float64 learns the same in both engines, and either evaluates the other's."""
    out, accuracies = {}, []
    for engine in ("fast", "brian2"):
        out[engine] = tmp_path / engine
        command = ["train", "eqspike-digits", "digits", "--engine", engine, "--limit", "8"]
        command += ["--epochs", "1", "--set", "training.precision=float64"]
        command += ["--set", "rule.free_steps=10", "--set", "rule.nudged_steps=5", *SHORTER]
        assert main([*command, "--out", str(out[engine])]) == 0
    capsys.readouterr()
    for engine in out:
        assert (
            main(["evaluate", str(out[engine]), "--engine", "brian2", "--limit", "5", "--json"])
            == 0
        )
        accuracies.append(json.loads(capsys.readouterr().out))
    del accuracies[0]["samples_per_second"], accuracies[1]["samples_per_second"]
    assert accuracies[0] == accuracies[1]
    counts = [json.loads((path / "counts.json").read_text()) for path in out.values()]
    assert counts[0] == counts[1]
