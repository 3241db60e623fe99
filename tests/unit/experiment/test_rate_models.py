"""Models of rates: read, trained, stopped, continued and drawn; what cannot be is refused by name."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
import yaml

from eqspike import library
from eqspike.cli import main
from eqspike.core.errors import ConfigError, EqspikeError, UnsupportedError
from eqspike.core.messages import VALUES, Messages
from eqspike.experiment import load_model, resolve
from eqspike.experiment.evaluating import evaluate_run
from eqspike.experiment.runs import Watcher, resume, start
from eqspike.systems import RateSystem

SMALL = (
    "layers=[64, 16, 10]",
    "rule.free_steps=12",
    "rule.nudged_steps=4",
    "training.epochs=2",
    "training.learning_rates=[0.02, 0.01]",
)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("ep-512", "ep"), ("cep-512", "c-ep"), ("cep-512-512", "c-ep"), ("cvf-512", "c-vf"), ("ep-conv", "ep"),
        ("ep-conv-small", "ep"), ("binary-ep-conv", "ep"), ("aep-512", "a-ep"),
    ],
)  # fmt: skip
def test_library_models(name: str, rule: str) -> None:
    model = load_model(name)
    assert isinstance(model.system, RateSystem)
    assert model.system.rule.kind == rule
    assert model.system.dynamics.nudge == "inside"
    assert model.engine == "torch"


@pytest.mark.parametrize(
    ("name", "override", "said"),
    [
        ("cep-512", "rule.beta=0", "above 0, got 0; without a nudge both phases are equal"),
        ("cep-512", "rule.free_steps=0", "at least 1"),
        ("cep-512", "rule.nudged_steps=0", "at least 1"),
        ("ep-512", "feedback.kind=separate", "rule 'ep' needs feedback.kind tied"),
        ("ep-512", "feedback.kind=separate", "use rule.kind a-ep or c-vf"),
        ("cep-512", "feedback.kind=separate", "rule 'c-ep' needs feedback.kind tied"),
        ("aep-512", "feedback={}", "rule 'a-ep' needs feedback.kind separate, .* use rule.kind ep"),
        ("aep-512", "dynamics.form=two-states", "rule 'a-ep' needs dynamics.form difference, got two-states"),
        ("cep-512", "dynamics.form=difference", "rule 'c-ep' needs dynamics.form two-states"),
        ("ep-512", "dynamics.form=differences", "did you mean 'difference'"),
        ("binary-ep-wn-1024", "dynamics.form=difference", "neuron.kind binary needs dynamics.form two-states"),
        ("ep-512-events", "messages.nudged_threshold=0.1", "needs dynamics.form difference, got two-states"),
        ("ep-512", "messages={nudged_threshold: 0.1}", "left out where messages.kind is values"),
        ("cep-512", "rule.beta_sign=both", "rule 'c-ep' needs beta_sign positive or random, got both"),
        ("cvf-512", "rule.beta_sign=both", "rule 'c-vf' needs beta_sign positive or random, got both"),
        ("cvf-512", "feedback={}", "rule 'c-vf' needs feedback.kind separate"),
        ("cep-512", "dynamics.updates=even-odd", "needs dynamics.updates synchronous"),
        ("cep-512", "feedback.initial_angle=30", "0 where feedback.kind is tied"),
        ("cvf-512", "feedback.initial_angle=181", "at most 180"),
        ("ep-512", "neuron.activation=sigmoid", "did you mean 'sigmoid-4'"),
        ("ep-512", "encoder={}", "not a known key"),
        ("ep-512", "rule.kind=eqspike", "one of ep, c-ep, c-vf"),
        ("ep-512", "output={replicas: 3}", "output.replicas must be a divisor of the 10 neurons"),
        ("ep-512", "output={ties: state}", "output.ties must be first with neuron.kind rate, got state"),
        ("ep-512", "output={replicas: 0}", "output.replicas must be a whole number at least 1"),
        ("ep-512", "training.bias_rates=[0.1]", "training.bias_rates must be a list of 2 numbers"),
        ("ep-512", "neuron.kind=binary", "neuron.activation is not a known key"),
        ("ep-512", "neuron={kind: binary, filter: 0}", "neuron.filter must be a finite number above 0"),
        ("eqspike-digits-online", "memory={kind: metaplastic, metaplasticity: [1, 1]}", "a whole batch"),
        ("binary-ep-w-512", "rule.kind=c-ep", "the sign of one step's change is not that of their sum"),
        ("binary-ep-wn-1024", "dynamics.nudge=outside", "neuron.kind binary needs dynamics.nudge inside"),
        ("binary-ep-wn-1024", "output.replicas=7", "a divisor of the 100 neurons of the last layer, got 7"),
        ("ep-512", "messages={kind: spikes}", "one of values, changes"),
        ("ep-512", "messages={threshold: 0.1}", "0 where messages.kind is values"),
        ("ep-512", "messages={kind: changes, threshold: 1.5}", "at most 1"),
        ("ep-512", "training.precision=float16", "one of float32, float64, bfloat16"),
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_with_the_reason(name: str, override: str, said: str) -> None:
    with pytest.raises((ConfigError, UnsupportedError), match=said):
        resolve(name, "digits", overrides=(override,))


def test_messages_are_values_unless_the_model_says_changes() -> None:
    assert resolve("ep-512", "mnist").model.system.messages == VALUES
    override = "messages={kind: changes, threshold: 0.05}"
    system = resolve("ep-512", "mnist", overrides=(override,)).model.system
    assert isinstance(system, RateSystem)
    assert system.messages == Messages("changes", 0.05)


def test_the_threshold_of_differences_is_that_of_rates_unless_it_is_given() -> None:
    system = resolve("ep-512-events", "mnist", overrides=("dynamics.form=difference",)).model.system
    assert isinstance(system, RateSystem)
    assert system.messages.threshold_of_differences == system.messages.threshold == 0.002
    overrides = ("dynamics.form=difference", "messages.nudged_threshold=0")
    system = resolve("ep-512-events", "mnist", overrides=overrides).model.system
    assert isinstance(system, RateSystem)
    assert system.messages.threshold_of_differences == 0


class TestRest:
    """Difference form asks for a fixed point, and its runs say how far from one they are."""

    OVERRIDES = (*SMALL[:2], "training.epochs=1", "training.learning_rates=[1e-3, 1e-3]")

    def trained(self, out: Path, *overrides: str) -> dict:
        configuration = resolve(
            "aep-512", "digits", limit=100, test_limit=60, overrides=(*self.OVERRIDES, *overrides)
        )
        assert start(configuration, out).complete
        record: dict = json.loads((out / "metrics.jsonl").read_text())
        return record

    def test_where_there_is_one_the_residual_falls_with_the_steps(self, tmp_path: Path) -> None:
        few, many = (
            self.trained(tmp_path / str(steps), f"rule.free_steps={steps}")["residual"]
            for steps in (4, 40)
        )
        assert many["median"] <= many["largest"] < 0.01 * few["median"]

    def test_where_there_is_none_the_run_says_so(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        strong = (
            "neuron.activation=hard-sigmoid", "feedback.initial_angle=180",
            "training.initial_gain=[4, 12]",
        )  # fmt: skip
        found = [
            self.trained(tmp_path / str(steps), f"rule.free_steps={steps}", *strong)["residual"]
            for steps in (40, 160)
        ]
        assert all(residual["median"] > 0.1 for residual in found)
        overrides = [f"--set={each}" for each in (*self.OVERRIDES, *strong)]
        out = str(tmp_path / "shown")
        assert main(["train", "aep-512", "digits", "--limit", "20", "--out", out, *overrides]) == 0
        assert "free phases do not end at rest" in capsys.readouterr().err

    def test_two_states_ask_for_nothing(self, run: Path) -> None:
        records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        assert not any("residual" in record for record in records)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    configuration = resolve("cep-512", "digits", limit=400, test_limit=60, overrides=SMALL)
    assert configuration.engine == "torch"
    assert start(configuration, out).complete
    return out


def test_a_stopped_run_continues_to_the_same_weights(run: Path, tmp_path: Path) -> None:
    class StopAfter(threading.Event):
        calls = 0

        def is_set(self) -> bool:
            self.calls += 1
            return self.calls == 25

    out = tmp_path / "run"
    configuration = resolve("cep-512", "digits", limit=400, test_limit=60, overrides=SMALL)
    assert not start(configuration, out, watcher=Watcher(stop=StopAfter())).complete
    assert resume(out).complete
    for name in ("weights.safetensors", "counts.json"):
        assert (out / name).read_bytes() == (run / name).read_bytes()


def test_metrics_give_no_firing_rates(run: Path) -> None:
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [record["rates"] for record in records] == [{}, {}]
    assert evaluate_run(run, engine="torch:cpu").accuracy == records[-1]["test_accuracy"]


def test_plot_draws_what_needs_no_spikes(run: Path, tmp_path: Path) -> None:
    assert main(["plot", str(run), "--out", str(tmp_path)]) == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["learning_curve.png", "rate_distribution.png", "receptive_fields.png"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("plot stdp RUN", "needs spiking neurons, but model 'cep-512' has rate neurons"),
        ("export RUN", "the export to Brian2 needs spiking neurons"),
        ("export RUN --format nir", "the export to NIR needs spiking neurons"),
        ("parity RUN --engines torch,fast", "does not run messages.kind values: set messages.kind to changes"),
        ("deploy RUN --chip loihi1", "deployment needs spiking neurons"),
        ("evaluate RUN --engine fast", "engine 'fast' does not run messages.kind values"),
        ("evaluate RUN --engine fast-int", "does not run messages.kind values of neuron rate here"),
        ("evaluate RUN --engine torch:gpu", "takes one option, cpu or cuda, got 'torch:gpu'"),
    ],
)  # fmt: skip
def test_commands_for_spikes_refuse(
    run: Path, command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path.name for path in run.iterdir())
    assert main(command.replace("RUN", str(run)).split()) == 2
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in run.iterdir()) == before


@pytest.mark.parametrize(
    ("model", "engine", "said"),
    [
        ("cep-512", "fast", "engine 'fast' does not run messages.kind values"),
        ("cep-512", "lava", "engine 'lava' does not run .*messages.kind values"),
        ("cep-512", "brian2:cython", "engine 'brian2:cython' does not run messages.kind values"),
        ("eqspike-digits", "torch", "not run neuron.kind sigma-delta, which sends spikes: .*engines fast, brian2"),
        ("cep-512", "torhc", "did you mean 'torch'"),
    ],
)  # fmt: skip
def test_engines_refuse_the_other_kind_before_any_work(
    model: str, engine: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(EqspikeError, match=said):
        start(resolve(model, "digits", engine=engine), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_gradient_check_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = library.load_yaml(library.find("models", "cep-512-paper"))
    data["layers"] = [64, 12, 10]
    data["rule"]["nudged_steps"] = 5
    path, out = tmp_path / "quick.yaml", tmp_path / "check"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    arguments = ["check-gradient", str(path), "digits", "--samples", "8"]
    assert main([*arguments, "--json", "--out", str(out)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["holds"]
    assert found["theorem"][-1]["centered"] < 1e-5
    assert {"gradient_check.png", "processes.png"} < {path.name for path in out.iterdir()}
    path.write_text(yaml.safe_dump(data | {"dynamics": {"nudge": "outside"}}), encoding="utf-8")
    assert main(arguments) == 1
    assert "the nudge stands outside the activation" in capsys.readouterr().out
