"""Weight change against spike lag: the statistics, the figure and `eqspike plot stdp`."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import yaml

from eqspike import library
from eqspike.analysis.stdp import (
    LAGS,
    LARGEST_LAG,
    Evaluations,
    Window,
    evaluations,
    nearest,
    pair_protocol,
)
from eqspike.analysis.stdp_figure import stdp_figure
from eqspike.cli import main
from eqspike.core.local_rule import derivative_rule
from eqspike.core.network import Coupling, Layer
from eqspike.engines.fast import FastSession
from eqspike.experiment.stdp import in_situ
from eqspike.testing import samples, small_system

RULE = derivative_rule(3.0, 8.0)


class TestNearest:
    def test_the_earlier_of_two_at_equal_distance(self) -> None:
        spikes = np.array([[0, 1, 0, 0, 0, 1, 0]]).T
        assert nearest(spikes)[:, 0].tolist() == [1, 0, -1, -2, 1, 0, -1]

    def test_a_silent_neuron_is_far(self) -> None:
        assert np.abs(nearest(np.zeros((4, 2)))).min() > 1e6


def seen(lags: list[int], changes: list[float], counts: list[int]) -> Evaluations:
    return Evaluations(np.array(lags), np.array(changes), np.array(counts, float))


class TestStatistics:
    def test_mean_spread_and_number(self) -> None:
        window = seen([2, 2, 2, -60, 99], [1.0, 5.0, -3.0, 7.0, 9.0], [8, 1, 1, 3, 1]).window()
        at = LARGEST_LAG + 2
        assert (window.mean[at], window.events[at]) == (1.0, 10)
        assert (window.low[at], window.high[at]) == (-3.0, 1.0)
        assert window.mean[0] == 7
        assert window.events.sum() == 13
        assert math.isnan(window.mean[LARGEST_LAG])

    def test_sum_and_number_include_what_has_no_lag(self) -> None:
        found = seen([0, 10**9], [1.0, 2.0], [3, 4])
        assert (found.total, found.events) == (11.0, 7)

    @pytest.mark.parametrize(("changes", "share"), [([1, 1, 3, 3], 1.0), ([1, 3, 1, 3], 0.0)])
    def test_share_of_the_variance_explained(self, changes: list[float], share: float) -> None:
        assert seen([0, 0, 1, 1], changes, [2, 2, 2, 2]).explained == pytest.approx(share)

    @pytest.mark.parametrize(("power", "symmetry"), [(2, 1.0), (1, 0.0)])
    def test_symmetry(self, power: int, symmetry: float) -> None:
        curve = LAGS.astype(float) ** power
        assert Window(curve, curve, curve, curve).symmetry == symmetry


@pytest.mark.parametrize("bidirectional", [True, False])
def test_evaluations_one_by_one(bidirectional: bool) -> None:
    """Counts and sums by lag are those of a loop over steps, synapses and sides."""
    generator = np.random.default_rng(0)
    pre, post = ((generator.random((30, size)) < 0.2).astype(float) for size in (4, 3))
    coupling = Coupling(Layer("a", 4), Layer("b", 3), bidirectional)
    found = evaluations(RULE, coupling, pre, post, 12, -0.5).window()
    expected: dict[int, list[float]] = defaultdict(list)
    for own, other, sign in ((pre, post, 1), (post, pre, -1))[: 1 + bidirectional]:
        for step in range(12, 30):
            for reached in other.T:
                times = np.flatnonzero(reached)
                gap = min(times, key=lambda time: (abs(time - step), time)) - step
                fast, slow = (
                    sum((1 - 1 / tau) ** (step - t) / tau for t in times if t <= step)
                    for tau in (3.0, 8.0)
                )
                expected[int(sign * gap)] += [(fast - slow) / 5 / -0.5] * int(own[step].sum())
    for lag, changes in expected.items():
        assert found.events[LARGEST_LAG + lag] == len(changes)
        if changes:
            assert found.mean[LARGEST_LAG + lag] == pytest.approx(np.mean(changes))
    assert found.events.sum() == sum(map(len, expected.values()))


def test_single_experiments_scatter_on_a_poisson_baseline() -> None:
    quiet, busy = (pair_protocol(RULE, rate, "Poisson", trials=30).total for rate in (0.0, 0.3))
    np.testing.assert_allclose(quiet.low, quiet.high)
    assert (busy.high - busy.low).min() > 0.005


def test_figure() -> None:
    pairs = [pair_protocol(RULE, 0.0, "silent"), pair_protocol(RULE, 0.1, "regular", trials=3)]
    both = {"positive": seen([0, 1], [2e-3, 1e-3], [900, 800])}
    figure = stdp_figure(RULE, pairs, {"input-hidden": both, "hidden-output": both}, "a model")
    protocol, changes, events = figure.axes[:3]
    assert [line.get_label() for line in protocol.lines][2:] == [
        "closed form",
        "no other spikes",
        "regular, 0.1 per step",
    ]
    assert changes.get_title(loc="left") == "2  In the network: input-hidden"
    np.testing.assert_allclose(changes.lines[-1].get_ydata(), [2.0, 1.0])
    assert sum(bar.get_height() for bar in events.patches) == pytest.approx(100)
    assert len(figure.axes) == 5


class TestInSitu:
    def test_a_fixed_sign_of_beta_gives_one_curve(self) -> None:
        system = small_system()
        fixed = type(system.rule)(**{**vars(system.rule), "random_sign": False})
        images, labels, _ = samples(system, 3)
        with FastSession(system) as session:
            weights = session.weights()
        changed = type(system)(**{**vars(system), "rule": fixed})
        found = in_situ(changed, weights, images, labels, 0)
        assert all(set(nudges) == {"positive"} for nudges in found.values())

    def test_an_input_that_does_not_spike_is_left_out(self) -> None:
        system = small_system(encoder="constant-current")
        images, labels, _ = samples(system, 3)
        with FastSession(system) as session:
            weights = session.weights()
        assert list(in_situ(system, weights, images, labels, 0)) == ["hidden-output"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A short run of a small network."""
    data = library.load_yaml(library.find("models", "eqspike-digits"))
    data["layers"] = [64, 12, 10]
    data["rule"] |= {"free_steps": 40, "nudged_steps": 20, "readout_steps": 20}
    folder = tmp_path_factory.mktemp("stdp")
    model = folder / "quick.yaml"
    model.write_text(yaml.safe_dump(data), encoding="utf-8")
    out = str(folder / "run")
    arguments = ["train", str(model), "digits", "--epochs", "1", "--limit", "100", "--out", out]
    assert main(arguments) == 0
    return out


@pytest.fixture
def two_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick: all baselines are tested elsewhere."""
    monkeypatch.setattr("eqspike.experiment.stdp.BASELINES", ((0.0, "silent"), (0.1, "regular")))


@pytest.mark.usefixtures("two_baselines")
class TestCommand:
    def test_tables_and_figure(self, run: str, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert main(["plot", "stdp", run, "--samples", "5"]) == 0
        text = capsys.readouterr().out
        assert "Weight change by an isolated pair" in text
        assert "hidden-output  both" in text
        assert (Path(run) / "plots" / "stdp.png").read_bytes().startswith(b"\x89PNG")

    def test_json(self, run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert main(["plot", "stdp", run, "--samples", "2", "--out", str(tmp_path), "--json"]) == 0
        data = json.loads(capsys.readouterr().out)
        assert data["figure"] == str(tmp_path / "stdp.png")
        assert [len(data["pairs"]), len(data["lags"])] == [2, 121]
        assert set(data["in_situ"]["input-hidden"]) == {"positive", "negative", "both"}
        assert len(data["in_situ"]["hidden-output"]["both"]["mean"]) == 121

    @pytest.mark.parametrize("number", ["0", "100000"])
    def test_no_such_number_of_samples(
        self, run: str, number: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["plot", "stdp", run, "--samples", number]) == 2
        assert "--samples must be from 1 to" in capsys.readouterr().err
