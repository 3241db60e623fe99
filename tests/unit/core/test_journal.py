"""Files that belong together are all old or all new, wherever a kill or an interrupt breaks their renames off."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from eqspike.core.errors import RunError
from eqspike.core.files import write_together
from eqspike.core.journal import finish_renames

KilledAt = Callable[[int, Callable[[], object]], None]
NAMES = ("a.json", "b.md", "c.csv")
OLD, NEW = dict.fromkeys(NAMES, b"old"), dict.fromkeys(NAMES, b"new")


def content(folder: Path) -> dict[str, bytes]:
    """All visible files, and journals."""
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(".part")
    }


@pytest.mark.parametrize(
    ("step", "found"),
    [(0, OLD), (1, NEW), (2, NEW), (3, NEW), (4, NEW)],
    ids=["journal", "first", "second", "third", "end"],
)
def test_a_kill_leaves_all_old_or_all_new_files(
    tmp_path: Path, killed_at: KilledAt, step: int, found: dict[str, bytes]
) -> None:
    """Before the journal has its name nothing has happened; from then on everything will."""
    write_together(tmp_path, OLD)
    killed_at(step, lambda: write_together(tmp_path, NEW))
    finish_renames(tmp_path)
    assert content(tmp_path) == found


def test_a_writer_finishes_what_was_broken_off_before_it_writes(
    tmp_path: Path, killed_at: KilledAt
) -> None:
    """Or the older files would replace its own later on."""
    write_together(tmp_path, OLD)
    killed_at(2, lambda: write_together(tmp_path, NEW))
    write_together(tmp_path, {"c.csv": b"newest"})
    finish_renames(tmp_path)
    assert content(tmp_path) == {**NEW, "c.csv": b"newest"}


def test_files_below_the_folder_are_finished_with_it(tmp_path: Path, killed_at: KilledAt) -> None:
    """The journal is in the topmost folder, whatever the order and the form of the paths."""
    os.chdir(tmp_path)
    killed_at(2, lambda: write_together(Path(), {"plots/a.png": b"new", "b.json": b"new"}))
    finish_renames(tmp_path)
    assert (tmp_path / "plots" / "a.png").read_bytes() == b"new"
    assert (tmp_path / "b.json").read_bytes() == b"new"


def test_an_interrupt_between_two_renames_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C deletes nothing that is announced."""
    write_together(tmp_path, OLD)
    rename = os.replace

    def interrupted(part: Path, place: Path) -> None:
        if place.name == "b.md":
            raise KeyboardInterrupt
        rename(part, place)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_together(tmp_path, NEW)
    monkeypatch.undo()
    finish_renames(tmp_path)
    assert content(tmp_path) == NEW


def test_a_rename_that_fails_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported; nothing happens behind the user's back later on."""
    write_together(tmp_path, OLD)
    rename = os.replace

    def refused(part: Path, place: Path) -> None:
        if place.name == "b.md":
            raise PermissionError(13, "Permission denied")
        rename(part, place)

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(RunError, match=r"b\.md: cannot be written"):
        write_together(tmp_path, NEW)
    monkeypatch.undo()
    assert {path.name for path in tmp_path.iterdir()} == set(NAMES)


def test_a_journal_that_is_held_is_left_to_its_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads the folder meanwhile renames nothing."""
    rename, seen = os.replace, []

    def watched(part: Path, place: Path) -> None:
        if place.name == "a.json":
            finish_renames(tmp_path)
            seen.append(content(tmp_path).keys() - OLD.keys())
        rename(part, place)

    write_together(tmp_path, OLD)
    monkeypatch.setattr(os, "replace", watched)
    write_together(tmp_path, NEW)
    assert len(seen[0]) == 1, "the journal is still there"
    assert content(tmp_path) == NEW


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"mine": "../.eqspike-1-0.part"}),
        json.dumps({"../mine": ".eqspike-1-0.part"}),
        json.dumps({"mine": "other"}),
        json.dumps({"mine": 1}),
        json.dumps(["mine"]),
        "[" * 100_000,
        "{",
        "\xff",
    ],
)
def test_a_journal_of_somebody_else_moves_nothing(tmp_path: Path, text: str) -> None:
    """Neither out of the folder, nor files that are no parts."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("other", "mine", ".eqspike-1-0.part", "../mine", "../.eqspike-1-0.part"):
        (folder / name).write_text(name)
    before = files_below(tmp_path)
    (folder / ".eqspike-1-0.journal").write_text(text, encoding="latin-1")
    finish_renames(folder)
    assert files_below(tmp_path) == before


def files_below(folder: Path) -> dict[Path, bytes]:
    """All files, by their paths."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
