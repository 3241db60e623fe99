"""Files of counts from elsewhere: priced like any counts, and refused where they contradict themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eqspike.core.errors import ConfigError
from eqspike.energy.counts_file import read_counts_file
from eqspike.experiment.estimating import estimate_counts

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "counts-example.json"
Change = Callable[[dict[str, Any]], Any]


def changed(tmp_path: Path, change: Change) -> Path:
    """The example of the documentation with something done to it."""
    data = json.loads(EXAMPLE.read_text())
    change(data)
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(data))
    return path


def phase(data: dict[str, Any], quantity: str = "inference") -> Any:
    return data[quantity]["phases"]["presentation"]


def test_the_example_is_priced_as_by_hand() -> None:
    """Per sample: 86 000 operations x 23.6 pJ + 5 500 updates x 81 pJ + 1 070 spikes x 69.3 pJ = 2.549251 uJ.

    Training adds 240 800 rule evaluations x 120 pJ, its writes included, and traces, which are part of them.
    """
    report = estimate_counts(EXAMPLE, ("loihi1", "memristor-2t2r"))
    assert report.title == "Energy of a pruned 784-100-10 network on its own digits"
    loihi, memristor = report.chips
    assert loihi.inference is not None
    assert loihi.training is not None
    each, learning = loihi.inference.estimate.per_sample, loihi.training.estimate.per_sample
    assert each is not None
    assert learning is not None
    assert each.typical == pytest.approx(2.549251e-6, rel=1e-12)
    assert learning.typical == pytest.approx(2.549251e-6 + 28.896e-6, rel=1e-12)
    # 7 840 000 writes of 78 400 weights in 1 000 samples
    (worn,) = memristor.wear
    assert worn.writes == pytest.approx(0.1, rel=1e-12)


def test_origin_and_provenance_are_kept() -> None:
    """What the user says of the counts, and which bytes they were read from."""
    found = read_counts_file(EXAMPLE)
    assert found.provenance["accuracy"] == 0.91
    assert found.provenance["counts_file"] == EXAMPLE.name
    digest = hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert found.provenance["counts_sha256"] == digest


def test_counts_alone_are_those_of_inference(tmp_path: Path) -> None:
    """What `EventCounts.to_json` gives is a file by itself."""
    whole = read_counts_file(EXAMPLE)
    assert whole.inference is not None
    path = tmp_path / "alone.json"
    path.write_text(json.dumps(whole.inference.to_json()))
    found = read_counts_file(path)
    assert (found.inference, found.training, found.weights) == (whole.inference, None, {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("schema"), "mine.json: schema"),
        (lambda d: d.update(schema="eqspike-counts-2"), "schema must be one of eqspike-counts-file"),
        (lambda d: (d.pop("inference"), d.pop("training"), d.pop("weights")), "'inference' or"),
        (lambda d: d.update(trainings=d.pop("training")), "trainings.+did you mean 'training'"),
        (lambda d: d["inference"].update(samples=0), "inference: samples must be at least 1"),
        (
            lambda d: phase(d)["layers"]["hidden"].pop("spikes"),
            r"mine.json: inference: phases.presentation.layers.hidden.spikes is required",
        ),
        (
            lambda d: phase(d)["layers"]["hidden"].update(spikes=2.5),
            r"layers.hidden.spikes must be a whole number at least 0, got 2.5",
        ),
        (
            lambda d: phase(d)["layers"]["hidden"].update(updates=2),
            r"layers.hidden.updates is not a known key; did you mean 'trace_updates'",
        ),
        (
            lambda d: phase(d)["couplings"]["input->hidden"].update(
                effective_synaptic_operations=8400001
            ),
            r"input->hidden.effective_synaptic_operations must be at most .+ 8400000, got 8400001",
        ),
        (
            lambda d: phase(d)["layers"]["input"].update(spikes=0),
            r"input->hidden.synaptic_operations must be 0, for 'input' has no spikes",
        ),
        (lambda d: phase(d)["layers"].pop("input"), "no phase has counts of a layer 'input'"),
        (
            lambda d: phase(d)["couplings"].update(
                {"input-hidden": phase(d)["couplings"].pop("input->hidden")}
            ),
            r"couplings.input-hidden: a directed coupling must be named FROM->TO",
        ),
        (
            lambda d: phase(d, "training")["plasticity"].update(
                {"input_hidden": phase(d, "training")["plasticity"].pop("input-hidden")}
            ),
            r"training: phases.presentation.plasticity.input_hidden: weights must be named A-B",
        ),
        (
            lambda d: phase(d, "training")["plasticity"].update(
                {"hiden.bias": phase(d, "training")["plasticity"].pop("input-hidden")}
            ),
            r"'hiden'; did you mean 'hidden'",
        ),
        (lambda d: d["weights"].update(other=3), r"weights.other: .+ it has 'input-hidden'"),
        (lambda d: d["weights"].update({"input-hidden": 0}), "whole number at least 1"),
        (lambda d: d.update(provenance=[]), "provenance must be a mapping"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(tmp_path: Path, change: Change, message: str) -> None:
    """Each error names the file and the key."""
    path = changed(tmp_path, change)
    with pytest.raises(ConfigError, match=message) as caught:
        read_counts_file(path)
    assert str(caught.value).startswith(str(path))


def test_learning_is_no_inference(tmp_path: Path) -> None:
    """Counts with weight writes belong to training."""
    path = changed(tmp_path, lambda d: d.update(inference=d["training"]))
    with pytest.raises(ConfigError, match="give them as training counts"):
        estimate_counts(path, ("loihi1",))


@pytest.mark.parametrize("text", ["", "{", '{"schema": 1, "schema": 2}'])
def test_broken_json_is_refused(tmp_path: Path, text: str) -> None:
    """Also a key given twice, of which JSON would keep the last."""
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.json: cannot be read as JSON"):
        read_counts_file(path)
