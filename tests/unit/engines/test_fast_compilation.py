"""Compiled kernels are kept where the user says, and the engine works where nothing can be kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from eqspike.core.compilation import fingerprint, writable
from eqspike.engines.fast.compilation import announce_first_use, cache_folder

ROOT = Path(__file__).resolve().parents[3]

TINY_FIT = """
from eqspike.engines.fast import FastSession
from eqspike.testing import samples, small_system

system = small_system()
with FastSession(system, threads=1) as session:
    before = session.weights()["input-hidden"]
    session.fit(*samples(system, 2), 1.0, 0)
    assert (session.weights()["input-hidden"] != before).any()
print("learnt")
"""


def run_tiny_fit(cache: Path | str) -> subprocess.CompletedProcess[str]:
    """Learn in a fresh process, every warning being an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", TINY_FIT],
        env={**os.environ, "PYTHONPATH": str(ROOT), "EQSPIKE_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """EQSPIKE_CACHE, else the user's cache folder; never beside the sources."""
    monkeypatch.setenv("EQSPIKE_CACHE", str(tmp_path))
    assert tmp_path in cache_folder().parents
    monkeypatch.delenv("EQSPIKE_CACHE")
    assert "eqspike" in cache_folder().parts
    assert ROOT / "eqspike" not in cache_folder().parents


def test_any_changed_source_means_another_cache(tmp_path: Path) -> None:
    """Kernels contain helpers of other files, whose changes Numba does not notice."""
    prints = []
    for text in ("a = 1", "a = 2", "a = 1"):
        folder = tmp_path / str(len(prints))
        (folder / "inner").mkdir(parents=True)
        (folder / "inner" / "helper.py").write_text(text)
        (folder / "kernel.py").write_text("import inner.helper")
        prints.append(fingerprint(folder))
    assert prints[0] == prints[2] != prints[1]


def test_what_cannot_be_kept_is_not_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder below a regular file cannot be made, and a full disk keeps nothing."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("EQSPIKE_CACHE", str(tmp_path / "file" / "below"))
    announce_first_use("float32")()
    said = capsys.readouterr().err
    assert "anew in every process" in said
    assert "set EQSPIKE_CACHE" in said
    assert "kept for later" not in said
    monkeypatch.setenv("EQSPIKE_CACHE", str(tmp_path / "good"))
    announce_first_use("float32")()
    assert "kept for later" in capsys.readouterr().err
    announce_first_use("float32")()
    assert capsys.readouterr().err == ""
    nearly_full = SimpleNamespace(free=1 << 20)
    monkeypatch.setattr("eqspike.core.compilation.shutil.disk_usage", lambda path: nearly_full)
    assert not writable(tmp_path / "good")
    announce_first_use("float64")()
    assert "anew in every process" in capsys.readouterr().err
    assert not list((tmp_path / "good").rglob("compiled-float64"))


@pytest.mark.slow
def test_kernels_are_compiled_once(tmp_path: Path) -> None:
    """The first use says so and keeps them; the second is silent and leaves the sources alone."""
    before = set((ROOT / "eqspike").rglob("*.nb*"))
    first, second = run_tiny_fit(tmp_path), run_tiny_fit(tmp_path)
    assert (first.stdout, second.stdout) == ("learnt\n", "learnt\n"), first.stderr + second.stderr
    assert "compiling kernels (first use on this machine" in first.stderr
    assert second.stderr == ""
    assert list(tmp_path.rglob("*.nbc"))
    assert set((ROOT / "eqspike").rglob("*.nb*")) == before


@pytest.mark.slow
def test_without_a_writable_cache_it_still_learns(tmp_path: Path) -> None:
    """A folder below a regular file cannot be made, not even by root."""
    file = tmp_path / "file"
    file.touch()
    done = run_tiny_fit(file / "below")
    assert done.stdout == "learnt\n", done.stderr
    assert file.read_bytes() == b""
