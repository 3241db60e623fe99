"""The worked examples outside the package do what their first lines say."""

from __future__ import annotations

import runpy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import eqspike
from eqspike.cli import main
from eqspike.core.errors import UnsupportedError
from eqspike.core.local_rule import LocalRule
from eqspike.experiment import load_model, resolve
from eqspike.experiment.parity import compare_run
from eqspike.experiment.plugins import plugins

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "plugins"
RULE = EXAMPLES / "triplet_rule.py"
SETTINGS = {
    "rule.kind": "triplet-like", "rule.tau_late": 50, "rule.share": 0.4, "rule.tau_slow": 20,
    "rule.tau_fast": 5,
}  # fmt: skip
TRIPLET = tuple(f"{key}={value}" for key, value in SETTINGS.items())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the task of the example, whose data its script makes."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copy(EXAMPLES / "task.yaml", folder)
    script: Any = runpy.run_path(str(EXAMPLES / "make_bars.py"))
    script["main"](folder)
    steps = {"rule.free_steps": 40, "rule.readout_steps": 20, "rule.nudged_steps": 20}
    eqspike.train(
        "eqspike-digits", str(folder / "task.yaml"), out=folder / "run", epochs=2, limit=400,
        settings={"layers": [64, 16, 4], **steps}, quiet=True,
    )  # fmt: skip
    return folder / "run"


def test_the_chip_prices_a_run_without_being_registered(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chip = EXAMPLES / "chip.yaml"
    assert main(["estimate", str(run), "--chip", str(chip), "--out", str(tmp_path)]) == 0
    assert "chip" in capsys.readouterr().out.splitlines()[0]
    assert "A design's targets" in (tmp_path / "energy.md").read_text(encoding="utf-8")


def test_the_task_is_learnt(run: Path) -> None:
    assert eqspike.evaluate(run).accuracy > 0.35, "a guess is right in a quarter of the cases"


def triplet() -> Any:
    with plugins(RULE):
        configuration = resolve("eqspike-digits", "digits", overrides=TRIPLET)
    assert [each.name for each in configuration.plugins] == ["triplet_rule.py"]
    return configuration.model.system.rule


def change(rule: LocalRule, spikes: dict[str, np.ndarray]) -> float:
    """The sum of the rule's products over spike trains of both sides, by its definition."""
    traces: dict[str, np.ndarray] = {}
    for side, train in spikes.items():
        for trace in rule.traces:
            value, values = float(train[0]), []
            for spike in train:
                value += (spike - value) / trace.tau
                values.append(value)
            traces[side + trace.name] = np.array(values)
    return sum(
        p.coefficient * float(spikes[p.spike] @ traces[p.trace_side + p.trace])
        for p in rule.products
    )


def test_the_rule_estimates_derivatives_on_both_sides() -> None:
    """Nothing for constant rates; for a step of a rate, its height times the other side's rate."""
    rule = triplet().local_rule
    assert len(rule.traces) == 3
    assert rule.coefficients("pre") != rule.coefficients("post")
    steady = np.ones(3000)
    step = np.where(np.arange(3000) < 1000, 0.0, 1.0)
    assert change(rule, {"pre": steady, "post": steady}) == pytest.approx(0, abs=1e-9)
    for side, other in (("pre", "post"), ("post", "pre")):
        assert change(rule, {side: step, other: steady}) == pytest.approx(1, rel=1e-3)


def test_a_share_of_nothing_is_the_rule_of_eqspike() -> None:
    with plugins(RULE):
        changed = (*TRIPLET, "rule.share=0")
        system = resolve("eqspike-digits", "digits", overrides=changed).model.system
    plain = resolve("eqspike-digits", "digits", overrides=TRIPLET[3:]).model.system
    for side in ("pre", "post"):
        found = system.rule.local_rule.coefficients(side)
        assert found == (*plain.rule.local_rule.coefficients(side), 0)


def test_the_rule_trains_in_the_fast_engine_and_spikes_alike_in_brian2(tmp_path: Path) -> None:
    with plugins(RULE):
        run = eqspike.train(
            "eqspike-digits", "digits", out=tmp_path / "run", quiet=True, epochs=2, limit=300,
            settings=SETTINGS,
        )  # fmt: skip
        assert run.accuracy is not None
        assert run.accuracy > 0.2, "a guess is right in a tenth of the cases"
        found = compare_run(tmp_path / "run", ("fast", "brian2"), 3)
    assert found.holds
    assert found.events > 0
    assert load_model("eqspike-digits").system.rule.kind == "eqspike"


def test_engines_that_do_not_have_such_a_rule_refuse_it() -> None:
    rule = triplet()
    system = replace(load_model("eqspike-digits-loihi").system, rule=rule)
    for engine in ("fast-int", "lava:stock"):
        with pytest.raises(UnsupportedError, match="does not run rule"):
            eqspike.open_session(system, engine=engine)
