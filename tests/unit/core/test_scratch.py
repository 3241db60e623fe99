"""Temporary folders: gone in good order, and after a kill with the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from eqspike.core.scratch import make_scratch, remove_abandoned_scratch, scratch

KILLED = """
import time
from eqspike.core.scratch import make_scratch
print(make_scratch("sweep"), flush=True)
time.sleep(60)
"""


def old(folder: Path) -> Path:
    os.utime(folder, (0, 0))
    return folder


def test_a_folder_is_gone_afterwards() -> None:
    with scratch("sweep") as folder:
        (folder / "file").write_text("x")
        assert f"-{os.getpid()}-" in folder.name
    assert not folder.exists()


def test_what_a_kill_left_is_deleted_by_the_next_start(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": root},
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        (left / "file").write_text("x")
        remove_abandoned_scratch(old(left).parent)
        assert left.is_dir(), "its process still runs"
        process.send_signal(signal.SIGKILL)
    others = [tmp_path / "eqspike-sweep-notes", tmp_path / "eqspike-lava-mine-1"]
    for other in others:
        other.mkdir()
        old(other)
    (left / "file").touch()
    os.utime(left)
    made = make_scratch("lava", tmp_path)
    assert left.is_dir(), "it may be of a process that has just begun elsewhere"
    old(left)
    remove_abandoned_scratch(tmp_path)
    assert not left.exists()
    assert made.is_dir()
    assert all(other.is_dir() for other in others), "these are of another form"
