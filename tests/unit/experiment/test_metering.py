"""Metering a run: what is repeated, and how readings become joules per sample."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from eqspike.core.errors import ConfigError
from eqspike.experiment import resolve
from eqspike.experiment.metering import meter_run
from eqspike.experiment.runs import start


class TenWatts:
    """A machine that takes ten watts, whatever it does."""

    name = "ten watts"

    def joules(self) -> float:
        return 10 * time.perf_counter()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "digits"
    start(resolve("eqspike-digits", "digits", epochs=1, limit=40), out)
    return out


def test_joules_follow_time_and_idle_power_is_taken_off(run: Path) -> None:
    weights = (run / "weights.safetensors").read_bytes()
    found = meter_run(run, (1, 7), 0.2, meters=[TenWatts()])
    assert found.idle_watts == pytest.approx(10, rel=0.01)
    assert [(m.work, m.batch_size) for m in found.work] == [
        ("inference", 1), ("training", 1), ("inference", 7), ("training", 7),
    ]  # fmt: skip
    for metered in found.work:
        assert metered.samples % metered.batch_size == 0 < metered.samples
        assert metered.seconds >= 0.2
        assert metered.joules == pytest.approx(10 * metered.seconds, rel=0.02)
        assert abs(metered.above_idle or 0) < 0.05 * (metered.joules or 0)
        data = metered.to_json()
        assert data["joules_per_sample"] == (metered.joules or 0) / metered.samples
    assert (run / "weights.safetensors").read_bytes() == weights


def test_without_a_counter_only_times_are_given(run: Path) -> None:
    found = meter_run(run, (5,), 0.05, meters=[])
    assert found.idle_watts is None
    for metered in found.work:
        assert metered.to_json()["joules_per_sample"] is None
        assert metered.to_json()["seconds_per_sample"] > 0


@pytest.mark.parametrize(("batches", "seconds"), [((0,), 1.0), ((1,), 0.0), ((1,), 301.0)])
def test_wrong_sizes_and_times_are_refused(
    run: Path, batches: tuple[int, ...], seconds: float
) -> None:
    with pytest.raises(ConfigError, match=r"--(batch|seconds) must be"):
        meter_run(run, batches, seconds)
