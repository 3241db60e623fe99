"""Models of rates that send changes, from training to the price of their messages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from eqspike.cli import main
from eqspike.core.counts import spiking
from eqspike.core.messages import VALUES
from eqspike.engines.torch import TorchSession
from eqspike.experiment import load_model, resolve
from eqspike.experiment.evaluating import evaluate_run
from eqspike.experiment.parity import Parity, compare, compare_run
from eqspike.experiment.runs import start
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights
from eqspike.testing import rate_samples, small_rate_system
from eqspike.training import RunFolder


@pytest.mark.parametrize(
    ("override", "messages", "warned"),
    [
        ("messages.threshold=0.003", "changes", 1),
        ("messages={kind: values}", "values", 1),
        ("neuron={kind: binary, filter: 0.5, initial: 1.0}", "bits", 0),
    ],
)
def test_messages_are_priced_as_what_they_are(
    override: str, messages: str, warned: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    overrides = (override, "training.epochs=1", "rule.free_steps=6", "rule.nudged_steps=2")
    start(resolve("ep-digits-events", "digits", limit=40, test_limit=20, overrides=overrides), run)
    capsys.readouterr()
    out = tmp_path / "energy"
    assert (
        main(["estimate", str(run), "--chip", "loihi1", "--chip", "a100", "--out", str(out)]) == 0
    )
    report = json.loads((out / "energy.json").read_text())
    assert report["provenance"]["messages"] == messages
    text = (out / "energy.md").read_text()
    # Loihi's figure is for a spike; that of a GPU is a multiply-accumulate.
    assert text.count("operation multiplies it with a weight") == warned * 2
    assert "**Warning, a100.** A message" not in text


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    overrides = ("training.epochs=1", "training.precision=float64")
    configuration = resolve("ep-digits-events", "digits", test_limit=100, overrides=overrides)
    assert configuration.engine == "fast"
    assert start(configuration, out).complete
    return out


def test_a_run_learns_and_counts_messages_as_spikes(run: Path) -> None:
    result = evaluate_run(run)
    assert result.accuracy > 0.6
    assert 0 < result.rates["hidden"] < 1
    free = result.counts.phases["free"]
    assert spiking(free, "hidden")
    sent = free.layers["hidden"].spikes
    assert free.couplings["hidden->output"].synaptic_operations == sent * 10
    training = RunFolder.open(run).counts()[0]
    assert training.phases["nudged"].layers["hidden"].spikes > 0
    assert evaluate_run(run, engine="torch:cpu").counts == result.counts


def test_parity_of_a_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parity", str(run), "--engines", "torch,fast", "--samples", "4", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["equal"]
    assert data["messages"] > 0
    assert data["max_state_difference"] < 1e-12
    result = compare_run(run, ("fast", "torch:cpu"), 3)
    assert isinstance(result, Parity)
    assert result.holds
    assert main(["parity", str(run), "--engines", "torch,fast", "--samples", "2"]) == 0
    assert "differing messages" in capsys.readouterr().out


def test_parity_finds_where_messages_part(monkeypatch: pytest.MonkeyPatch) -> None:
    system, original = small_rate_system(threshold=0.02), TorchSession.load

    def disturbed(session: TorchSession, weights: dict) -> None:  # type: ignore[type-arg]
        original(session, {**weights, "hidden2.bias": weights["hidden2.bias"] + 0.02})

    monkeypatch.setattr(TorchSession, "load", disturbed)
    weights = initial_rate_weights(system, 0)
    result = compare(system, weights, rate_samples(), ("fast", "torch:cpu"))
    assert not result.holds
    assert result.first_difference is not None
    place = result.first_difference
    assert place.states["sent"][0] != place.states["sent"][1]
    assert place.sample == 0
    assert result.max_state_difference > 1e-3


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ep-512-events", "ep-512"),
        ("cep-512-events", "cep-512"),
        ("binary-ep-wn-1024-events", "binary-ep-wn-1024"),
    ],
)
def test_models_of_changes_are_those_of_values_but_for_their_messages(
    name: str, values: str
) -> None:
    model, other = (load_model(each) for each in (name, values))
    assert isinstance(model.system, RateSystem)
    assert model.system.messages.of_changes
    rule = replace(model.system.rule, nudging=other.system.rule.nudging)
    assert replace(model.system, messages=VALUES, rule=rule) == other.system
    assert (model.epochs, model.batch_size, model.schedule) == (
        other.epochs,
        other.batch_size,
        other.schedule,
    )


def test_the_engine_of_changes_is_the_one_whose_cost_follows_them() -> None:
    assert load_model("ep-digits-events").engine == "fast"
    override = ("messages={kind: values}",)
    assert resolve("ep-digits-events", "digits", overrides=override).engine == "torch"
