"""Files are replaced whole, together or not at all, and what cannot be written is known before the work."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from eqspike.core.errors import RunError
from eqspike.core.files import (
    check_writable,
    remove_abandoned,
    together,
    write_bytes,
    write_json,
    write_together,
)

NAMES = ("energy.json", "energy.md", "energy.csv", "energy.html")


def test_files_appear_together_or_not_at_all(
    tmp_path: Path, files_of_at_most: Callable[[int], AbstractContextManager[None]]
) -> None:
    """The last cannot be written: those before it stay as they were, and nothing is left behind."""
    write_together(tmp_path, dict.fromkeys(NAMES, b"old"))
    with files_of_at_most(4096), pytest.raises(RunError, match=r"energy\.html: cannot be written"):
        write_together(tmp_path, {**dict.fromkeys(NAMES, b"new"), "energy.html": b"x" * 5000})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys(
        NAMES, b"old"
    )


def test_contexts_inside_one_another_are_one(tmp_path: Path) -> None:
    """An error after everything was written leaves nothing in place."""

    def fail_after_writing() -> None:
        with together():
            write_json(tmp_path / "a.json", {})
            with together():
                write_bytes(tmp_path / "b", b"")
            assert not (tmp_path / "b").exists()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    assert list(tmp_path.iterdir()) == []


def test_a_file_written_twice_keeps_the_last(tmp_path: Path) -> None:
    """As it would without a context; its digest is that of the last."""
    with together() as batch:
        write_bytes(tmp_path / "a", b"first and longer")
        write_bytes(tmp_path / "a", b"last")
    assert (tmp_path / "a").read_bytes() == b"last"
    assert len(batch.digests) == 1


@pytest.mark.parametrize("name", ["a" * 255, "ß" * 127])
def test_names_as_long_as_the_file_system_allows(tmp_path: Path, name: str) -> None:
    """The name of the part is shorter."""
    write_bytes(tmp_path / name, b"x")
    assert (tmp_path / name).read_bytes() == b"x"


@pytest.mark.parametrize(
    ("place", "name", "said"),
    [
        ("a" * 300, "x", "too long; choose a shorter name"),
        ("file", "x", "a file is in the way"),
        ("file/below", "x", "a file is in the way"),
        (".", "a" * 256, "too long; choose a shorter name"),
        (".", "folder", "a folder is in the way"),
        ("nul\0byte", "x", "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_refused_before_and_by_the_writer(
    tmp_path: Path, place: str, name: str, said: str
) -> None:
    """With path, reason and advice; both agree."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match=said):
        check_writable(tmp_path / place, name)
    with pytest.raises(RunError, match=said):
        write_bytes(tmp_path / place / name, b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_what_can_be_written_is_not_touched(tmp_path: Path) -> None:
    """Neither the folder that is asked for, nor a file in it."""
    check_writable(tmp_path / "a" / "b", "c")
    (tmp_path / "old").write_text("old")
    check_writable(tmp_path, "old")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_only_what_dead_processes_left_is_removed(tmp_path: Path) -> None:
    """A young part, or one of a process that runs, may still be written."""
    process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)
    dead, young, living = (
        tmp_path / f".eqspike-{number}.part"
        for number in (f"{process}-0", f"{process}-1", f"{os.getpid()}-0")
    )
    for part in (dead, young, living):
        part.write_bytes(b"half")
    for part in (dead, living):
        os.utime(part, (0, 0))
    remove_abandoned(tmp_path)
    assert set(tmp_path.iterdir()) == {young, living}
