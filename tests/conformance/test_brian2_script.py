"""The exported script, run by an interpreter that has no eqspike, spikes as the fast engine does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eqspike.cli import main
from eqspike.engines.fast import FastSession
from eqspike.systems import System
from eqspike.systems.weights import initial_weights
from eqspike.tasks.encoders import ENCODERS
from eqspike.testing import NEURONS, SIZES, samples, small_system

engine = pytest.importorskip("eqspike.engines.brian2")

WITHOUT_EQSPIKE = """
import runpy, sys
sys.modules["eqspike"] = None
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_alone(script: Path, result: Path) -> str:
    """Run a script in a clean interpreter in which eqspike cannot be imported."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", WITHOUT_EQSPIKE, str(script), str(result)],
        capture_output=True, text=True, cwd=script.parent, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def spikes_of(
    found: dict[str, NDArray[np.int64]], name: str, steps: int, size: int
) -> NDArray[np.uint8]:
    raster = np.zeros((steps, size), np.uint8)
    raster[found[f"{name}_step"], found[f"{name}_neuron"]] = 1
    return raster


CASES = [(SIZES[1], NEURONS[0], ENCODERS[1]), (SIZES[0], NEURONS[1], ENCODERS[2])]


@pytest.mark.parametrize("case", CASES, ids=["sigma-delta-poisson", "current-based-current"])
def test_a_script_spikes_and_learns_alike(case: tuple[object, ...], tmp_path: Path) -> None:
    """Both phases of one sample; weight changes too."""
    system: System = small_system(*case)  # type: ignore[arg-type]
    images, labels, keys = samples(system, 1, seed=4)
    weights = initial_weights(system, 1)
    for name, array in weights.items():
        if name.endswith("bias"):
            array[:] = np.linspace(-0.2, 0.3, len(array))
    script, data = engine.write_script(
        system, weights, images[0], int(labels[0]), int(keys[0]), tmp_path / "alone.py", "A sample"
    )
    assert {script.name, data.name} == {path.name for path in tmp_path.iterdir()}
    assert "eqspike" not in script.read_text()
    printed = run_alone(script, tmp_path / "result.npz")
    found = dict(np.load(tmp_path / "result.npz"))
    with FastSession(system, threads=1) as session:
        session.load(weights)
        spikes, _ = session.trace(images, labels, keys)
        changes = session.changes(images, labels, keys)
        session.take_counts()
        scores = session.scores(images, keys)[0]
    np.testing.assert_allclose(found["scores"], scores, rtol=1e-12)
    assert f"answer: {scores.argmax()}, label: {labels[0]} (" in printed
    for layer in system.network.free_layers:
        expected = spikes[layer.name][0]
        np.testing.assert_array_equal(
            spikes_of(found, layer.name, len(expected), layer.size), expected
        )
        assert expected.any()
    for coupling in system.network.couplings:
        change = found[f"{coupling.pre.name}_to_{coupling.post.name}_change"]
        expected = changes[coupling.name]
        np.testing.assert_allclose(change, expected, rtol=0, atol=1e-12 * abs(expected).max())
    for layer in system.network.free_layers:
        expected = changes[f"{layer.name}.bias"]
        change = found[f"{layer.name}_bias_change"]
        np.testing.assert_allclose(change, expected, rtol=0, atol=1e-12 * abs(expected).max())
        assert expected.any()


def test_export_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes the script and its data; a sample that does not exist is refused."""
    run = tmp_path / "run"
    command = ["train", "eqspike-digits", "digits", "--epochs", "1", "--limit", "20"]
    assert main([*command, "--out", str(run)]) == 0
    capsys.readouterr()
    assert main(["export", str(run), "--format", "brian2", "--sample", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == "brian2"
    script, data = (Path(path) for path in found["files"])
    assert script == run / "brian2" / "sample_2.py"
    assert data.is_file()
    printed = run_alone(script, tmp_path / "result.npz")
    assert [line.split(":")[0] for line in printed.splitlines()] == [
        "input", "hidden", "output", "answer", "input_to_hidden", "hidden_to_output",
        "bias of hidden", "bias of output",
    ]  # fmt: skip
    assert main(["export", str(run), "--sample", "360"]) == 2
    assert "--sample must be from 0 to 359" in capsys.readouterr().err
