"""A run or report whose writer is killed between two renames is found whole; one process alone continues a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eqspike.cli import main
from eqspike.core.counts import EventCounts
from eqspike.experiment import resolve
from eqspike.experiment.estimating import write_estimate
from eqspike.reports import build_report
from eqspike.reports.inputs import load_chips, read_inputs
from eqspike.training import RunFolder
from eqspike.training.lock import locked

KilledAt = Callable[[int, Callable[[], object]], None]
ALL_STEPS = range(6)
"""The journal, four files of an epoch with the manifest, and the end."""


def visible(folder: Path) -> dict[str, bytes]:
    """Files of a folder but those that come and go."""
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}


def write_epoch(run: RunFolder, epoch: int) -> None:
    """Files of an epoch, as training writes them."""
    with run.adding():
        run.write_weights({"input-output": np.full(3, epoch, np.float32)})
        run.write_counts(EventCounts(epoch, {}), EventCounts(epoch, {}))
        run.write_metrics(tuple(record(each) for each in range(1, epoch + 1)))


def record(epoch: int) -> dict[str, Any]:
    """Of an epoch, as in `metrics.jsonl`."""
    return {"epoch": epoch, "train_accuracy": 0.5, "test_accuracy": 0.5, "rates": {}}


def found_epochs(run: RunFolder) -> set[int]:
    """Epochs of which the files of a run are; all are checked against the manifest."""
    training, inference = run.counts()
    weights = {int(value) for value in run.weights()["input-output"]}
    return {training.samples, inference.samples, *weights, run.metrics()[-1]["epoch"]}


@pytest.mark.parametrize("step", ALL_STEPS)
def test_a_run_is_that_of_one_epoch(tmp_path: Path, killed_at: KilledAt, step: int) -> None:
    """After a kill at any step; and nothing is left behind but what the next writer deletes."""
    run = RunFolder.create(tmp_path / "run", "seed: 1\n")
    write_epoch(run, 1)
    killed_at(step, lambda: write_epoch(run, 2))
    assert found_epochs(RunFolder.open(run.path)) == {1 if step == 0 else 2}
    assert not list(run.path.glob("*.journal"))
    write_epoch(run, 3)
    assert found_epochs(RunFolder.open(run.path)) == {3}


def test_whoever_holds_a_folder_finds_it_whole(tmp_path: Path, killed_at: KilledAt) -> None:
    """As a sweep does, which then continues its point or begins it."""
    run = tmp_path / "run"
    killed_at(5, lambda: RunFolder.create(run, "seed: 1\n"))
    assert not (run / "config.yaml").exists()
    with locked(run):
        assert (run / "config.yaml").exists()


@pytest.mark.parametrize("step", range(7))
def test_a_report_is_made_from_the_inputs_beside_it(
    tmp_path: Path, killed_at: KilledAt, inference: EventCounts, step: int
) -> None:
    """Whoever reads the inputs finds the report of theirs, with its table."""

    def estimate(chip: str, out: Path) -> None:
        report = build_report(
            chips=load_chips((chip,), {}), provenance={"model": "m"}, inference=inference
        )
        write_estimate(report, (chip,), out)

    estimate("odin", tmp_path / "odin")
    estimate("loihi1", tmp_path / "loihi1")
    estimate("odin", tmp_path / "report")
    killed_at(step, lambda: estimate("loihi1", tmp_path / "report"))
    (chip,) = read_inputs(tmp_path / "report").chips
    assert visible(tmp_path / "report") == visible(tmp_path / chip.chip.name)
    assert chip.chip.name == ("odin" if step == 0 else "loihi1")


def test_the_second_of_two_continuations_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the number of the process that continues the run; the second writes nothing."""
    out = tmp_path / "run"
    configuration = resolve("eqspike-digits", "digits", epochs=20, limit=100)
    RunFolder.create(out, configuration.as_yaml())
    command = [sys.executable, "-m", "eqspike", "train", "--resume", "--out", str(out)]
    first = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert first.stderr is not None
    try:
        for line in first.stderr:
            if "starting from the beginning" in line:
                break
        first.send_signal(signal.SIGSTOP)  # so that it does not end before the second one begins
        assert main(["train", "--resume", "--out", str(out)]) == 2
        assert f"process {first.pid} on" in capsys.readouterr().err
        assert first.poll() is None
    finally:
        first.kill()
        first.communicate()
    with locked(out):  # the kernel has released it
        assert os.path.exists(out / "config.yaml")
