"""`eqspike deploy`: files, figures and refusals, in process on the 8x8 digits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eqspike.cli import main
from eqspike.deploy.calibration import calibrate
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.learner import EngineLearner
from eqspike.experiment.configuration import load_configuration
from eqspike.experiment.deploying import load_deployment
from eqspike.tasks import load_task
from eqspike.tasks.metrics import ACCURACY
from eqspike.testing import samples
from eqspike.training import RunFolder, evaluate

Capture = pytest.CaptureFixture[str]


def trained(model: str, out: Path) -> Path:
    command = ["train", model, "digits", "--epochs", "1", "--limit", "300", "--out", str(out)]
    assert main(command) == 0
    return out


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of Loihi's neuron that has learnt a little."""
    return trained("eqspike-digits-loihi", tmp_path_factory.mktemp("deploy") / "run")


@pytest.fixture(scope="module")
def deployed(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("deploy") / "out"
    assert main(["deploy", str(run), "--chip", "loihi1", "--samples", "50", "--out", str(out)]) == 0
    return out


def test_one_json_object(run: Path, capsys: Capture) -> None:
    """With both accuracies as fractions; files lie in the run's folder."""
    command = ["deploy", str(run), "--chip", "loihi1", "--limit", "60", "--samples", "50", "--json"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 <= found["accuracy_integer"] <= 1
    assert 0 <= found["accuracy_float"] <= 1
    assert found["samples"] == 60
    folder = run / "deployment"
    names = ["network.safetensors", "deployment.json", "learning_rule.txt", "deployment.md"]
    names += ["loihi2.py", "loihi2.npz"]
    assert found.pop("files") == [str(folder / name) for name in names]
    assert json.loads((folder / "deployment.json").read_text()) == found
    assert "NOT RUN ON SILICON" in (folder / "loihi2.py").read_text()


def test_what_is_written_is_what_was_simulated(run: Path, deployed: Path) -> None:
    """The integers read back give the reported accuracy, and are those of a calibration done here."""
    data = json.loads((deployed / "deployment.json").read_text())
    configuration = load_configuration(run / "config.yaml")
    test = load_task("digits").load("test")
    network = load_deployment(deployed)
    with FastIntSession(configuration.model.system) as session:
        session.load_network(network)
        tested = evaluate(EngineLearner(session), test, ACCURACY, configuration.seed)
    assert tested.value == data["accuracy_integer"]
    hidden = tested.counts.phases["free"].layers["hidden"]
    rates = data["rates"]["hidden"]
    assert rates["integer"] == hidden.spikes / hidden.neuron_updates
    assert abs(rates["integer"] - rates["float"]) < 0.1 * rates["float"]
    weights = RunFolder.open(run).weights()
    source = weights["input-hidden"] * network.unit / 2.0 ** (6 + network.couplings[0].exponent)
    assert abs(network.couplings[0].mantissas - source).max() <= 1 + 1e-6


def test_registers_keep_their_headroom(deployed: Path) -> None:
    """At most half full, and at least one of them more than a sixth: the unit is not wasted."""
    layers = json.loads((deployed / "deployment.json").read_text())["registers"]["layers"]
    fills = [part for met in layers.values() for part in met["fill"].values()]
    assert 1 / 6 < max(fills) <= 0.5
    for met in layers.values():
        assert met["wraps"] == met["saturations"] == 0
        for name, bits in met["headroom_bits"].items():
            assert 2.0**-bits == pytest.approx(met["fill"][name])


def test_texts_for_people(deployed: Path, run: Path, capsys: Capture) -> None:
    """Tables of parameters, rounding, registers and cores; the rule; a summary on the screen."""
    text = (deployed / "deployment.md").read_text()
    network = load_deployment(deployed)
    assert f"| {network.layers[0].neuron.threshold} << 6 |" in text
    for heading in ("## Parameters", "## Rounding", "## Registers", "## Cores"):
        assert heading in text
    assert "dw = (" in (deployed / "learning_rule.txt").read_text()
    assert main(["deploy", str(run), "--chip", "loihi1", "--samples", "20", "--limit", "20"]) == 0
    assert "in integers (20 test samples)" in capsys.readouterr().out


def test_a_calibration_does_not_depend_on_where_it_starts(run: Path) -> None:
    """The same samples give the same integers."""
    configuration = load_configuration(run / "config.yaml")
    system, weights = configuration.model.system, RunFolder.open(run).weights()
    batch = samples(system, 20)
    first, second = calibrate(system, weights, batch), calibrate(system, weights, batch)
    assert first.extremes == second.extremes
    np.testing.assert_equal(first.network.as_arrays(), second.network.as_arrays())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--chip", "odin"], "got chip 'odin'; use loihi1"),
        (["--chip", "loihi"], "did you mean"),
        (["--chip", "loihi1", "--samples", "0"], "--samples must be from 1 to"),
        (["--chip", "loihi1", "--samples", "99999"], "--samples must be from 1 to"),
    ],
)
def test_wrong_use_ends_with_2(
    run: Path, arguments: list[str], message: str, capsys: Capture
) -> None:
    """One line that says what to do."""
    assert main(["deploy", str(run), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_another_neuron_is_refused_with_the_reason(tmp_path: Path, capsys: Capture) -> None:
    """Loihi's neuron resets to zero."""
    out = trained("eqspike-digits", tmp_path / "run")
    assert main(["deploy", str(out), "--chip", "loihi1"]) == 2
    error = capsys.readouterr().err
    assert f"{out}: its model 'eqspike-digits' cannot be deployed" in error
    assert "train one with neuron.kind 'current-based'" in error
    assert "does not run neuron.kind sigma-delta" in error
    assert not (out / "deployment").exists()
