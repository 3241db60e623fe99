"""Plug-in files: what they add, what a run says of them, and that no file makes code run by itself."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import eqspike
from eqspike.cli import main
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.registry import Registry
from eqspike.experiment import load_configuration, load_model, resolve
from eqspike.experiment.plugins import TABLES, PluginFile, plugins, plugins_in_use
from eqspike.experiment.sweep import Axis, grid
from eqspike.experiment.sweep.point import Base, run_point

ENGINE = """
from eqspike.engines.fast import FastSession
from eqspike.experiment import Engine

def opened(system, seed, *options):
    return FastSession(system, seed, threads=1)

ENGINES = {"mine": Engine(opened, ("spikes",), "the fast engine on one core")}
"""
KIND = """
import numpy as np
from eqspike.tasks import Task

def read(section, path):
    shade = section.integer("shade", low=0, high=255)
    def split(name):
        labels = np.arange(40) % 10
        return np.full((40, 64), shade), labels
    return Task(path.stem, "Plain", "here", "none", (8, 8), 10, 255, split)

TASK_KINDS = {"plain": read}
"""
SETTINGS = {"rule.free_steps": 20, "rule.nudged_steps": 10, "rule.readout_steps": 10}
SHORT = tuple(f"{key}={value}" for key, value in SETTINGS.items())

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return make


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


def test_parts_are_known_inside_only(write: Write) -> None:
    file = write("engine.py", ENGINE)
    with plugins(file):
        assert resolve("eqspike-digits", "digits", engine="mine").plugins[0].name == "engine.py"
        with plugins(file):
            assert len(plugins_in_use()) == 1
        assert len(plugins_in_use()) == 1
    assert plugins_in_use() == ()
    with pytest.raises(UnsupportedError, match=r"engine must be one of fast, .*, got 'mine'"):
        resolve("eqspike-digits", "digits", engine="mine")


def test_an_engine_says_what_it_runs(write: Write) -> None:
    with (
        plugins(write("engine.py", ENGINE)),
        pytest.raises(
            UnsupportedError, match=r"engine 'mine' \(engine.py\) does not run rate neurons"
        ),
    ):
        eqspike.open_session(load_model("ep-512").system, engine="mine")


def test_an_engine_must_open_a_session(write: Write) -> None:
    system = load_model("eqspike-digits").system
    text = "from eqspike.experiment import Engine\nENGINES = {'mine': Engine(lambda *given: %s)}"
    with plugins(write("a.py", text % "1 / 0")), pytest.raises(ConfigError, match=r"a\.py, line 2"):
        eqspike.open_session(system, engine="mine")
    with (
        plugins(write("b.py", text % "3")),
        pytest.raises(ConfigError, match=r"b\.py: .*; int lacks __enter__, .*fit, scores, weights"),
    ):
        eqspike.open_session(system, engine="mine")


def test_a_rule_of_rates_that_no_engine_knows_is_refused_by_each(write: Write) -> None:
    """It is the built-in rule's own code, under another class."""
    text = (
        "from eqspike.rules import Equilibrium, Nudging\n"
        "class Mine(Equilibrium):\n    kind = 'mine'\n    @staticmethod\n"
        "    def read(section):\n        return Mine(Nudging.read(section))\n"
        "RULES = {'mine': Mine}\n"
    )
    with plugins(write("mine.py", text)):
        system = resolve("cep-512", "digits", overrides=("rule.kind=mine",)).model.system
        for engine in ("torch", "fast", "fast-int", "brian2", "lava"):
            with pytest.raises(UnsupportedError, match=r"does not run rule mine \(class Mine\)"):
                eqspike.open_session(system, engine=engine)
        with pytest.raises(ConfigError, match=r"rule\.kind must be one of eqspike, got 'mine'"):
            resolve("eqspike-digits", "digits", overrides=("rule.kind=mine",))


def test_a_kind_of_task(write: Write) -> None:
    """Its reader is the file's; a task that names it runs nothing by itself."""
    task = write("plain.yaml", "kind: plain\nshade: 3\n")
    file = write("kind.py", KIND)
    with pytest.raises(ConfigError, match=r"kind must be one of idx, .*, got 'plain'"):
        eqspike.load_task(str(task))
    with plugins(file):
        split = eqspike.load_task(str(task)).load("train")  # type: ignore[union-attr]
        assert (split.images == 3).all()
        write("plain.yaml", "kind: plain\nshade: 3\nhue: 1\n")
        with pytest.raises(ConfigError, match="hue is not a known key"):
            eqspike.load_task(str(task))
    broken = write("broken.py", KIND.replace("np.full((40, 64), shade)", "1 / 0"))
    write("plain.yaml", "kind: plain\nshade: 3\n")
    with plugins(broken), pytest.raises(ConfigError, match=r"broken\.py, line 9: .*ZeroDivision"):
        eqspike.load_task(str(task)).load("train")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(:\n", "the plug-in cannot be loaded: SyntaxError"),
        ("import eqspike\n\n1 / 0\n", "line 3: the plug-in cannot be loaded: ZeroDivisionError"),
        ("import no_such_package\n", "line 1: the plug-in cannot be loaded: ModuleNotFoundError"),
        ("x = 1\n", "declares no parts; a plug-in has at least one of the dicts RULES, NEURONS"),
        ("RULES = [1]\n", "RULES must be a dict"),
        ("RULES = {'mine': 3}\n", "RULES['mine'] must have a class with a static method `read(section)`"),
        ("NEURONS = {'mine': dict}\n", "NEURONS['mine'] must have a class with a static method"),
        ("MEMORIES = {'fixed': int}\n", "memory 'fixed' is built in and cannot be replaced"),
        ("ENGINES = {'fast': 1}\n", "engine 'fast' is built in and cannot be replaced"),
        ("ENGINES = {'mine': print}\n", "ENGINES['mine'] must have an `eqspike.experiment.Engine`"),
        ("LEARNERS = {'mine': print}\n", "LEARNERS['mine'] must have a class with the methods read"),
        ("TASK_KINDS = {'npz': print}\n", "task kind 'npz' is built in and cannot be replaced"),
        ("TASK_KINDS = {'mine': 4}\n", "TASK_KINDS['mine'] must have a function `(section, path)`"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_without_a_traceback(
    write: Write, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    file = write("mine.py", text)
    status, printed = said_by(capsys, "list", "rules", "--plugin", file)
    assert status == 2
    assert printed.startswith("eqspike: error: mine.py")
    assert said in printed


def test_what_is_no_file_is_refused(write: Write, tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.py", "cannot be read"), (write("a.txt", ""), "ends in .py")):  # fmt: skip
        with pytest.raises(ConfigError, match=said), plugins(path):
            pass


def test_every_table_is_a_registry_of_its_own() -> None:
    assert all(isinstance(registry, Registry) for registry in TABLES.values())
    assert {name.lower() for name in TABLES} == {
        registry.group.removeprefix("eqspike.") for registry in TABLES.values()
    }


def test_lists_say_where_parts_come_from(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    file = write("engine.py", ENGINE)
    assert main(["list", "engines", "--plugin", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["engines"]["mine"] == "the fast engine on one core"
    assert found["origins"] == {"engines": {"mine": "engine.py"}}
    assert main(["list", "engines", "--plugin", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].split()[:2] == ["mine", "engine.py"]
    assert lines[1].split()[:2] == ["fast", "eqspike"]


def test_a_sweep_takes_its_plugins_along(write: Write, tmp_path: Path) -> None:
    """As content: a worker elsewhere needs no file, and what was given is what runs."""
    file = write("engine.py", ENGINE)
    base = Base(
        "eqspike-digits", "digits", "mine", 0, 1, 40, SHORT, (), 120.0, (PluginFile.read(file),)
    )
    file.unlink()
    travelled: Any = pickle.loads(pickle.dumps(base))
    (point,) = grid([Axis("seed", (1,))])
    result = run_point(travelled, point, str(tmp_path))
    assert result["epochs"] == 1
    config = yaml.safe_load((tmp_path / point.folder / "config.yaml").read_text(encoding="utf-8"))
    assert [each["file"] for each in config["plugins"]] == ["engine.py"]
    with pytest.raises(UnsupportedError, match="engine must be one of"):
        run_point(replace(base, plugins=()), point, str(tmp_path))
