"""Compiled targets of the Brian2 engine compute what the others do, to the last bit of every potential."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eqspike.cli import main
from eqspike.core.errors import EngineError
from eqspike.core.learner import Arrays
from eqspike.core.neurons import Neuron
from eqspike.core.working_time import WORKING_TIME
from eqspike.experiment import open_session
from eqspike.experiment.learnt import TOLERANCE
from eqspike.experiment.parity import compare
from eqspike.systems import System
from eqspike.systems.weights import initial_weights
from eqspike.testing import NEURONS, SIZES, fixed_memory, samples, small_system

brian2 = pytest.importorskip("brian2")
devices = pytest.importorskip("brian2.devices")
printing = pytest.importorskip("eqspike.engines.brian2.printing")
programs = pytest.importorskip("eqspike.engines.brian2.programs")
brian2_session = pytest.importorskip("eqspike.engines.brian2.session")
pytestmark = pytest.mark.slow

SIGMA_DELTA, CURRENT_BASED = NEURONS
PROGRAM = "brian2:cpp_standalone"
CASES = [
    (PROGRAM, SIGMA_DELTA, "integrate-and-fire"),
    (PROGRAM, CURRENT_BASED, "poisson"),
    (PROGRAM, SIGMA_DELTA, "constant-current"),
    (f"{PROGRAM}:2", SIGMA_DELTA, "poisson"),
    (f"{PROGRAM}:2", CURRENT_BASED, "constant-current"),
    ("brian2:cython", SIGMA_DELTA, "poisson"),
    ("brian2:cython", CURRENT_BASED, "constant-current"),
]


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several runs a batch, the last one shorter."""
    monkeypatch.setattr(brian2_session, "BLOCK_SAMPLES", 3)


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where programs are compiled."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def with_biases(system: System) -> Arrays:
    """Initial weights, and biases that differ from neuron to neuron."""
    return {
        name: np.linspace(-0.2, 0.3, len(array)) if name.endswith("bias") else array
        for name, array in initial_weights(system, 1).items()
    }


def learnt(system: System, engine: str) -> dict[str, Any]:
    """Weights and counts after two batches of different weights, then scores and potentials."""
    images, labels, keys = samples(system, 9)
    with open_session(system, 2, engine) as session:
        for batch, part in enumerate((slice(0, 4), slice(4, 9))):
            session.fit(images[part], labels[part], keys[part], 2.0, batch)
        counts = session.take_counts()
        scores = session.scores(images, keys)
        spikes, potentials = session.trace(images, labels, keys)  # type: ignore[attr-defined]
        weights = session.weights()
    arrays = {"scores": scores, "spikes": spikes["output"], "potentials": potentials["output"]}
    return {"counts": counts, **weights, **arrays}


@pytest.mark.parametrize(("engine", "neuron", "encoder"), CASES)
def test_targets_equal_the_fast_engine(engine: str, neuron: Neuron, encoder: str) -> None:
    """Free and nudged phase, learning of a batch, and the read-out alone; two hidden layers."""
    system = small_system(SIZES[1], neuron, encoder, fixed_memory(4, "stochastic", 3))
    parity = compare(system, with_biases(system), samples(system, 5), ("fast", engine))
    assert parity.first_difference is None
    assert parity.differing_events == 0
    assert parity.max_state_difference == 0
    assert parity.max_weight_error <= TOLERANCE
    assert parity.counts_equal
    assert parity.events > 0


@pytest.mark.parametrize("engine", [PROGRAM, f"{PROGRAM}:2"])
def test_a_program_is_used_again_and_equals_numpy_bit_for_bit(
    engine: str, temporary: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    """With other weights, inputs and lengths; changes of weights are equal too. No file of a session stays."""
    monkeypatch.setattr(programs, "cache_folder", lambda kind: tmp_path / "kept" / kind)
    system = small_system(SIZES[1], SIGMA_DELTA, "poisson")
    expected = learnt(system, "brian2")
    capsys.readouterr()
    found = learnt(system, engine)
    assert capsys.readouterr().err.count("compiling the Brian2 network") == 2
    assert len(list((tmp_path / "kept" / "programs").iterdir())) == 2
    for name, value in expected.items():
        if name == "counts":
            assert found[name] == value
        else:
            np.testing.assert_array_equal(found[name], value, err_msg=name)
    assert not list(temporary.glob("eqspike-*"))


def test_a_program_of_the_user_is_left_alone(tmp_path: Path) -> None:
    """The user prepares one before, builds and runs it afterwards, and it does what they wrote."""
    system = small_system()
    images, _, keys = samples(system, 2)
    brian2.set_device("cpp_standalone", build_on_run=False)
    try:
        mine = brian2.get_device()
        group = brian2.NeuronGroup(3, "v : 1", name="hidden")
        group.v = [1, 2, 3]
        group.run_regularly("v += 1", dt=1 * brian2.ms)
        network = brian2.Network(group)
        with open_session(system, 1, PROGRAM) as session:
            scores = session.scores(images, keys)
        assert brian2.get_device() is mine
        network.run(4 * brian2.ms)
        mine.build(directory=str(tmp_path / "mine"), with_output=False)
        np.testing.assert_array_equal(group.v[:], [5, 6, 7])
    finally:
        devices.reset_device()
        brian2.all_devices["cpp_standalone"].reinit()
    with open_session(system, 1, "fast") as session:
        np.testing.assert_array_equal(scores, session.scores(images, keys))


def test_a_compiler_that_fails_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In one line after the compiler's own, and the preferences are given back."""
    compiler = tmp_path / "compiler"
    compiler.write_text("#!/bin/sh\nexit 3\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    before = {name: brian2.prefs[name] for name in list(brian2.prefs)}
    command = ["train", "eqspike-digits", "digits", "--limit", "2", "--epochs", "1"]
    assert main([*command, "--engine", PROGRAM, "--out", str(tmp_path / "run")]) == 2
    assert "the C++ compiler failed" in capsys.readouterr().err.splitlines()[-1]
    assert {name: brian2.prefs[name] for name in list(brian2.prefs)} == before


def test_commands_take_a_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training keeps it in the configuration; the counts are those of the fast engine."""
    monkeypatch.setattr(brian2_session, "BLOCK_SAMPLES", 64)
    counts = []
    for engine in ("fast", PROGRAM):
        out = tmp_path / engine.replace(":", "-")
        command = ["train", "eqspike-digits", "digits", "--engine", engine, "--limit", "8"]
        command += ["--epochs", "1", "--set", "training.precision=float64", "--out", str(out)]
        command += ["--set", "rule.free_steps=20", "--set", "rule.nudged_steps=10"]
        assert main([*command, "--set", "rule.readout_steps=10"]) == 0
        counts.append(json.loads((out / "counts.json").read_text()))
    assert counts[0] == counts[1]
    assert f"engine: {PROGRAM}" in (out / "config.yaml").read_text()
    capsys.readouterr()
    assert main(["evaluate", str(out), "--limit", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["samples"] == 4


def test_results_that_a_full_disk_cuts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program itself ends with status 0."""
    system = small_system()
    images, labels, keys = samples(system, 3)
    with open_session(system, 2, PROGRAM) as session:
        presented = session.trace(images, labels, keys)  # type: ignore[attr-defined]
        runner = session._runners[printing.Mode.BATCH]  # type: ignore[attr-defined]
        for cut in ("spikes_t", "spikes_i", "spikes_N", "potentials_v", "change"):
            with monkeypatch.context() as patched:
                patched.setattr(runner, "_device", CutsFiles(runner._device, runner._folder, cut))
                with pytest.raises(EngineError, match="is there room on that disk"):
                    session.trace(images, labels, keys)  # type: ignore[attr-defined]
        again = session.trace(images, labels, keys)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(again[1]["output"], presented[1]["output"])


class CutsFiles:
    """Brian2's device, with a full disk when its program writes some of its results."""

    def __init__(self, device: Any, folder: Path, cut: str) -> None:
        self._device, self._folder, self._cut = device, folder, cut

    def run(self, **arguments: Any) -> None:
        """Run the program."""
        self._device.run(**arguments)
        for path in (self._folder / "results").glob(f"*_{self._cut}_*"):
            os.truncate(path, path.stat().st_size // 2)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._device, name)


def test_compiling_a_program_is_no_time_at_work() -> None:
    """It is left out of the paces of training, as that of kernels is."""
    system = small_system()
    images, _, keys = samples(system, 2)
    before = WORKING_TIME.left_out
    with open_session(system, 2, PROGRAM) as session:
        session.scores(images, keys)
        compiled = WORKING_TIME.left_out
        session.scores(images, keys)
    assert before < compiled == WORKING_TIME.left_out
