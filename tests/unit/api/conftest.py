"""One small run that the functions of the Python interface are tried on."""

from __future__ import annotations

import pytest

import eqspike
from eqspike.experiment.runs import TrainingResult

SHORT = {"rule.free_steps": 40, "rule.nudged_steps": 20, "rule.readout_steps": 20}


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    folder = tmp_path_factory.mktemp("api") / "run"
    return eqspike.train(
        "eqspike-digits-loihi", "digits", out=folder, epochs=1, limit=60, test_limit=40,
        settings=SHORT, quiet=True,
    )  # fmt: skip
