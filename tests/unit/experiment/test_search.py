"""Points that Optuna proposes: each once, the same after a stop, and what is refused before any work."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import eqspike
from eqspike.cli import main
from eqspike.core.errors import ConfigError, MissingPackageError, RunError
from eqspike.experiment.sweep import Point, Sweep, read_axis, searching
from eqspike.experiment.sweep.point import Base
from eqspike.experiment.sweep.results import best_line
from eqspike.experiment.sweep.study import JOURNAL, check_sampler, corners

BASE = Base("eqspike-digits", "digits", None, 0, 1, 40, (), (), 120.0)
AXES = [
    read_axis("training.learning_rates.0=log(0.001, 10)"),
    read_axis("layers=[[64, 8, 10], [64, 9, 10]]"),
]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("optuna") is None, reason="Optuna is not installed"
)


def peak(point: Point) -> float:
    """Highest at a rate of 0.1."""
    return math.exp(-((math.log10(point.settings["training.learning_rates.0"]) + 1) ** 2))


class Computer:
    """In the place of the workers; points it has computed are known from then on.

    Attributes:
        computed: folders in the order of the work; stops: numbers of calls that are interrupted.
        value: accuracy of a point, or an error.
    """

    def __init__(self) -> None:
        self.computed: list[str] = []
        self.known: dict[str, dict[str, Any]] = {}
        self.stops: set[int] = set()
        self.value: Callable[[Point], float] = peak

    def compute(self, fleet: Any, calls: Iterator[Any], most: int) -> Iterator[Any]:
        for folder, (_, (_, point, _)) in calls:
            self.computed.append(folder)
            if len(self.computed) in self.stops:
                raise KeyboardInterrupt
            try:
                self.known[folder] = {"chips": {}, "accuracy": self.value(point), "epochs": 1}
                yield folder, self.known[folder], None
            except ArithmeticError as error:
                yield folder, None, str(error)


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch) -> Computer:
    made = Computer()
    monkeypatch.setattr(searching, "compute_in_turn", made.compute)
    known = lambda base, point, out: made.known.get(point.folder)  # noqa: E731
    monkeypatch.setattr(searching, "known_result", known)
    return made


def search(out: Path, trials: int, axes: Any = AXES, base: Base = BASE) -> Sweep:
    return searching.run_search(base, axes, trials, out)


def settings(sweep: Sweep) -> list[dict[str, Any]]:
    return [dict(outcome.point.settings) for outcome in sweep.outcomes]


def test_a_search_comes_near_the_best(computer: Computer, tmp_path: Path) -> None:
    found = search(tmp_path, 40)
    assert len(found.outcomes) == 40
    assert found.best is not None
    assert found.best.accuracy == max(map(peak, (each.point for each in found.outcomes)))
    assert peak(found.best.point) > 0.99
    rates = [each["training.learning_rates.0"] for each in settings(found)]
    late = [abs(math.log10(rate) + 1) for rate in rates[20:]]
    assert sum(late) / len(late) < 0.6, "a draw by chance is 1.17 decades off in the mean"


def test_a_stopped_search_goes_on_with_the_same_trials(computer: Computer, tmp_path: Path) -> None:
    """Stopped in the fourth and the fourteenth point, then with more trials: none is made twice."""
    whole = search(tmp_path / "whole", 20)
    whole_work = list(computer.computed)
    computer.computed, computer.known, computer.stops = [], {}, {4, 14}
    for trials in (12, 20):
        with pytest.raises(KeyboardInterrupt):
            search(tmp_path / "stopped", trials)
    found = search(tmp_path / "stopped", 20)
    assert settings(found) == settings(whole)
    assert found.to_json() == whole.to_json()
    stopped = [computer.computed.index(each) for each in computer.computed]
    assert [each for n, each in enumerate(computer.computed) if stopped[n] == n] == whole_work
    assert len(computer.computed) == 20 + 2
    assert search(tmp_path / "stopped", 20).to_json() == whole.to_json()
    assert len(computer.computed) == 20 + 2


def test_the_seed_decides(computer: Computer, tmp_path: Path) -> None:
    first, again = (settings(search(tmp_path / name, 3)) for name in ("a", "b"))
    assert first == again
    assert settings(search(tmp_path / "c", 3, base=replace(BASE, seed=1))) != first


def test_a_point_proposed_twice_is_computed_once(computer: Computer, tmp_path: Path) -> None:
    computer.value = lambda point: 0.5
    found = search(tmp_path, 9, [read_axis("rule.beta=[0.3, 0.5]")])
    assert len(computer.computed) == len(found.outcomes) == 2
    assert search(tmp_path, 9, [read_axis("rule.beta=[0.3, 0.5]")]).to_json() == found.to_json()
    assert len(computer.computed) == 2


def test_points_that_fail_stop_nothing(computer: Computer, tmp_path: Path) -> None:
    def fail(point: Point) -> float:
        if point.settings["rule.beta"] < 0.5:
            raise ArithmeticError("silent")
        return 0.25

    computer.value = fail
    found = search(tmp_path, 8, [read_axis("rule.beta=uniform(0.1, 0.9)")])
    assert len(found.outcomes) == 8
    assert {outcome.error for outcome in found.failed} == {"silent"}
    assert found.best not in found.failed
    assert best_line(found).startswith("Best test accuracy of 8 trials (optuna): 25.00 % with rule")
    computer.value = lambda point: 1 / 0
    assert best_line(search(tmp_path / "none", 2)).endswith("none, all failed.")


def test_a_torn_last_line_is_dropped(computer: Computer, tmp_path: Path) -> None:
    whole = search(tmp_path / "whole", 4)
    search(tmp_path / "torn", 3)
    with (tmp_path / "torn" / JOURNAL).open("ab") as file:
        file.write(b'{"op_code": 4, "wor')
    assert settings(search(tmp_path / "torn", 4)) == settings(whole)
    assert settings(search(tmp_path / "torn", 4)) == settings(whole)


def test_other_searches_and_damage_are_refused(computer: Computer, tmp_path: Path) -> None:
    search(tmp_path, 1)
    with pytest.raises(RunError, match="search with another epochs; choose another --out"):
        search(tmp_path, 2, base=replace(BASE, epochs=2))
    with pytest.raises(RunError, match=r"another --vary layers;"):
        search(tmp_path, 2, AXES[:1])
    (tmp_path / JOURNAL).write_text("{}\n[\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"optuna.journal: is damaged .*; delete it"):
        search(tmp_path, 1)


def test_ends_and_values_are_checked_before_any_work(computer: Computer, tmp_path: Path) -> None:
    axes = [read_axis("rule.beta=uniform(0.1, 0.2)"), read_axis("seed=[1, 2]")]
    assert [dict(point.settings) for point in corners(axes)] == [
        {"rule.beta": 0.1, "seed": 1}, {"rule.beta": 0.2, "seed": 1}, {"rule.beta": 0.1, "seed": 2},
    ]  # fmt: skip
    with pytest.raises(ConfigError, match=r"free_steps"):
        search(tmp_path / "none", 3, [read_axis("rule.free_steps=whole(-5, 20)")])
    with pytest.raises(ConfigError, match="given twice"):
        search(tmp_path / "none", 3, [AXES[0], AXES[0]])
    assert computer.computed == []
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--trials", "3"), "trials go with the sampler 'optuna'"),
        (("--sampler", "optuna"), "needs a number of trials"),
        (
            ("--sampler", "optuna", "--trials", "0"),
            "trials must be at least 1, and at most 100,000, got 0",
        ),
        (("--sampler", "optuna", "--trials", "100000000000"), "at most 100,000, got 100000000000"),
        (("--sampler", "bayes", "--trials", "3"), "must be one of grid, optuna, got 'bayes'"),
    ],
)
def test_samplers_that_are_refused(
    options: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ("sweep", "eqspike-digits", "digits", "--vary", "rule.beta=[0.3]", "--out", str(out))
    assert main([*command, *options]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eqspike.experiment.sweep.study.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"-e '\.\[optuna\]'"):
        check_sampler("optuna", 3)


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="Dask is not installed")
def test_trials_are_trained_by_workers(tmp_path: Path) -> None:
    """From Python, on one process of Dask: a run folder for each trial, priced, and the tables of a sweep."""
    found = eqspike.sweep(
        "eqspike-digits", "digits", {"training.learning_rates.1": "log(0.01, 1)"}, sampler="optuna",
        trials=2, out=tmp_path, epochs=1, limit=40, workers=1, chips="loihi1",
        settings={"rule.free_steps": 20, "rule.nudged_steps": 10, "rule.readout_steps": 10},
    )  # fmt: skip
    assert len(found.outcomes) == 2
    assert not found.failed
    for outcome in found.outcomes:
        run = tmp_path / outcome.point.folder
        assert eqspike.evaluate(run).accuracy == outcome.accuracy
    names = {path.name for path in tmp_path.iterdir()}
    assert {"sweep.json", "sweep.csv", "sweep.md", "loihi1.png", JOURNAL} <= names
    assert best_line(found) in (tmp_path / "sweep.md").read_text().replace("\\_", "_")
