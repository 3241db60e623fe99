"""A cache that can be read and not written: what needs it says so, the rest works without."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_DROP_FROM_BOUNDING_SET, _IGNORE_RIGHTS_OF_FILES = 24, 1  # linux/prctl.h, linux/capability.h

FETCH = """
from eqspike.tasks.download import fetch
from eqspike.tasks.places import cache_folder
fetch("file", "0" * 64, ["http://127.0.0.1:9/no-such"], cache_folder(), "")
"""
CYTHON = """
from eqspike.engines.brian2 import targets
targets.lacking.__globals__["shutil"].which = lambda name: name
targets.require(targets.Target("cython"))
"""
KERNELS = """
from eqspike.engines.fast.compilation import announce_first_use
announce_first_use("float32")()
"""


def obey_rights() -> None:
    """Take from a program that root starts the power to write where nobody may."""
    ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _IGNORE_RIGHTS_OF_FILES, 0, 0, 0)


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        (FETCH, 1, "the cache cannot be used: {cache}: cannot be written: Permission denied; choose"),
        (CYTHON, 1, "a place for what it compiles ({cache}/brian2/cython: cannot be written: Permission denied"),
        (KERNELS, 0, "anew in every process, for {cache}"),
    ],
    ids=["data", "cython", "kernels"],
)  # fmt: skip
def test_a_read_only_cache(tmp_path: Path, code: str, status: int, said: str) -> None:
    """The message names the folder, the reason and the variable to set; no mirror is asked."""
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o555)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "EQSPIKE_CACHE": str(cache)}
    probe = f"import os, sys\nif os.access({str(cache)!r}, os.W_OK): sys.exit(77)\n"
    done = subprocess.run(
        [sys.executable, "-c", probe + code], env=environment, capture_output=True, text=True,
        preexec_fn=obey_rights, check=False,
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("this process may write anywhere")
    assert done.returncode == status, done.stderr
    assert said.format(cache=cache) in done.stderr
    assert "EQSPIKE_CACHE" in done.stderr
    assert "mirror" not in done.stderr.splitlines()[-1]
    assert list(cache.iterdir()) == []
