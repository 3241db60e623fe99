"""Grids of runs: their points, what is computed once only, their tables."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqspike.core.errors import ConfigError, RunError
from eqspike.core.files import write_bytes
from eqspike.experiment.estimating import estimate_run
from eqspike.experiment.sweep import (
    Axis,
    Point,
    Range,
    Sweep,
    grid,
    pareto_front,
    read_axis,
    sweep_into,
    write_sweep,
)  # fmt: skip
from eqspike.experiment.sweep.point import RESULT, Base, known_result, run_point
from eqspike.experiment.sweep.results import Outcome, table
from eqspike.experiment.sweep.running import Fleet, check_workers, compute
from eqspike.experiment.sweep.whole import portable_base
from eqspike.reports import report_json
from eqspike.training import RunFolder

BASE = Base(
    model="eqspike-digits",
    task="digits",
    engine=None,
    seed=0,
    epochs=1,
    limit=40,
    overrides=(),
    chips=("loihi1",),
    checkpoint_seconds=120.0,
)


def test_every_combination_once_with_the_last_axis_fastest() -> None:
    points = grid([read_axis("rule.beta=[0.1, 0.3]"), read_axis("seed=[0, 1]")])
    assert [dict(point.settings) for point in points] == [
        {"rule.beta": 0.1, "seed": 0},
        {"rule.beta": 0.1, "seed": 1},
        {"rule.beta": 0.3, "seed": 0},
        {"rule.beta": 0.3, "seed": 1},
    ]
    assert points[1].overrides == ("rule.beta=0.1",)
    assert points[1].seed == 1
    assert points[1].name == "rule.beta=0.1 seed=1"
    assert points[1].folder.startswith("rule.beta=0.1_seed=1-")
    assert grid([read_axis("layers=[[64, 32, 10]]")])[0].folder.startswith("layers=64-32-10-")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule.beta", "KEY=[V1, V2]"),
        ("=[1]", "KEY=[V1, V2]"),
        ("rule.beta=0.3", "list of values, got 0.3"),
        ("rule.beta=[]", "list of values"),
        ("rule.beta=[0.1, 0.1]", "0.1 is given twice"),
        ("rule.beta=[0.1", "not valid YAML"),
        ("rule.beta=normal(0, 1)", "log(LOW, HIGH)"),
        ("rule.beta=log(0, 1)", "above 0, got 0, 1"),
        ("rule.beta=uniform(0.3, 0.3)", "less than HIGH, and both finite, got 0.3, 0.3"),
        ("rule.beta=uniform(0, inf)", "both finite"),
        ("rule.beta=uniform(a, 1)", "must be numbers, got a, 1"),
        ("rule.free_steps=whole(1, 9.5)", "must be whole numbers, got 1, 9.5"),
        ("seed=log(1, 9)", "whole(0, 9)"),
        ("seed=[-1]", "at least 0, got -1"),
        ("seed=[true]", "whole number"),
    ],
)
def test_axes_that_are_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"--vary") as caught:
        read_axis(text)
    assert said in str(caught.value)


@pytest.mark.parametrize("trials", [None, 2])
@pytest.mark.parametrize(
    ("fixed", "key", "said"),
    [
        ({"overrides": ("rule.beta=0.3",)}, "rule.beta", "--set rule.beta=0.3"),
        ({"overrides": ("rule.beta=0.3",)}, "rule", "--set rule.beta=0.3"),
        ({"epochs": 3}, "training.epochs", "--epochs 3"),
    ],
)
def test_what_is_fixed_is_not_varied(
    tmp_path: Path, fixed: dict[str, Any], key: str, said: str, trials: int | None
) -> None:
    """One of the two would be without effect."""
    base = portable_base("eqspike-digits", "digits", **fixed)
    with pytest.raises(ConfigError, match=f"--vary {key} contradicts {said}"):
        sweep_into(tmp_path / "sweep", base, [Axis(key, (1, 2))], trials=trials)
    assert not (tmp_path / "sweep").exists()


@pytest.mark.parametrize(
    ("text", "kind", "ends"),
    [
        ("rule.beta=uniform(0.1, 1)", "uniform", (0.1, 1.0)),
        ("training.learning_rates.0= log(1e-3,1e-1)", "log", (1e-3, 1e-1)),
        ("rule.free_steps=whole(10, 99)", "whole", (10, 99)),
    ],
)
def test_ranges(text: str, kind: str, ends: tuple[float, float]) -> None:
    found = read_axis(text)
    assert isinstance(found, Range)
    assert (found.kind, found.extremes) == (kind, ends)
    assert read_axis(f"{found.key}={found.described}") == found
    with pytest.raises(ConfigError, match="a range needs the sampler 'optuna'"):
        grid([found])


def test_an_axis_given_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="given twice"):
        grid([Axis("seed", (0,)), Axis("seed", (1,))])


values = st.one_of(
    st.integers(-5, 5), st.floats(-2, 2), st.booleans(), st.text(max_size=4),
    st.lists(st.integers(-5, 5), min_size=1, max_size=3),
)  # fmt: skip


@given(st.tuples(values, values), st.tuples(values, values))
def test_folders_differ_where_settings_do(
    first: tuple[object, ...], second: tuple[object, ...]
) -> None:
    one, other = (Point(dict(zip(("a", "b"), pair, strict=True))) for pair in (first, second))
    assert (one.folder == other.folder) == (repr(first) == repr(second))
    assert "/" not in one.folder
    assert not one.folder.startswith(".")


def test_a_point_is_trained_once(tmp_path: Path) -> None:
    point = grid([read_axis("rule.beta=[0.3]")])[0]
    assert known_result(BASE, point, str(tmp_path)) is None
    result = run_point(BASE, point, str(tmp_path))
    assert result["epochs"] == 1
    assert 0 < result["chips"]["loihi1"]["inference_j"]["typical"] < 1
    folder = tmp_path / point.folder
    (folder / "weights.safetensors").unlink()
    assert (
        run_point(BASE, point, str(tmp_path)) == result == known_result(BASE, point, str(tmp_path))
    )
    (folder / RESULT).unlink()
    assert run_point(BASE, point, str(tmp_path)) == result, "continues from the run's checkpoint"
    with pytest.raises(RunError, match="another configuration"):
        run_point(replace(BASE, epochs=2), point, str(tmp_path))


def sweep_of(results: list[tuple[float, float] | None], lower_bound: bool = False) -> Sweep:
    """A sweep with these pairs of accuracy and joules; None for a failure."""
    outcomes = []
    for number, pair in enumerate(results):
        point = Point({"seed": number})
        if pair is None:
            outcomes.append(Outcome(point, None, "ActivityError: silent | <b>"))
            continue
        accuracy, joules = pair
        energy = {"low": joules / 2, "typical": joules, "high": 2 * joules}
        bounds = {"inference_j": lower_bound, "training_sample_j": False}
        chips = {
            "loihi1": {"inference_j": energy, "training_sample_j": None, "lower_bound": bounds}
        }
        outcomes.append(Outcome(point, {"chips": chips, "accuracy": accuracy, "epochs": 1}, None))
    return Sweep(BASE, (Axis("seed", tuple(range(len(results)))),), tuple(outcomes))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(1e-9, 1e-3)), min_size=1, max_size=8))
def test_nothing_beats_the_front_and_the_front_beats_the_rest(
    pairs: list[tuple[float, float]],
) -> None:
    front = pareto_front(sweep_of(list(pairs)), "loihi1")

    def beats(a: tuple[float, float], b: tuple[float, float]) -> bool:
        return a[0] >= b[0] and a[1] <= b[1] and a != b

    for index, pair in enumerate(pairs):
        beaten = any(beats(other, pair) for other in pairs)
        if index in front:
            assert not beaten
        else:
            assert beaten or any(pairs[member] == pair for member in front)


def test_the_tables_of_a_sweep(tmp_path: Path) -> None:
    sweep = sweep_of([(0.9, 2e-6), None, (0.8, 3e-6)])
    header, rows = table(sweep)
    assert header == ("seed", "accuracy", "loihi1")
    assert rows[0] == ("0", "90.00 %", "2.00\u00a0µJ (1.00\u00a0µJ – 4.00\u00a0µJ) *")
    assert rows[1] == ("1", "failed", "")
    assert not rows[2][2].endswith("*")
    data, plain, text = (path.read_text() for path in write_sweep(sweep, tmp_path / "new"))
    assert json.loads(data) == sweep.to_json()
    assert json.loads(data)["pareto"] == {"loihi1": [sweep.outcomes[0].point.folder]}
    assert plain.splitlines()[1] == "0,0.9,1e-06,2e-06,4e-06,False,,,,,"
    assert r"ActivityError: silent \| &lt;b&gt;" in text
    assert "| seed | accuracy | loihi1 |\n| --- | --- | --- |\n| 0 | 90.00 % |" in text
    assert [outcome.point.seed for outcome in sweep.failed] == [1]


def test_a_lower_bound_is_one_wherever_a_sweep_is_shown(tmp_path: Path) -> None:
    """The right value is `at least 2.75 uJ`; a table, a spreadsheet and JSON say so too."""
    bounded, plain = sweep_of([(0.9, 2.75e-6)], True), sweep_of([(0.9, 2.75e-6)])
    assert table(bounded)[1][0][2].startswith("≥ 2.75\u00a0µJ")
    data, csv, text = (path.read_text() for path in write_sweep(bounded, tmp_path / "bounded"))
    assert json.loads(data)["points"][0]["chips"]["loihi1"]["lower_bound"]["inference_j"] is True
    assert "loihi1 inference_j is a lower bound" in csv.splitlines()[0]
    assert csv.splitlines()[1] == "0,0.9,1.375e-06,2.75e-06,5.5e-06,True,,,,,"
    assert "≥ 2.75" in text
    assert "lower bound, for the profile lacks figures" in text
    assert not any("≥" in path.read_text() for path in write_sweep(plain, tmp_path / "plain"))


def test_a_sweep_takes_lower_bounds_from_its_reports(tmp_path: Path) -> None:
    """`odin` has no figure for the update of a neuron."""
    point = grid([read_axis("rule.beta=[0.3]")])[0]
    base = replace(BASE, chips=("odin", "loihi1"))
    result = run_point(base, point, str(tmp_path))
    report = report_json(estimate_run(tmp_path / point.folder, base.chips))["chips"]
    for chip in base.chips:
        assert result["chips"][chip]["lower_bound"] == {
            "inference_j": report[chip]["inference"]["lower_bound"],
            "training_sample_j": report[chip]["training"]["lower_bound"],
        }
    assert result["chips"]["odin"]["lower_bound"]["inference_j"] is True


@pytest.mark.parametrize("content", ["[]", '{"chips": 5}', '{"chips": {"loihi1": {}}}', "3"])
def test_a_result_of_another_form_is_computed_anew(tmp_path: Path, content: str) -> None:
    point = grid([read_axis("rule.beta=[0.3]")])[0]
    result = run_point(BASE, point, str(tmp_path))
    with RunFolder(tmp_path / point.folder).adding():
        write_bytes(tmp_path / point.folder / RESULT, content.encode())
    assert known_result(BASE, point, str(tmp_path)) is None
    assert run_point(BASE, point, str(tmp_path)) == result


def test_fleets_that_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 1, got 0"):
        check_workers(0, None)
    with pytest.raises(ConfigError, match="contradict"):
        check_workers(2, "tcp://host:8786")


def test_workers_start_on_a_slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask warns when a folder takes longer than a second to make; here, where warnings are errors, each does."""
    core = pytest.importorskip("distributed.core")
    warn = core.warn_on_duration
    monkeypatch.setattr(core, "warn_on_duration", lambda _, message: warn("0s", message))
    assert list(compute(Fleet(workers=1), {"three": (sum, ([1, 2],))})) == [("three", 3, None)]


def test_a_script_that_runs_a_grid_at_its_top_is_told(tmp_path: Path) -> None:
    """Each worker begins with the lines of the script, and would come to the grid itself."""
    pytest.importorskip("distributed")
    script = tmp_path / "script.py"
    script.write_text(
        "from eqspike.experiment.sweep.running import Fleet, compute\n"
        "print(list(compute(Fleet(workers=1), {'three': (sum, ([1, 2],))})))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    assert "below if __name__ == '__main__':" in done.stderr.splitlines()[-1]
    assert "RunError: the workers of the grid did not start" in done.stderr.splitlines()[-1]
