"""A grid on several processes, one of them killed in the middle of its work: nothing is lost, nothing differs."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = (
    sys.executable, "-m", "eqspike", "sweep", "eqspike-digits", "digits", "--vary", "rule.beta=[0.2, 0.3, 0.4]",
    "--epochs", "2", "--limit", "600", "--chip", "loihi1", "--checkpoint-seconds", "0.5", "--json",
)  # fmt: skip


def begin(out: Path, workers: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "--workers", str(workers), "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def worker_of(sweep: subprocess.Popen[str], out: Path) -> int:
    """The process that has begun to train a point, as soon as the point has a checkpoint."""
    import psutil

    until = time.monotonic() + 300
    while time.monotonic() < until:
        if any(out.glob("*/checkpoints/*.safetensors")):
            workers = [
                child
                for child in psutil.Process(sweep.pid).children(recursive=True)
                if "spawn_main" in " ".join(child.cmdline())
            ]
            return max(workers, key=lambda child: child.cpu_times().user).pid
        time.sleep(0.05)
    raise AssertionError("no checkpoint was written")


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="Dask is not installed")
def test_a_killed_worker_costs_nothing(tmp_path: Path) -> None:
    killed = begin(tmp_path / "killed", 2)
    victim = worker_of(killed, tmp_path / "killed")
    os.kill(victim, signal.SIGKILL)
    text, errors = killed.communicate(timeout=600)
    assert killed.returncode == 0, errors
    whole = begin(tmp_path / "whole", 1)
    expected, errors = whole.communicate(timeout=600)
    assert whole.returncode == 0, errors
    found, wanted = json.loads(text), json.loads(expected)
    assert len(found["points"]) == 3
    found.pop("files")
    wanted.pop("files")
    assert found == wanted
    again = begin(tmp_path / "whole", 1)
    repeated, errors = again.communicate(timeout=60)
    assert json.loads(repeated)["points"] == wanted["points"]


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("optuna") is None, reason="Optuna is not installed")
def test_an_interrupted_search_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "eqspike", "sweep", "eqspike-digits", "digits", "--sampler", "optuna",
        "--trials", "4", "--vary", "training.learning_rates.0=log(0.01, 1)", "--epochs", "2", "--limit", "300",
        "--workers", "1", "--checkpoint-seconds", "0.2", "--json", "--out",
    ]  # fmt: skip
    stopped = subprocess.Popen(
        [*command, str(tmp_path / "stopped")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 300
    while len(list((tmp_path / "stopped").glob("*/checkpoints"))) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=120)
    assert stopped.returncode == 130, said
    found, wanted = (
        json.loads(
            subprocess.run([*command, str(tmp_path / name)], capture_output=True, check=True).stdout
        )
        for name in ("stopped", "whole")
    )
    assert len(found["points"]) == 4
    assert found.pop("files") != wanted.pop("files")
    assert found == wanted


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="Dask is not installed")
def test_workers_know_the_parts_of_plugins(tmp_path: Path) -> None:
    """An engine that only a file brings, on two processes."""
    file = tmp_path / "engine.py"
    file.write_text(
        "from eqspike.engines.fast import FastSession\nfrom eqspike.experiment import Engine\n"
        "ENGINES = {'mine': Engine(FastSession, ('spikes',), 'another name of the fast one')}\n",
        encoding="utf-8",
    )
    command = [
        sys.executable, "-m", "eqspike", "sweep", "eqspike-digits", "digits", "--vary", "seed=[0, 1]",
        "--epochs", "1", "--limit", "60", "--engine", "mine", "--workers", "2", "--json",
        "--out", str(tmp_path / "out"),
    ]  # fmt: skip
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "got 'mine'" in refused.stderr
    done = subprocess.run(
        [*command, "--plugin", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [point["error"] for point in json.loads(done.stdout)["points"]] == [None, None]
    for config in (tmp_path / "out").glob("*/config.yaml"):
        assert "file: engine.py" in config.read_text(encoding="utf-8")
