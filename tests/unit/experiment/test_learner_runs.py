"""Learners that are no network of spikes or rates, under every command that training and its results have."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
import yaml

from eqspike.cli import main
from eqspike.core.errors import ConfigError
from eqspike.experiment import load_model, resolve
from eqspike.experiment.runs import Watcher, resume, start
from eqspike.testing.learners import MODELS

STACKED = "[{layers: [{size: 12}, {size: 12}]}, {layers: [{size: 10, activation: linear}]}]"
TASKS = [
    ("metaplastic-bp-digits", "digits"),
    ("metaplastic-bp-digits", "permuted-digits"),
    ("backprop-512", "digits"),
    ("backprop-512", "permuted-digits"),
    ("dtp-mlp", "digits"),
    ("dtp-lenet", "digits"),
    ("backprop-lenet", "digits"),
    ("norse-100", "digits"),
    ("dchn-quarter", "digits"),
    ("ff-ebm-2", "digits"),
    ("ep-resnet", "digits"),
    ("hssm-linear", "adding-problem"),
]


def small(model: str, task: str, epochs: int = 2, *changes: str):
    overrides = (*MODELS[model], *changes)
    return resolve(model, task, limit=130, test_limit=60, epochs=epochs, overrides=overrides)


class StopAfter(threading.Event):
    """Asks for a stop after so many batches."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self._left = batches

    def is_set(self) -> bool:
        """Counts the batches: it is asked once after each."""
        self._left -= 1
        return self._left <= 0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A binary network that has learnt a curriculum of five tasks."""
    out = tmp_path_factory.mktemp("learner") / "run"
    result = start(small("metaplastic-bp-digits", "permuted-digits"), out)
    assert result.complete
    assert len(result.metrics) == 10
    return out


@pytest.mark.parametrize(("model", "task"), TASKS)
@pytest.mark.parametrize("stop_after", [1, 3])
def test_a_stopped_run_ends_as_one_that_never_stopped(
    model: str, task: str, stop_after: int, tmp_path: Path
) -> None:
    """Weights, counts and metrics, the optimiser's momentum and each task's normalisation included."""
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    start(small(model, task), whole)
    stopped = start(small(model, task), halves, watcher=Watcher(stop=StopAfter(stop_after)))
    assert not stopped.complete
    assert resume(halves).complete
    for name in ("weights.safetensors", "counts.json"):
        assert (halves / name).read_bytes() == (whole / name).read_bytes()
    first, second = (
        [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        for out in (whole, halves)
    )
    for record in (*first, *second):
        record.pop("seconds")
        record.pop("test_samples_per_second")
    assert first == second


def test_metrics_say_what_each_task_has_left(run: Path) -> None:
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [record["stage"] for record in records] == [n // 2 for n in range(10)]
    for record in records:
        by_stage = record["test_accuracy_by_stage"]
        assert record["test_accuracy"] == pytest.approx(sum(by_stage) / 5)
        assert set(record["turned"]) == {"couplings.0", "couplings.1"}
    assert records[-1]["turned"]["couplings.0"] > 0


def test_evaluate_repeats_the_last_epoch(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert found["accuracy"] == last["test_accuracy"]
    assert found["samples"] == 300
    assert main(["evaluate", str(run)]) == 0
    assert "phase forward" in capsys.readouterr().out


def test_counts_are_the_products_of_the_layers(run: Path) -> None:
    counts = json.loads((run / "counts.json").read_text())
    phase = counts["inference"]["phases"]["forward"]
    found = {name: each["synaptic_operations"] for name, each in phase["couplings"].items()}
    assert found == {"couplings.0": 300 * 64 * 24, "couplings.1": 300 * 24 * 10}
    update = counts["training"]["phases"]["update"]["plasticity"]
    assert update["couplings.0.hidden"]["applied_writes"] == 10 * 2 * 64 * 24


def test_estimate_warns_that_products_are_no_spikes(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["estimate", str(run), "--chip", "loihi1", "--out", str(run / "energy")]) == 0
    report = (run / "energy" / "energy.md").read_text()
    assert "multiplies it with a weight" in " ".join(report.split())


def test_meter_and_plot_work(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["meter", str(run), "--batch", "50", "--seconds", "0.05", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["work"]) == 2
    assert main(["plot", str(run)]) == 0
    assert (run / "plots" / "learning_curve.png").is_file()


@pytest.mark.parametrize(
    "command",
    ["parity RUN --engines fast,brian2", "deploy RUN --chip loihi1", "export RUN", "plot stdp RUN"],
)
def test_what_needs_a_network_refuses(
    command: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.replace("RUN", str(run)).split()) == 2
    assert "is a learner of its own (learner.kind binary-backprop)" in capsys.readouterr().err


def test_check_gradient_of_series(capsys: pytest.CaptureFixture[str]) -> None:
    small = [
        "--samples",
        "3",
        "--set",
        "learner.channels=2",
        "--set",
        "learner.outputs=1",
        "--set",
        "learner.loss=squared-error",
    ]
    small += ["--set", "learner.hidden=4", "--set", "learner.size=3"]
    small += ["--set", "learner.loss=squared-error"]
    assert main(["check-gradient", "hssm-linear", "adding-problem", *small, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["holds"]
    assert max(found["relative_error"].values()) < 1e-12


def test_check_gradient_refuses_a_learner_without_a_theorem(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check-gradient", "metaplastic-bp-digits", "permuted-digits"]) == 2
    assert "learner.kind 'binary-backprop' has no theorem to check" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("backprop-512", "digits"), "set learner.layers to [64, ..., 10]"),
        (("backprop-512", "mnist-sample", "--engine", "fast"), "runs in engine 'torch'"),
        (("backprop-512", "mnist-sample", "--engine", "torch:tpu"), "cpu, cuda or cuda:NUMBER"),
        (("backprop-512", "mnist-sample", "--set", "learner.kind=backpropp"), "did you mean"),
        (("backprop-512", "mnist-sample", "--set", "learner.layers=[784]"), "2 or more whole"),
        (("backprop-512", "mnist-sample", "--set", "training.optimizer=adam"), "optimiser"),
        (("backprop-lenet", "digits"), "set learner.image"),
        (
            ("backprop-lenet", "mnist-sample", "--set", "learner.outputs=7"),
            "set learner.outputs to 10",
        ),
        (("backprop-lenet", "mnist-sample", "--set", "learner.image=[3, 9]"), "at least 4 rows"),
        (("backprop-lenet", "mnist-sample", "--set", "learner.activation=elu"), "not a known key"),
        (("dtp-mlp", "digits"), "set learner.layers to [64, ..., 10]"),
        (
            ("dtp-mlp", "mnist-sample", "--set", "learner.activation=hard-sigmoid"),
            "one of elu, relu",
        ),
        (("dtp-mlp", "mnist-sample", "--set", "learner.feedback={kind: solve}"), "did you mean"),
        (
            ("dtp-mlp", "mnist-sample", "--set", "learner.feedback.iterations=[1]"),
            "not a known key",
        ),
        (
            (
                "dtp-lenet",
                "mnist-sample",
                "--set",
                "learner.feedback={kind: iterated, iterations: [1]}",
            ),
            "a list of 3 whole numbers",
        ),
        (("norse-100", "digits"), "set learner.layers to [64, ..., 10]"),
        (
            ("norse-100", "mnist-sample", "--set", "learner.encoder.kind=constant-current"),
            "that spikes",
        ),
        (("norse-100", "mnist-sample", "--set", "learner.synapse_s=0.0001"), "synapse_s"),
        (
            (
                "hssm-linear",
                "adding-problem",
                "--set",
                "learner.channels=2",
                "--set",
                "learner.outputs=1",
            ),
            "learns labels by loss cross-entropy, but the task's targets are values; set learner.loss to squared",
        ),
    ],
)
def test_wrong_descriptions_are_refused_before_any_work(
    arguments: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(["train", *arguments, "--out", str(out)]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_an_energy_block_counts_its_products_and_learns_in_a_stack(tmp_path: Path) -> None:
    """Free, nudged and contrast of each block; a batch normalisation stands between two."""
    changes = (
        "learner.flat=true", f"learner.blocks={STACKED}", "training.learning_rates=[0.05, 0.05]",
    )  # fmt: skip
    with pytest.raises(ConfigError, match="learning_rates must be a list of 3 numbers"):
        small("dchn-quarter", "digits", 1, *changes)
    description = load_model("dchn-quarter").description
    description["training"] = {
        "epochs": 6,
        "batch_size": 20,
        "learning_rate": 0.05,
        "schedule": "constant",
    }
    description["learner"] |= {
        "image": [8, 8], "padding": 0, "flat": True, "blocks": yaml.safe_load(STACKED),
    }  # fmt: skip
    (tmp_path / "stack.yaml").write_text(yaml.safe_dump(description))
    result = start(resolve(str(tmp_path / "stack.yaml"), "digits", limit=600), tmp_path / "run")
    assert result.accuracy is not None
    assert result.accuracy > 0.6, "three seeds have 0.78 to 0.88"
    counts = json.loads((tmp_path / "run" / "counts.json").read_text())
    assert set(counts["training"]["phases"]) >= {"free", "nudged", "contrast", "update"}
    assert set(counts["inference"]["phases"]["free"]["couplings"]) == {"0", "2"}


@pytest.mark.parametrize("backward", ["rhel", "bptt"])
def test_both_ways_back_through_time_learn_the_same(backward: str, tmp_path: Path) -> None:
    """A linear unit's echo is exact: the same losses, to float32's rounding."""
    found = []
    for way in ("bptt", backward):
        changed = (f"learner.backward={way}", "learner.dropout=0.0")
        made = small("hssm-linear", "adding-problem", 1, *changed)
        found.append(start(made, tmp_path / f"{way}-{len(found)}").value)
    assert found[0] == pytest.approx(found[1], rel=1e-3)
