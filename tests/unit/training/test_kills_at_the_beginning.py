"""A run that is killed while it is being made holds nothing of worth: the same command simply begins anew."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eqspike.cli import main
from eqspike.core.errors import RunError
from eqspike.core.files import check_writable
from eqspike.experiment import resolve
from eqspike.experiment.runs import resume, start
from eqspike.training import RunFolder, save
from eqspike.training.checkpoint import Progress

BRIEF = (
    "training.epochs=1", "training.batch_size=5", "rule.free_steps=3", "rule.nudged_steps=2",
    "rule.readout_steps=2",
)  # fmt: skip
AT_ONCE = 1e-9
"""Seconds between checkpoints: one after the first batch."""


def small(seed: int = 0):
    """A run of two batches, in an engine that starts no threads, so that it may be forked."""
    return resolve(
        "eqspike-digits", "digits", engine="reference", seed=seed, limit=10, test_limit=5, overrides=BRIEF
    )  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def results(run: Path) -> list[bytes]:
    """Files that do not depend on the time a run took."""
    return [
        (run / name).read_bytes() for name in ("config.yaml", "weights.safetensors", "counts.json")
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody stopped."""
    out = tmp_path_factory.mktemp("whole") / "run"
    start(small(), out)
    return out


def killed_before(number: int, folder: Path, work: Callable[[], object]) -> bool:
    """Do some work in a process that is killed just before its change of this number, from 0 on, below a folder.

    A change makes, renames or deletes a file or a folder. Returns whether the work came so far.
    """
    process = os.fork()
    if process == 0:
        changes = itertools.count()

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            if is_change(event, arguments, folder) and next(changes) == number:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


def is_change(event: str, arguments: tuple[Any, ...], folder: Path) -> bool:
    """Whether Python tells of a change below a folder."""
    if event == "open":
        changing = bool(arguments[2] & os.O_CREAT)
    else:
        changing = event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir")
    return changing and str(arguments[0]).startswith(str(folder))


def kills(
    place: Path, work: Callable[[Path], object], before: Path | None = None
) -> Iterator[Path]:
    """Folders in which some work was killed before each of its changes in turn, up to a checkpoint of its own."""
    for number in itertools.count():
        out = place / str(number) / "run"
        out.parent.mkdir()
        if before is not None:
            shutil.copytree(before, out)
        came_so_far = killed_before(number, out.parent, lambda out=out: work(out))
        if came_so_far and not has_checkpoint(out, before):
            yield out
        elif number > 15:
            return
        else:
            pytest.fail(f"only {number} changes of files were seen")


def has_checkpoint(out: Path, before: Path | None) -> bool:
    """Whether a run has a checkpoint, of another configuration than one from before."""
    if not list(out.glob("checkpoints/*.safetensors")):
        return False
    return (
        before is None
        or (out / "config.yaml").read_bytes() != (before / "config.yaml").read_bytes()
    )


def test_a_run_killed_at_its_beginning_is_begun_anew(tmp_path: Path, whole: Path) -> None:
    """By the same call, wherever the kill came before the first checkpoint; nothing of the first try is left."""
    for out in kills(tmp_path, lambda out: start(small(), out, checkpoint_seconds=AT_ONCE)):
        start(small(), out)
        assert results(out) == results(whole)
        assert files(out).keys() == files(whole).keys(), out


def test_resume_begins_a_run_killed_at_its_beginning_or_says_how(
    tmp_path: Path, whole: Path
) -> None:
    """It continues if the run is there; if it is not, nothing is lost by beginning it."""
    said = set()
    for out in kills(tmp_path, lambda out: start(small(), out, checkpoint_seconds=AT_ONCE)):
        try:
            resume(out)
        except RunError as error:
            said.add(str(error).removeprefix(f"{out}: ").replace(str(out), "OUT"))
            start(small(), out)
        assert results(out) == results(whole)
    (text,) = said
    assert "'eqspike train MODEL TASK --out OUT', without --resume, begins a run" in text


def test_a_run_killed_while_it_replaces_another_is_begun_anew(tmp_path: Path, whole: Path) -> None:
    """With `force` as before; files of the user stay."""
    earlier = tmp_path / "earlier"
    start(small(seed=1), earlier)
    (earlier / "notes.txt").write_text("mine")
    (earlier / "checkpoints" / "best.txt").write_text("mine")

    def replace(out: Path) -> None:
        start(small(), out, force=True, checkpoint_seconds=AT_ONCE)

    (tmp_path / "kills").mkdir()
    for out in kills(tmp_path / "kills", replace, earlier):
        replace(out)
        assert results(out) == results(whole)
        mine = {"notes.txt", "checkpoints/best.txt"}
        assert mine <= files(out).keys(), out


def test_another_run_may_take_the_place_of_one_that_has_not_begun(tmp_path: Path) -> None:
    """Its own files alone are in the folder, also those of TensorBoard and half a checkpoint."""
    out = tmp_path / "run"
    run = RunFolder.create(out, small(seed=1).as_yaml())
    run.write_metrics(())
    (out / "events.out.tfevents.1").write_text("none")
    run.checkpoints.mkdir()
    (run.checkpoints / ".eqspike-1-0.part").write_text("half")
    start(small(), out)
    assert (out / "config.yaml").read_text() == small().as_yaml()
    assert not list(out.glob("events*"))
    assert not list(out.rglob("*.part"))


LEARNT: dict[str, Callable[[RunFolder], object]] = {
    "a checkpoint": lambda run: save(run.checkpoints, {}, Progress(), "seed: 1\n"),
    "an epoch": lambda run: run.write_weights({}),
    "metrics": lambda run: run.write_metrics(({"epoch": 1},)),
}
MINE: dict[str, Callable[[RunFolder], object]] = {
    "notes": lambda run: (run.path / "notes.txt").write_text("mine"),
    "a configuration": lambda run: run.config_path.write_text("seed: 2\n"),
    "an environment": lambda run: (run.path / "environment.json").write_text("{}"),
    "a manifest": lambda run: (run.path / "manifest.json").write_text("{}"),
    "among checkpoints": lambda run: (run.path / "checkpoints" / "mine").mkdir(parents=True),
}


@pytest.mark.parametrize("name", [*LEARNT, *MINE])
def test_whatever_is_of_worth_is_kept(tmp_path: Path, name: str) -> None:
    """What the run has learnt, and what the user put or changed there."""
    run = RunFolder.create(tmp_path / "run", "seed: 1\n")
    (LEARNT | MINE)[name](run)
    before = files(run.path)
    with pytest.raises(RunError, match="already holds a run; use --resume"):
        RunFolder.create(run.path, "seed: 1\n")
    assert files(run.path) == before


@pytest.mark.parametrize("name", ["manifest.json", "environment.json", "events.out.tfevents.1"])
def test_a_file_of_somebody_else_is_no_beginning(tmp_path: Path, name: str) -> None:
    """Though a run would have one of that name."""
    (tmp_path / name).write_text("{}")
    with pytest.raises(RunError, match="holds files that are not a run"):
        RunFolder.create(tmp_path, "seed: 1\n")
    assert files(tmp_path) == {name: b"{}"}


def test_the_command_says_what_it_begins_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As for any new run."""
    out = tmp_path / "run"
    RunFolder.create(out, small().as_yaml())
    command = [
        "train",
        "eqspike-digits",
        "digits",
        "--engine",
        "reference",
        "--limit",
        "10",
        "--out",
        str(out),
    ]
    for override in BRIEF:
        command += ["--set", override]
    assert main([*command, "--test-limit", "5"]) == 0
    assert f"into {out}" in capsys.readouterr().err


def test_a_probe_that_a_kill_left_is_deleted_by_the_next(tmp_path: Path) -> None:
    """Of the place that a folder will be made in."""
    probe = tmp_path / f".eqspike-{2**22 + 1}-probe.part"
    probe.write_text("eqspike")
    os.utime(probe, (0, 0))
    check_writable(tmp_path / "run")
    assert not probe.exists()
