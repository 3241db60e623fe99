"""Whatever a command writes into a run's folder: known to its manifest, written by one process at a time."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eqspike.cli import main
from eqspike.core.errors import RunError
from eqspike.core.files import write_bytes
from eqspike.experiment import resolve
from eqspike.experiment.runs import start
from eqspike.training.own_files import run_around
from eqspike.training.run_folder import RunFolder, adding_to

SMALL = ("training.epochs=1", "rule.free_steps=20", "rule.nudged_steps=10", "rule.readout_steps=10")
COMMANDS = {
    "estimate": "estimate RUN --chip loihi1 --out RUN/product",
    "estimate of another": "estimate OTHER --chip loihi1 --out RUN/product",
    "report compare": "report compare RUN OTHER --chip loihi1 --out RUN/product",
    "check-gradient": "check-gradient eqspike-digits digits --samples 2 --out RUN/product",
    "meter": "meter RUN --seconds 0.01 --batch 1 --out RUN/product/meter.json",
    "plot of several": "plot RUN OTHER --out RUN/product",
    "plot of another": "plot OTHER --out RUN/product",
    "export": "export RUN --out RUN/product",
}


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("originals")
    for seed, name in enumerate(("run", "other")):
        start(
            resolve(
                "eqspike-digits", "digits", seed=seed, limit=40, test_limit=40, overrides=SMALL
            ),
            folder / name,
        )
    return folder


@pytest.fixture
def runs(originals: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(originals, tmp_path / "runs"))


def words(command: str, runs: Path) -> list[str]:
    of = {"RUN": str(runs / "run"), "OTHER": str(runs / "other")}
    return command.replace("RUN", of["RUN"]).replace("OTHER", of["OTHER"]).split()


@contextmanager
def held_by_another_process(folder: Path) -> Iterator[int]:
    """Within this context, a process works in the folder; gives its number."""
    code = "import sys; from pathlib import Path; from eqspike.training.lock import locked\n"
    code += "with locked(Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_what_is_written_into_a_run_is_its_own(runs: Path, command: str) -> None:
    """The manifest knows each file, so `--force` deletes the product of the run before; another's files stay."""
    run = runs / "run"
    assert main(words(command, runs)) == 0
    written = {path.relative_to(run).as_posix() for path in (run / "product").rglob("*.*")}
    assert written
    known = json.loads((run / "manifest.json").read_text())["files"]
    assert written == {name for name in known if name.startswith("product/")}
    (run / "product" / "mine.txt").write_text("mine")
    start(resolve("eqspike-digits", "digits", limit=20, overrides=SMALL), run, force=True)
    assert [path.name for path in (run / "product").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_nothing_is_written_into_a_run_that_another_process_works_in(
    runs: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whose process it is, is said."""
    run = runs / "run"
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with held_by_another_process(run) as process:
        assert main(words(command, runs)) == 2
    assert f"process {process}" in capsys.readouterr().err
    found = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    found.pop(run / ".eqspike.lock", None)
    assert found == before


def test_a_folder_with_a_configuration_of_somebody_else_is_no_run(tmp_path: Path) -> None:
    """Neither locked nor given a manifest."""
    for name in ("config.yaml", "manifest.json"):
        (tmp_path / name).write_text("{}")
    assert run_around(tmp_path / "report") is None
    with adding_to(tmp_path / "report"):
        write_bytes(tmp_path / "report" / "page", b"page")
    assert (tmp_path / "manifest.json").read_text() == "{}"


def test_the_innermost_run_takes_what_is_written(runs: Path) -> None:
    """Also by another of its names."""
    inner = Path(shutil.copytree(runs / "other", runs / "run" / "inner"))
    (runs / "link").symlink_to(inner)
    assert run_around(runs / "link" / "a" / "b") == inner.resolve()
    with RunFolder(runs / "run").adding(), pytest.raises(RunError, match="mine"), adding_to(inner):
        raise RunError("mine")
