"""A run that stops anywhere and is continued ends as if it had never stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from eqspike.cli.training import _watching
from eqspike.core.errors import RunError
from eqspike.experiment import load_configuration, resolve
from eqspike.experiment.runs import Watcher, resume, start
from eqspike.training import RunFolder

SMALL = ("training.epochs=2", "rule.free_steps=20", "rule.nudged_steps=10", "rule.readout_steps=10")
STOCHASTIC = ('memory={"kind": "fixed", "bits": 5, "ranges": [1, 1], "rounding": "stochastic"}',)


def small(*overrides: str):
    """A short run on the 8x8 digits."""
    return resolve("eqspike-digits", "digits", limit=300, overrides=SMALL + overrides)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted run with stochastic rounding."""
    out = tmp_path_factory.mktemp("whole") / "run"
    start(small(*STOCHASTIC), out)
    return out


def weights_file(out: Path) -> bytes:
    return (out / "weights.safetensors").read_bytes()


def test_repeating_a_configuration_gives_the_same_file_bit_for_bit(
    whole: Path, tmp_path: Path
) -> None:
    """`train --config RUN/config.yaml` repeats the run."""
    start(load_configuration(whole / "config.yaml"), tmp_path / "again")
    assert weights_file(tmp_path / "again") == weights_file(whole)
    assert (tmp_path / "again" / "counts.json").read_bytes() == (whole / "counts.json").read_bytes()


@pytest.mark.parametrize("batches", [1, 7, 15, 16, 29])
def test_a_stopped_run_continues_to_the_same_weights(
    whole: Path, tmp_path: Path, batches: int
) -> None:
    """Stopping after any batch and resuming changes nothing."""
    seen = []

    class StopAfter(threading.Event):
        def is_set(self) -> bool:
            seen.append(1)
            return len(seen) >= batches

    out = tmp_path / "run"
    first = start(small(*STOCHASTIC), out, watcher=Watcher(stop=StopAfter()))
    assert not first.complete
    last = resume(out)
    assert last.complete
    assert weights_file(out) == weights_file(whole)
    assert (out / "counts.json").read_bytes() == (whole / "counts.json").read_bytes()


def test_a_damaged_checkpoint_is_reported_and_the_one_before_it_used(
    whole: Path, tmp_path: Path
) -> None:
    """One flipped byte in the newest checkpoint is noticed."""
    out = tmp_path / "run"
    start(small(*STOCHASTIC), out, checkpoint_seconds=1e-9)
    newest = max((out / "checkpoints").iterdir())
    data = bytearray(newest.read_bytes())
    data[-1] ^= 1
    newest.write_bytes(data)
    (out / "weights.safetensors").unlink()
    said: list[str] = []
    resume(out, watcher=Watcher(message=said.append))
    assert newest.name in said[0]
    assert "damaged" in said[0]
    assert weights_file(out) == weights_file(whole)


def test_a_killed_run_continues_to_the_same_weights(whole: Path, tmp_path: Path) -> None:
    """SIGKILL at an arbitrary moment, several times, then --resume to the end."""
    out = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "eqspike",
        "train",
        "eqspike-digits",
        "digits",
        "--limit",
        "300",
    ]
    for override in SMALL + STOCHASTIC:
        command += ["--set", override]
    command += ["--out", str(out), "--checkpoint-seconds", "0.001"]
    again = [sys.executable, "-m", "eqspike", "train", "--resume", "--out", str(out)]
    again += ["--checkpoint-seconds", "0.001"]
    environment = {**os.environ, "EQSPIKE_THREADS": "1"}
    for attempt in (command, again, again):
        process = subprocess.Popen(attempt, env=environment, stderr=subprocess.DEVNULL)
        wait_for_new_checkpoint(out, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(again, env=environment, check=True, capture_output=True)
    assert weights_file(out) == weights_file(whole)


def wait_for_new_checkpoint(out: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the run has written one checkpoint more (or has ended)."""
    before = {path.name for path in (out / "checkpoints").glob("*.safetensors")}
    while process.poll() is None:
        names = {path.name for path in (out / "checkpoints").glob("*.safetensors")}
        if names - before:
            return
        time.sleep(0.005)


def test_an_interrupt_stops_cleanly_with_a_checkpoint(tmp_path: Path) -> None:
    """SIGINT ends the run after the current batch; it says how to go on and exits with 130."""
    out = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "eqspike",
        "train",
        "eqspike-digits",
        "digits",
        "--epochs",
        "500",
    ]
    command += ["--out", str(out), "--checkpoint-seconds", "0.01"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_for_new_checkpoint(out, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in said
    assert list((out / "checkpoints").glob("*.safetensors"))


def test_an_interrupt_gives_up_a_batch_that_takes_long() -> None:
    """Within five seconds, whatever the engine is waiting for."""
    begun = time.monotonic()

    def train_for_long() -> None:
        with _watching(small()) as watcher:
            os.kill(os.getpid(), signal.SIGINT)
            assert watcher.stop is not None
            assert watcher.stop.is_set()
            time.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        train_for_long()
    assert time.monotonic() - begun < 5.0
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.slow
def test_an_interrupt_ends_a_batch_in_lava_within_five_seconds(tmp_path: Path) -> None:
    """The stock graph learns a batch for longer; the run continues from its start."""
    out = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "eqspike",
        "train",
        "eqspike-digits",
        "digits",
        "--engine",
        "lava:stock",
    ]
    command += ["--set", "training.batch_size=200", "--limit", "200", "--out", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (out / "metrics.jsonl").is_file() and process.poll() is None:
        time.sleep(0.1)
    time.sleep(2.0)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert time.monotonic() - begun < 5.0


def test_a_run_is_never_overwritten_by_accident(whole: Path, tmp_path: Path) -> None:
    """--out onto a run, onto other files, or onto a file is refused; --force replaces only a run."""
    with pytest.raises(RunError, match="already holds a run"):
        RunFolder.create(whole, "x")
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(RunError, match="not a run"):
        RunFolder.create(tmp_path, "x")
    with pytest.raises(RunError, match="not a run"):
        RunFolder.create(tmp_path, "x", force=True)
    with pytest.raises(RunError, match="not a folder"):
        RunFolder.create(tmp_path / "letter.txt", "x")
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_resuming_nothing_is_an_error(tmp_path: Path) -> None:
    """There must be a run to resume."""
    with pytest.raises(RunError, match="not a run folder"):
        resume(tmp_path)
