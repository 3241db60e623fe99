"""`torchrun -m eqspike train`: two processes, one of them killed; what is refused under torchrun."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from eqspike import cli
from eqspike.core.errors import UnsupportedError
from eqspike.experiment import resolve
from eqspike.experiment.runs import resume, start
from eqspike.learners.launch import Launch, launched
from eqspike.testing.learners import MODELS
from eqspike.training import RunFolder

TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
LENGTH = {"limit": 1000, "test_limit": 60, "epochs": 8}


def told(size: int = 2) -> dict[str, str]:
    """What torchrun tells the second of so many processes."""
    one = {"RANK": "1", "LOCAL_RANK": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    return {**one, "WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size)}


def run(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*TORCHRUN, "-m", "eqspike", *words], stdout=-1, stderr=-1, text=True)


def worker(torchrun: int, rank: int) -> int:
    """The process of a rank."""
    children = Path(f"/proc/{torchrun}/task/{torchrun}/children").read_text().split()
    for child in children:
        if f"\0RANK={rank}\0" in Path(f"/proc/{child}/environ").read_text():
            return int(child)
    raise ProcessLookupError(f"torchrun {torchrun} has no process of rank {rank}")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run whose second process was killed, and what was said of it."""
    out = tmp_path_factory.mktemp("torchrun") / "run"
    options = [word for change in MODELS["backprop-512"] for word in ("--set", change)]
    for name, value in LENGTH.items():
        options += [f"--{name.replace('_', '-')}", str(value)]
    begun = run(
        "train", "backprop-512", "digits", "--out", str(out), "--checkpoint-seconds", "0.01", *options
    )  # fmt: skip
    while not list((out / "checkpoints").glob("*.safetensors")):
        assert begun.poll() is None, begun.communicate()
        time.sleep(0.02)
    os.kill(worker(begun.pid, 1), signal.SIGKILL)
    said = begun.communicate(timeout=100)[1]
    assert begun.returncode != 0
    return out, said


def check_ends_as_one(out: Path, alone: Path) -> None:
    """The run of two processes ended as one process does."""
    start(resolve("backprop-512", "digits", overrides=MODELS["backprop-512"], **LENGTH), alone)
    two, one = RunFolder.open(out), RunFolder.open(alone)
    assert two.counts() == one.counts()
    for name, wanted in one.weights().items():
        np.testing.assert_allclose(two.weights()[name], wanted, rtol=0, atol=1e-3, err_msg=name)


def test_a_killed_worker_ends_all_with_one_sentence(
    killed: tuple[Path, str], tmp_path: Path
) -> None:
    """The sentence has the command that goes on; one process can do so as well."""
    out, said = killed
    assert said.count("eqspike: error:") == 1
    assert f"torchrun --nproc-per-node 2 -m eqspike train --resume --out {out}" in said
    copy = shutil.copytree(out, tmp_path / "copy")
    assert resume(copy).complete
    check_ends_as_one(copy, tmp_path / "one")


@pytest.mark.slow
def test_several_processes_go_on_with_a_run(killed: tuple[Path, str], tmp_path: Path) -> None:
    """The first alone speaks."""
    out = shutil.copytree(killed[0], tmp_path / "copy")
    ended = run("train", "--resume", "--out", str(out))
    printed, said = ended.communicate(timeout=100)
    assert ended.returncode == 0, said
    assert printed.count("test accuracy") == 1
    assert said.count("continuing from epoch") == 1
    check_ends_as_one(out, tmp_path / "one")


def test_engines_of_networks_are_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written; models whose processes cannot share a batch are named with their engine."""
    for name, value in told().items():
        monkeypatch.setenv(name, value)
    for model, engine in (("eqspike-digits", "fast"), ("ep-512", "torch")):
        with pytest.raises(
            UnsupportedError, match=f"engine '{engine}' trains model '{model}' in one"
        ) as no:
            start(resolve(model, "digits" if engine == "fast" else "mnist"), tmp_path / "run")
        assert "'eqspike sweep'" in str(no.value)
    assert not (tmp_path / "run").exists()


def test_other_commands_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in told(3).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cli, "says_first", lambda: True)
    assert cli.main(["list", "models"]) == 2
    assert "torchrun starts 3 processes, and 'train' alone" in capsys.readouterr().err


def test_each_process_has_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert launched() == Launch()
    assert launched().device("cuda:3") == "cuda:3"
    for name, value in told().items():
        monkeypatch.setenv(name, value)
    assert launched() == Launch(1, 2, 1, 2)
    assert launched().device("cpu") == "cpu"
    assert launched().device("cuda") == "cuda:1"
    with pytest.raises(
        UnsupportedError, match=r"a GPU of its own, got device 'cuda:0'; use torch:cuda"
    ):
        launched().device("cuda:0")
