"""Lava becomes importable without a trace in the process that asks for it."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eqspike.core.errors import MissingPackageError
from eqspike.engines.lava.compatibility import hashable_dataclasses, prepare_lava

ROOT = Path(__file__).resolve().parents[3]
PROCESS_CLASS = "_process_class"
needs_lava = pytest.mark.skipif(
    importlib.util.find_spec("lava") is None, reason="Lava is not installed"
)

EVERYTHING = """
import dataclasses, importlib, multiprocessing, warnings
before = dataclasses._process_class
from eqspike.engines.lava.compatibility import prepare_lava
prepare_lava()
assert dataclasses._process_class is before, "not restored"
assert multiprocessing.get_start_method(allow_none=True) is None, "start method changed"
for module in ("proc.lif.models", "proc.dense.models", "proc.io.source", "magma.runtime.runtime",
               "magma.compiler.compiler", "magma.core.learning.learning_rule"):
    importlib.import_module("lava." + module)
assert dataclasses._process_class is before, "changed by later imports"
"""

PARENT = """
import multiprocessing, sys
import eqspike, eqspike.engines.lava, eqspike.engines.lava.compatibility
assert multiprocessing.get_start_method(allow_none=True) is None, "start method changed"
assert "lava" not in sys.modules, "Lava was imported"
"""


def defined_in(module: str) -> type:
    """A class made a dataclass as if that module had defined it."""
    plain = type("Example", (), {"__annotations__": {"x": int}, "__module__": module})
    return dataclasses.dataclass(plain)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="nothing is changed on Python 3.10")
def test_only_dataclasses_of_lava_are_hashable() -> None:
    with hashable_dataclasses():
        assert defined_in("lava.magma").__hash__ is object.__hash__
        assert defined_in("lavatory").__hash__ is None
    assert defined_in("lava.magma").__hash__ is None


def test_everything_is_restored_after_an_error() -> None:
    before = getattr(dataclasses, PROCESS_CLASS)
    with pytest.raises(RuntimeError), hashable_dataclasses():
        raise RuntimeError
    assert getattr(dataclasses, PROCESS_CLASS) is before


@pytest.mark.parametrize(
    "program",
    [pytest.param(EVERYTHING, marks=needs_lava, id="prepared"), pytest.param(PARENT, id="parent")],
)
def test_process_is_left_as_it_was(program: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_missing_lava_is_told_with_the_commands_that_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "lava"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lava", None)
    with pytest.raises(MissingPackageError, match="ignore-requires-python"):
        prepare_lava()
