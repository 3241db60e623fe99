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
from eqspike.engines.lava.hardware_script import write_hardware_script
from eqspike.engines.lava.schedule import input_lines
from eqspike.testing import SIZES, samples, small_system

ROOT = Path(__file__).resolve().parents[3]
SYSTEM = small_system(SIZES[1], CurrentBased())

needs_lava = pytest.mark.skipif(
    importlib.util.find_spec("lava") is None, reason="Lava is not installed"
)

# The script itself is for the Python that Lava was made for; on later ones Lava must be prepared before.
RUN = """
import runpy, sys
from eqspike.engines.lava.compatibility import prepare_lava
prepare_lava()
for name in [name for name in sys.modules if name.split(".")[0] == "eqspike"]:
    del sys.modules[name]
sys.path[:] = [place for place in sys.path if place != sys.argv[1]]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
assert "eqspike" not in sys.modules
"""


def run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_lava
def test_the_script_gives_the_same_spikes(tmp_path: Path) -> None:
    images, labels, keys = samples(SYSTEM, 1)
    steps = SYSTEM.rule.free_steps
    with FastIntSession(SYSTEM, 1) as session:
        spikes, _ = session.trace(images, labels, keys)
        write_hardware_script(session.network, tmp_path / "net.py", "A test")
    np.save(tmp_path / "in.npy", input_lines(SYSTEM, images, keys, steps))
    done = run(RUN, ROOT, tmp_path / "net.py", "in.npy", "out.npy", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    expected = spikes["output"][0, :steps].T
    assert expected.any()
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


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
    done = run(CONFIGURATIONS, cwd=tmp_path)
    assert done.returncode == 1
    assert "MissingPackageError: Loihi 2 hardware needs Lava's extension" in done.stderr
