"""Files of counts from elsewhere: priced like any counts, and refused where they contradict themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eqspike.core.errors import ConfigError
from eqspike.counting import Connection, count_arrays
from eqspike.energy import Conditions, estimate
from eqspike.energy.counts_file import read_counts_file, write_counts_file
from eqspike.experiment.estimating import estimate_counts
from eqspike.reports import write_report

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
        (lambda d: d["provenance"].update(accuracy=91), "provenance.accuracy must be a finite .+, got 91"),
        (lambda d: d["provenance"].update(accuracy="91 %"), "provenance.accuracy must be"),
        (lambda d: d["provenance"].update(accuracy=True), "provenance.accuracy must be"),
        (lambda d: d["provenance"].update(accuracy=float("nan")), "NaN is no finite number"),
        (lambda d: d["provenance"].update(note=float("-inf")), "-Infinity is no finite number"),
        (lambda d: d["inference"].update(samples=float("nan")), "NaN is no finite number"),
        (
            lambda d: phase(d, "training")["plasticity"]["input-hidden"].update(
                candidate_writes=0, applied_writes=99
            ),
            r"plasticity.input-hidden.applied_writes must be at most candidate_writes, which is 0, got 99",
        ),
        (
            lambda d: phase(d)["layers"]["hidden"].update(spikes=5, neuron_updates=1),
            r"presentation.layers.hidden.spikes must be at most those of its 1 neuron updates, got 5",
        ),
        (
            lambda d: phase(d)["layers"]["hidden"].update(spikes=1000, neuron_updates=100),
            r"hidden.spikes must be at most those of its 100 neuron updates, got 1000",
        ),
        (lambda d: phase(d).update(sample_steps=0), r"must be 0 in a phase whose sample_steps are 0"),
        (lambda d: phase(d).update(sample_steps=99), r"sample_steps of samples x time steps, at least 100"),
        (lambda d: d.update(spikes_per_update=0), "spikes_per_update must be a whole number at least 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(tmp_path: Path, change: Change, message: str) -> None:
    """Each error names the file and the key."""
    path = changed(tmp_path, change)
    with pytest.raises(ConfigError, match=message) as caught:
        read_counts_file(path)
    assert str(caught.value).startswith(str(path))


def test_several_spikes_an_update_are_declared(tmp_path: Path) -> None:
    """Simulators of digital chips let a neuron fire several times a step; the file says so."""
    spikes = {"input": np.full((2, 3, 4), 2), "hidden": np.full((2, 3, 5), 3)}
    counts = count_arrays(
        spikes, [Connection.dense("input", "hidden", np.ones((4, 5)))], inputs=["input"]
    )
    path = tmp_path / "mine.json"
    with pytest.raises(ConfigError, match="give 'spikes_per_update' beside the counts"):
        write_counts_file(path, inference=counts)
    write_counts_file(path, inference=counts, spikes_per_update=3)
    assert read_counts_file(path).inference == counts


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "must hold counts under 'inference' or 'training'"),
        ({"provenance": {"by": {1}}}, "must be made of plain JSON data: set .+ has no form"),
        ({"provenance": {"by": "\ud800"}}, "must be made of plain JSON data"),
        ({"provenance": [1]}, "provenance must be a mapping, got list"),
        ({"provenance": {"accuracy": 97.0}}, "provenance.accuracy must be"),
        ({"weights": "all"}, "weights must be a mapping, got str"),
        ({"training": {"samples": 1}}, "training must be EventCounts, got dict"),
        ({"spikes_per_update": 0}, "spikes_per_update must be a whole number at least 1, got 0"),
    ],
)
def test_what_would_be_refused_is_not_written(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    """Nor is a file that was there touched; numbers of NumPy are numbers."""
    inference = read_counts_file(EXAMPLE).inference
    path = tmp_path / "mine.json"
    good = {"accuracy": np.float32(0.5), "seed": np.int64(3)}
    write_counts_file(path, inference=inference, provenance=good)
    before = path.read_bytes()
    assert read_counts_file(path).provenance["seed"] == 3
    with pytest.raises(ConfigError, match=message):
        write_counts_file(path, **({"inference": inference} if options else {}), **options)
    assert path.read_bytes() == before


def test_numbers_beyond_floats_and_depths_are_refused(tmp_path: Path) -> None:
    """Each with the name of the file."""
    path = tmp_path / "mine.json"
    for text in (
        '{"schema": 1e999}',
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=r"mine\.json: is not valid JSON"):
            read_counts_file(path)


def test_hops_of_an_unknown_layer_are_refused(tmp_path: Path) -> None:
    """A misspelt layer would have no hops, and the report 0 J of them."""
    report = estimate_counts(
        EXAMPLE, ("loihi1",), conditions=Conditions(hops_per_spike={"hidden": 2})
    )
    (chip,) = report.chips
    assert chip.inference is not None
    hops = chip.inference.estimate.energy(category="hops")
    assert hops is not None
    assert hops.typical > 0
    with pytest.raises(ConfigError, match=r"layer 'hiden': .+ did you mean 'hidden'"):
        estimate_counts(EXAMPLE, ("loihi1",), conditions=Conditions(hops_per_spike={"hiden": 2}))
    inference = read_counts_file(EXAMPLE).inference
    assert inference is not None
    with pytest.raises(ConfigError, match=r"layer 'hiden': .+ did you mean 'hidden'"):
        estimate(inference, chip.chip, Conditions(hops_per_spike={"hiden": 2}))


def test_the_report_says_samples_and_steps(tmp_path: Path) -> None:
    """Steps taken for samples are seen there, and nowhere else."""
    write_report(estimate_counts(EXAMPLE, ("loihi1",)), tmp_path)
    counted = read_counts_file(EXAMPLE).inference
    assert counted is not None
    steps = counted.phases["presentation"].sample_steps // counted.samples
    expected = f"Inference, mean of {counted.samples} samples of {steps} steps"
    for name in ("energy.md", "energy.html"):
        assert expected in (tmp_path / name).read_text()


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
    with pytest.raises(ConfigError, match=r"mine\.json: is not valid JSON"):
        read_counts_file(path)
