"""How a target of the Brian2 engine is named, what it needs, and what is said while it works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eqspike.cli import main
from eqspike.core.errors import MissingPackageError, UnsupportedError
from eqspike.experiment import open_session
from eqspike.testing import samples, small_system

pytest.importorskip("brian2")
reporting = pytest.importorskip("eqspike.engines.brian2.reporting")
targets = pytest.importorskip("eqspike.engines.brian2.targets")
preferences = pytest.importorskip("eqspike.engines.brian2.preferences")


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the C++ compiler cannot be found."""
    monkeypatch.setenv("CXX", "no-such-compiler -O1")


def test_names() -> None:
    """What follows `brian2:`, split at colons."""
    assert targets.read_target() == targets.Target("numpy")
    assert targets.read_target("cython") == targets.Target("cython")
    assert targets.read_target("cpp_standalone", "2") == targets.Target("cpp_standalone", 2)
    assert targets.read_target("cpp_standalone", "2").title == "cpp_standalone, 2 threads"
    assert targets.read_target("cpp_standalone", "1").title == "cpp_standalone"


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("brian2:cyton", "did you mean 'brian2:cython'"),
        ("brian2:", "must be one of numpy, cython, cpp_standalone, auto, got ''"),
        ("brian2:numpy:2", "only the target 'cpp_standalone' takes a number of threads"),
        ("brian2:auto:2", "takes a number of threads"),
        ("brian2:cpp_standalone:0", "at least 1"),
        ("brian2:cpp_standalone:two", "at least 1"),
        ("brian2:cpp_standalone:2:2", "got 'brian2:cpp_standalone:2:2'"),
        ("brain2:cython", "did you mean 'brian2'"),
        ("fast:2", "engine 'fast' takes no options"),
    ],
)
def test_wrong_names_are_refused(engine: str, message: str) -> None:
    """With the nearest right one."""
    with pytest.raises(UnsupportedError) as found:
        open_session(small_system(), engine=engine)
    assert message in str(found.value)


@pytest.mark.usefixtures("no_compiler")
@pytest.mark.parametrize("target", ["cython", "cpp_standalone", "cpp_standalone:2"])
def test_a_missing_compiler_is_named_before_anything_is_built(target: str, tmp_path: Path) -> None:
    """What to install, what needs no compiler; and the earlier run in the folder is still there."""
    with pytest.raises(MissingPackageError, match=r"'no-such-compiler' is not found.*apt install"):
        open_session(small_system(), engine=f"brian2:{target}")
    out = tmp_path / "run"
    command = ["train", "eqspike-digits", "digits", "--limit", "20", "--epochs", "1"]
    assert main([*command, "--out", str(out)]) == 0
    before = (out / "weights.safetensors").read_bytes()
    assert main([*command, "--out", str(out), "--force", "--engine", f"brian2:{target}"]) == 2
    assert (out / "weights.safetensors").read_bytes() == before


@pytest.mark.usefixtures("no_compiler")
def test_only_auto_falls_back_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """`auto` is the compiled program where there is a compiler."""
    assert targets.read_target("auto") == targets.NUMPY
    assert "'brian2:auto' takes numpy: cpp_standalone needs a C++" in capsys.readouterr().err


def test_auto_takes_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In silence."""
    monkeypatch.setattr(targets, "lacking", lambda name: None)
    assert targets.read_target("auto") == targets.Target("cpp_standalone")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("target", "found"), [("cpp_standalone", "make"), ("cython", "Python.h")])
def test_other_needs(target: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make for the program, Python's headers for its modules."""
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(
        targets.shutil, "which", lambda name: None if name == "make" else f"/bin/{name}"
    )
    monkeypatch.setattr(targets.sysconfig, "get_path", lambda name: "/nowhere")
    assert {"make": "make", "Python.h": "header files"}[found] in targets.lacking(target)
    assert targets.lacking("numpy") is None


def test_other_systems_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is known about rounding."""
    monkeypatch.setattr(targets.os, "name", "nt")
    with pytest.raises(MissingPackageError, match="GCC or Clang"):
        targets.require(targets.Target("cython"))


@pytest.mark.usefixtures("no_compiler")
def test_doctor_says_what_a_target_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    """All three, for people and programs."""
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["brian2_targets"]
    assert found["numpy"] == "has what it needs"
    assert "no-such-compiler" in found["cython"]
    assert "no-such-compiler" in found["cpp_standalone"]
    assert main(["doctor"]) == 0
    assert "engine brian2:cpp_standalone: needs a C++ compiler" in capsys.readouterr().out


def test_compilers_may_not_change_rounding() -> None:
    """Nor may Brian2 reuse what others compiled from the same text with other arguments."""
    wanted = preferences.engine_preferences(targets.Target("cpp_standalone", 3))
    arguments = wanted["codegen.cpp.extra_compile_args"]
    assert "-ffp-contract=off" in arguments
    assert not {"-ffast-math", "-Ofast"} & set(arguments)
    assert wanted["devices.cpp_standalone.openmp_threads"] == 3
    assert ".cython" not in wanted["codegen.runtime.cython.cache_dir"]


def test_long_work_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between the runs of a batch, and within a run; short work is not."""
    session = pytest.importorskip("eqspike.engines.brian2.session")
    system = small_system()
    images, _, keys = samples(system, 3)
    monkeypatch.setattr(session, "BLOCK_SAMPLES", 1)

    def scores() -> Any:
        with session.Brian2Session(system, 1) as opened:
            return opened.scores(images, keys)

    scores()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(reporting, "REPORT_SECONDS", 0.0)
    scores()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "eqspike: Brian2 (numpy): 1 of 3 samples",
        "eqspike: Brian2 (numpy): 2 of 3 samples",
    ]
    reporting.reporter("numpy", 8)(3.0, 0.25, 0, 0)
    reporting.reporter("numpy", 8)(3.0, 1.0, 0, 0)
    assert capsys.readouterr().err == (
        "eqspike: Brian2 (numpy): 25% of a run of 8 samples, 9 s left\n"
    )
