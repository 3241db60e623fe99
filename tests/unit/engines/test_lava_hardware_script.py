"""The stand-alone script computes the same spikes, without eqspike."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eqspike.core.errors import UnsupportedError
from eqspike.core.neurons import CurrentBased
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.lava.hardware_script import Sample, write_hardware_script
from eqspike.engines.lava.schedule import input_lines
from eqspike.testing import SIZES, samples, small_system

ROOT = Path(__file__).resolve().parents[3]
SYSTEM = small_system(SIZES[1], CurrentBased())

needs_lava = pytest.mark.skipif(
    importlib.util.find_spec("lava") is None, reason="Lava is not installed"
)


def run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A clean interpreter: nothing of eqspike, of the environment or of the folder is on its path."""
    return subprocess.run(
        [sys.executable, "-I", *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


# The editable install of the tests can be imported by any interpreter of the environment; this one may not.
ALONE = """
import runpy, sys
sys.modules["eqspike"] = None
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def written(folder: Path) -> tuple[Path, np.ndarray]:
    """A script with a sample, and the spikes of the sample's input."""
    images, labels, keys = samples(SYSTEM, 1)
    steps = SYSTEM.rule.free_steps
    with FastIntSession(SYSTEM, 1) as session:
        spikes, _ = session.trace(images, labels, keys)
        lines = input_lines(SYSTEM, images, keys, steps)
        sample = Sample(lines, int(labels[0]), spikes["output"][0, :steps].T)
        write_hardware_script(session.network, folder / "net.py", "A test", sample)
    assert sample.expected.any()
    return folder / "net.py", sample.expected


@needs_lava
def test_the_script_gives_the_same_spikes(tmp_path: Path) -> None:
    """As it is started by a user: without arguments it presents its sample and compares."""
    script, expected = written(tmp_path)
    done = run("-c", ALONE, script, "--raster", "out.npy", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "equal to what eqspike's integers give" in done.stdout
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


@needs_lava
def test_the_script_takes_other_inputs_and_refuses_wrong_ones(tmp_path: Path) -> None:
    script, _ = written(tmp_path)
    lines = np.load(tmp_path / "net.npz")["sample"]
    np.save(tmp_path / "none.npy", np.zeros_like(lines))
    done = run(script, "--spikes", "none.npy", "--raster", "out.npy", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "out.npy").shape == (SIZES[1][-1], lines.shape[1])
    np.save(tmp_path / "turned.npy", lines.T)
    done = run(script, "--spikes", "turned.npy", cwd=tmp_path)
    assert done.returncode == 2
    assert f"must be ({SIZES[1][0]}, steps) of 0 and 1" in done.stderr


def test_the_title_says_what_the_network_is(tmp_path: Path) -> None:
    """Layers that were changed by `--set` too, which the model's own title does not know."""
    script, _ = written(tmp_path)
    sizes = "-".join(str(size) for size in SIZES[1])
    assert script.read_text().startswith(f'"""Inference of a spiking network of {sizes} neurons')


def test_the_script_says_that_it_was_not_run_on_silicon(tmp_path: Path) -> None:
    with FastIntSession(SYSTEM, 1) as session:
        write_hardware_script(session.network, tmp_path / "net.py")
    assert "NOT RUN ON SILICON" in (tmp_path / "net.py").read_text()


def test_weights_of_nine_bits_are_refused(tmp_path: Path) -> None:
    with FastIntSession(SYSTEM, 1) as session:
        first, *others = session.network.couplings
        odd = replace(first, mantissas=first.mantissas | 1)
        network = replace(session.network, couplings=(odd, *others))
    with pytest.raises(UnsupportedError, match="even mantissas"):
        write_hardware_script(network, tmp_path / "net.py")
    assert not list(tmp_path.iterdir())


CONFIGURATIONS = """
from eqspike.engines.lava.compatibility import prepare_lava
prepare_lava()
from eqspike.engines.lava.configuration import run_configuration
assert run_configuration("fixed_pt").select_tag == "fixed_pt"
run_configuration("fixed_pt", hardware=True)
"""


@needs_lava
def test_hardware_needs_what_is_on_no_index(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONFIGURATIONS], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "MissingPackageError: Loihi 2 hardware needs Lava's extension" in done.stderr
