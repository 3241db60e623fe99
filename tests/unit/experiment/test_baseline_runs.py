"""The baselines under the training loop: target propagation, Norse, and backpropagation of the same networks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eqspike.cli import main
from eqspike.core.errors import ActivityError, ConfigError
from eqspike.core.learner import Batch, Pace
from eqspike.core.random_stream import Purpose
from eqspike.experiment import resolve
from eqspike.experiment.runs import open_learner, start
from eqspike.tasks import load_task
from eqspike.tasks.encoders import Encoder
from eqspike.testing.learners import MODELS
from eqspike.training.evaluating import presentation_keys

BASELINES = ("dtp-mlp", "dtp-lenet", "backprop-lenet", "norse-100")


def small(model: str, task: str, epochs: int = 2, *changes: str):
    overrides = (*MODELS[model], *changes)
    return resolve(model, task, limit=130, test_limit=60, epochs=epochs, overrides=overrides)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One epoch of each of the learners that need no curriculum."""
    made = {}
    for model in BASELINES:
        made[model] = tmp_path_factory.mktemp("learners") / model
        start(small(model, "digits", 1), made[model])
    return made


def counts_of(out: Path, purpose: str = "training") -> dict:
    return json.loads((out / "counts.json").read_text())[purpose]["phases"]


def test_evaluate_and_estimate_take_every_learner(
    runs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for model, out in runs.items():
        assert main(["evaluate", str(out), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        last = json.loads((out / "metrics.jsonl").read_text().splitlines()[-1])
        assert found["accuracy"] == last["test_accuracy"], model
        assert main(["estimate", str(out), "--chip", "loihi1", "--out", str(out / "energy")]) == 0
        report = " ".join((out / "energy" / "energy.md").read_text().split())
        assert "multiplies it with a weight" in report
        assert ("In phase backward of learning" in report) == (model == "norse-100")
        capsys.readouterr()


def test_target_propagation_starts_where_backpropagation_does(runs: dict[str, Path]) -> None:
    """The same weights, and in the warm-up they stay."""
    dtp, plain = (open_learner(small(model, "digits")) for model in ("dtp-lenet", "backprop-lenet"))
    start_weights = dtp.weights()
    for name, value in plain.weights().items():
        assert np.array_equal(value, start_weights[f"network.{name}"])
    batch = Batch(
        np.arange(5 * 64, dtype=np.uint8).reshape(5, 64),
        np.arange(5),
        np.arange(5, dtype=np.uint64),
    )
    mirror = dtp.state()["mirrors.0.weight"]
    for moves in (False, False, True):
        dtp.fit(batch, Pace(1.0, 0))
        now = dtp.weights()
        same = all(np.array_equal(now[name], each) for name, each in start_weights.items())
        assert same != moves
    assert not np.array_equal(mirror, dtp.state()["mirrors.0.weight"])


def test_products_of_target_propagation_are_counted_once(runs: dict[str, Path]) -> None:
    """130 samples; two batches of warm-up; each layer twice in solved feedback, 4 times an iteration in l-drl."""
    phases = counts_of(runs["dtp-mlp"])
    found = {
        phase: {name: each["synaptic_operations"] for name, each in of["couplings"].items()}
        for phase, of in phases.items()
    }
    sizes = {"network.0": 64 * 24, "network.2": 24 * 12, "network.4": 12 * 10}
    assert found["forward"] == {name: 130 * size for name, size in sizes.items()}
    later = list(sizes)[1:]
    assert found["feedback"] == {name: 130 * 2 * sizes[name] for name in later}
    assert found["backward"] == {
        name: 66 * size * (1 if name == "network.0" else 2) for name, size in sizes.items()
    }
    phases = counts_of(runs["dtp-lenet"])
    forward = phases["forward"]["couplings"]
    for (name, each), times in zip(phases["feedback"]["couplings"].items(), (1, 2, 1), strict=True):
        assert each["synaptic_operations"] == 4 * times * forward[name]["synaptic_operations"]


def test_spikes_in_norse_are_counted_as_those_of_any_network(runs: dict[str, Path]) -> None:
    """The input's are the encoder's, which are the network's of the same keys and steps in any engine."""
    phase = counts_of(runs["norse-100"], "inference")["free"]
    layers, couplings = phase["layers"], phase["couplings"]
    test = load_task("digits").load("test").limit(60)
    keys = presentation_keys(0, Purpose.EVALUATION, 0, 60)
    encoder = Encoder("poisson", 1.0, "together")
    sent = sum(
        int(encoder.encode(image, 20, int(key)).sum())
        for image, key in zip(test.images, keys, strict=True)
    )
    assert layers["input"] == {"spikes": sent, "neuron_updates": 0, "trace_updates": 0}
    assert layers["hidden"]["neuron_updates"] == 60 * 20 * 24
    assert layers["output"] == {"spikes": 0, "neuron_updates": 60 * 20 * 10, "trace_updates": 0}
    for (pre, post), size in {("input", "hidden"): 24, ("hidden", "output"): 10}.items():
        deliveries = layers[pre]["spikes"] * size
        assert set(couplings[f"{pre}->{post}"].values()) == {deliveries}
    assert layers["hidden"]["spikes"] > 0
    backward = counts_of(runs["norse-100"])["backward"]["couplings"]
    assert backward["input->hidden"]["synaptic_operations"] == 130 * 20 * 64 * 24
    assert backward["hidden->output"]["synaptic_operations"] == 130 * 20 * 2 * 24 * 10


def test_a_state_of_other_feedback_is_refused(runs: dict[str, Path]) -> None:
    """Solved and iterated feedback keep different things."""
    fewer = [each for each in MODELS["dtp-lenet"] if not each.startswith("learner.feedback.")]
    own = resolve("dtp-lenet", "digits", overrides=(*fewer, "learner.feedback={kind: solved}"))
    state = open_learner(small("dtp-lenet", "digits")).state()
    with pytest.raises(ConfigError, match=r"same learner\.feedback"):
        open_learner(own).load(state)


def test_solved_feedback_that_diverges_is_noticed(tmp_path: Path) -> None:
    wild = small("dtp-mlp", "digits", 1, "training.learning_rate=1000.0")
    with pytest.raises(ActivityError, match=r"finite|run away"):
        start(wild, tmp_path / "run")
