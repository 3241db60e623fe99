"""Without optional packages, all that does not need them works, and what needs one says how to install it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]

NOT_NEEDED = (
    "brian2", "dask", "distributed", "lava", "matplotlib", "nir", "nirtorch", "norse", "optuna", "PIL",
    "pynvml", "snntorch", "tensorboard", "tensorboardX", "tonic", "torch",
)  # fmt: skip

ABSENT = f"""
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {NOT_NEEDED!r}:
            return None
        return self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""

EVERY_MODULE = """
import importlib, pkgutil
for package in ("cli", "api", "experiment", "reports", "training", "counting"):
    found = importlib.import_module(f"eqspike.{package}")
    for module in pkgutil.walk_packages(found.__path__, f"eqspike.{package}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""

EVERY_NAME = """
import eqspike
for name in eqspike.__all__:
    getattr(eqspike, name)
"""

COMMAND = """
from eqspike.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(program: str, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A program in a process that has none of these packages."""
    return subprocess.run(
        [sys.executable, "-c", ABSENT + program, *words],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def command(place: Path, *words: str) -> str:
    """What a command prints that must succeed."""
    done = run(COMMAND, place, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run `runs/a`."""
    place = tmp_path_factory.mktemp("without")
    small = ("--epochs", "1", "--limit", "40", "--test-limit", "20")
    command(place, "train", "eqspike-digits-loihi", "digits", *small, "--out", "runs/a")
    return place


@pytest.mark.parametrize("program", [EVERY_MODULE, EVERY_NAME], ids=["modules", "names"])
def test_imports(program: str, tmp_path: Path) -> None:
    done = run(program, tmp_path)
    assert done.returncode == 0, done.stderr


def test_commands(trained: Path) -> None:
    """Training, deployment, prices and checks need none of them."""
    (trained / "model.yaml").write_text((ROOT / "models/eqspike-digits.yaml").read_text())
    assert "mantissas" in command(trained, "deploy", "runs/a", "--chip", "loihi1", "--limit", "20")
    assert "loihi1" in command(trained, "estimate", "runs/a", "--chip", "loihi1")
    assert "a valid model" in command(trained, "check", "model.yaml")
    assert "eqspike-digits" in command(trained, "list")
    assert "not installed" in command(trained, "doctor")


@pytest.mark.parametrize(
    ("words", "package"),
    [
        (("deploy", "x.nir", "--chip", "loihi1", "--spikes", "x.npy", "--step-ms", "1"), "nir"),
        (("export", "runs/a", "--format", "nir"), "nir"),
        (("export", "runs/a"), "brian2"),
        (("plot", "runs/a"), "matplotlib"),
        (("train", "ep-512", "mnist", "--limit", "10"), "torch"),
        (("train", "eqspike-digits", "digits", "--log", "tensorboard"), "tensorboardX"),
        (("check-gradient", "hssm-linear", "scp1", "--samples", "2"), "torch"),
        (("parity", "runs/a", "--engines", "fast,brian2"), "brian2"),
        (("parity", "runs/a", "--engines", "fast-int,lava"), "lava-nc"),
    ],
)  # fmt: skip
def test_what_needs_one_says_so(trained: Path, words: tuple[str, ...], package: str) -> None:
    np.save(trained / "x.npy", np.zeros((2, 3, 4), np.uint8))
    (trained / "x.nir").touch()
    done = run(COMMAND, trained, *words)
    assert done.returncode == 2, done.stderr
    assert f"needs the package '{package}" in done.stderr
    assert re.search(rf"pip install (.* )?{package}", done.stderr)
