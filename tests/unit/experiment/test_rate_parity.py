"""`eqspike parity` of runs of rate-based networks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eqspike.cli import main
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Images, Keys, Labels
from eqspike.engines.fast.rates import FastRateSession
from eqspike.experiment import ENGINES, Engine
from eqspike.experiment.configuration import resolve
from eqspike.experiment.parity import compare
from eqspike.experiment.runs import start
from eqspike.systems.weights import initial_rate_weights
from eqspike.testing import rate_samples, small_rate_system

SMALL = (
    "layers=[64, 12, 10]",
    "neuron.activation=hard-sigmoid",
    "rule.free_steps=8",
    "rule.nudged_steps=4",
    "messages={kind: changes, threshold: 0.01}",
    "training.epochs=1",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of an epoch."""
    out = tmp_path_factory.mktemp("rates") / "run"
    start(
        resolve("cep-512", "digits", engine="fast", limit=40, test_limit=20, overrides=SMALL), out
    )
    return out


def test_engines_that_agree(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parity", str(run), "--engines", "fast,torch", "--samples", "5"]) == 0
    said = capsys.readouterr().out
    assert "fast and torch, 5 samples, all phases, float64" in said
    assert "differing messages       0" in said
    assert said.endswith("equal\n")


def test_integers_are_compared_bit_by_bit(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engines = ["--engines", "fast-int,fast-int:12", "--samples", "5", "--json"]
    assert main(["parity", str(run), *engines]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["equal"] is True
    assert found["states"] == 2 * 5 * 12 * 22
    assert found["differing_states"] == 0
    assert found["max_weight_error"] is None


def test_other_bits_differ_and_the_place_is_named(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parity", str(run), "--engines", "fast-int:8,fast-int", "--samples", "5"]) == 1
    said = capsys.readouterr().out
    assert "first difference: sample 0, step " in said
    assert "fast-int:8: message, rate " in said
    assert said.endswith("not equal\n")


def test_integers_and_floats_have_no_common_states(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parity", str(run), "--engines", "fast-int,fast", "--samples", "5"]) == 1
    assert "not compared: one engine computes in integers" in capsys.readouterr().out


class Untaught(FastRateSession):
    """An engine that does not learn."""

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> np.ndarray:
        """Refuse."""
        raise UnsupportedError("no")


def test_counts_are_of_the_same_weights_where_one_engine_learns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So they are taken before it does."""
    monkeypatch.setitem(ENGINES.built_in, "fast", Engine(Untaught))  # type: ignore[arg-type]
    system = small_rate_system(threshold=0.01)
    found = compare(system, initial_rate_weights(system, 3), rate_samples(), ("torch", "fast"))
    assert found.max_weight_error is None
    assert found.counts_equal
    assert found.holds
