"""Runs with plug-in files: what a run says of them, and that no file makes code run by itself."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import eqspike
from eqspike.cli import main
from eqspike.core.errors import ConfigError
from eqspike.experiment import load_configuration, resolve
from eqspike.experiment.plugins import plugins

ENGINE = """
from eqspike.engines.fast import FastSession
from eqspike.experiment import Engine

def opened(system, seed, *options):
    return FastSession(system, seed, threads=1)

ENGINES = {"mine": Engine(opened, ("spikes",), "the fast engine on one core")}
"""
SETTINGS = {"rule.free_steps": 20, "rule.nudged_steps": 10, "rule.readout_steps": 10}

Write = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A plug-in and a run in its engine."""
    folder = tmp_path_factory.mktemp("plugin")
    file = folder / "engine.py"
    file.write_text(ENGINE, encoding="utf-8")
    eqspike.train(
        "eqspike-digits", "digits", out=folder / "run", epochs=1, limit=40, engine="mine",
        settings=SETTINGS, quiet=True, plugins=[file],
    )  # fmt: skip
    return file, folder / "run"


def said_by(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    status = main([str(argument) for argument in arguments])
    taken = capsys.readouterr()
    return status, taken.out + taken.err


def test_a_run_names_file_and_digest(made: tuple[Path, Path]) -> None:
    file, run = made
    config = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert config["plugins"] == [{"file": "engine.py", "sha256": digest}]
    assert config["engine"] == "mine"
    assert str(file.parent) not in str(config["plugins"])


def test_without_plugins_the_key_is_absent() -> None:
    assert "plugins" not in resolve("eqspike-digits", "digits").as_yaml()


def test_a_run_asks_for_its_plugin_whatever_is_done_with_it(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the message says which file, and which digest it has."""
    file, run = made
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    config = run / "config.yaml"
    for arguments in (
        ("train", "--resume", "--out", run),
        ("train", "--config", config, "--out", tmp_path / "again"),
        ("evaluate", run),
        ("parity", run),
        ("meter", run),
        ("deploy", run, "--chip", "loihi1"),
        ("export", run, "--format", "nir"),
        ("plot", run),
        ("plot", "stdp", run),
        ("estimate", run, "--chip", "odin", "--out", tmp_path / "report"),
    ):
        status, said = said_by(capsys, *arguments)
        assert status == 2, arguments
        assert f"needs the plug-in engine.py with SHA-256 {digest}" in said, arguments
        assert "give it with --plugin engine.py" in said
        assert "Traceback" not in said
    assert not (tmp_path / "again").exists()


def test_with_its_plugin_a_run_is_resumed_evaluated_and_repeated(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, run = made
    given = ("--plugin", file)
    assert main([str(a) for a in ("train", "--resume", "--out", run, *given)]) == 0
    assert eqspike.evaluate(run, plugins=[file]).samples == 360
    again, config = tmp_path / "again", run / "config.yaml"
    assert main([str(a) for a in ("train", "--config", config, "--out", again, *given)]) == 0
    for name in ("config.yaml", "weights.safetensors", "counts.json"):
        assert (again / name).read_bytes() == (run / name).read_bytes()
    capsys.readouterr()
    status, said = said_by(capsys, "parity", run, "--engines", "mine,fast", "--samples", 2, *given)
    assert status == 0
    assert said.splitlines()[0].startswith("mine and fast, 2 samples")


def test_another_content_is_refused_under_the_same_name(
    made: tuple[Path, Path], write: Write
) -> None:
    _, run = made
    other = write("engine.py", ENGINE + "# changed\n")
    with pytest.raises(ConfigError, match=r"the engine\.py given has SHA-256") as caught:
        eqspike.evaluate(run, plugins=[other])
    assert hashlib.sha256(other.read_bytes()).hexdigest() in str(caught.value)


def test_the_same_content_is_taken_under_another_name(
    made: tuple[Path, Path], write: Write
) -> None:
    with plugins(write("renamed.py", ENGINE)):
        assert load_configuration(made[1] / "config.yaml").engine == "mine"


def test_a_folder_makes_no_code_run(made: tuple[Path, Path], tmp_path: Path) -> None:
    """Even where the file lies beside the run that names it."""
    run = tmp_path / "run"
    shutil.copytree(made[1], run)
    shutil.copy(made[0], run)
    (run / "engine.py").write_text("raise SystemExit('ran')", encoding="utf-8")
    with pytest.raises(ConfigError, match="no file makes code run by itself"):
        eqspike.evaluate(run)
