"""Plug-in files: the parts that they add, and what is refused."""

from __future__ import annotations

import json
import pickle
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
from eqspike.experiment import load_model, resolve
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
            UnsupportedError,
            match=r"engine 'mine' \(engine.py\) does not run rate neurons",
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
            with pytest.raises(
                UnsupportedError, match=r"does not run rule\.kind mine \(class Mine\)"
            ):
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
        ("LEARNERS = {'mine': print}\n", "LEARNERS['mine'] must have a class derived from `learners"),
        ("TASK_KINDS = {'npz': print}\n", "task kind 'npz' is built in and cannot be replaced"),
        ("TASK_KINDS = {'mine': 4}\n", "TASK_KINDS['mine'] must have a function `(section, path)`"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_without_a_traceback(
    write: Write, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    file = write("mine.py", text)
    assert main(["list", "rules", "--plugin", str(file)]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("eqspike: error: mine.py")
    assert said in printed


def test_what_is_no_file_is_refused(write: Write, tmp_path: Path) -> None:
    nothing, text = tmp_path / "none.py", write("a.txt", "")
    for path, said in ((nothing, "cannot be read: .+; give the path"), (text, "ends in .py")):
        with pytest.raises(ConfigError, match=said), plugins(path):
            pass


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"cannot be read: .*null.*; give the path of a Python file"
    ):
        PluginFile.read("a\0b.py")


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
