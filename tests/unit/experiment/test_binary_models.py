"""Models of weights and neurons of one bit: their settings, and runs that stop and go on."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from eqspike.cli import main
from eqspike.experiment import load_model, resolve
from eqspike.experiment.evaluating import evaluate_run
from eqspike.experiment.runs import Watcher, resume, start
from eqspike.systems import RateSystem


@pytest.mark.parametrize(
    ("name", "memory", "replicas"),
    [
        ("binary-ep-w-512", "binary", 1),
        ("binary-ep-w-4096", "binary", 1),
        ("binary-ep-wn-1024", "binary", 10),
        ("binary-ep-wn-1024-200", "binary", 20),
        ("binary-ep-wn-4096-200", "binary", 20),
        ("binary-ep-wn-8192", "binary", 10),
        ("ep-512-hard", "ideal", 1),
    ],
)
def test_binary_models(name: str, memory: str, replicas: int) -> None:
    system = load_model(name).system
    assert isinstance(system, RateSystem)
    assert (system.memory.kind, system.readout.replicas, system.classes) == (memory, replicas, 10)


def test_the_partner_differs_in_its_weights_alone() -> None:
    binary, full = (load_model(name) for name in ("binary-ep-w-512", "ep-512-hard"))
    assert binary.batch_size == full.batch_size
    for part in ("network", "neuron", "dynamics", "rule"):
        assert getattr(binary.system, part) == getattr(full.system, part)


BINARY = {
    "bits of weights": ("binary-ep-w-512", ("layers=[64, 16, 10]", "memory.thresholds=[1.0e-7, 1.0e-7]")),
    "bits of neurons": (
        "binary-ep-wn-1024", ("layers=[64, 40, 20]", "output.replicas=2", "rule.beta_sign=both")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
def test_binary_networks_stop_and_continue(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To the same weights, inertia and writes; the latter are reported by epoch and by evaluation."""
    model, overrides = BINARY[name]
    overrides = (*overrides, "training.batch_size=20", "memory.scale.rates=[1.0e-4, 1.0e-4]")
    configuration = resolve(
        model, "digits", epochs=2, limit=200, test_limit=60, overrides=overrides
    )
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert start(configuration, whole).complete

    class StopAfter(threading.Event):
        calls = 0

        def is_set(self) -> bool:
            self.calls += 1
            return self.calls == 13

    assert not start(configuration, parts, watcher=Watcher(stop=StopAfter())).complete
    assert resume(parts).complete
    for file in ("weights.safetensors", "counts.json"):
        assert (parts / file).read_bytes() == (whole / file).read_bytes()
    written = [
        json.loads(line)["writes"]["input-hidden"]
        for line in (whole / "metrics.jsonl").read_text().splitlines()
    ]
    assert 0 < written[0]["mean"] <= written[1]["mean"]
    assert written[1]["mean"] <= written[1]["largest"]
    applied = json.loads((whole / "counts.json").read_text())["training"]["phases"]["update"]
    flips = applied["plasticity"]["input-hidden"]["applied_writes"]
    assert written[1]["mean"] * written[1]["cells"] == pytest.approx(flips)
    assert evaluate_run(whole, limit=60).writes["input-hidden"].to_json() == written[1]
    assert main(["evaluate", str(whole), "--limit", "60"]) == 0
    assert "writes of a weight in all of training" in capsys.readouterr().out
