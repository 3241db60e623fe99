"""Event files for TensorBoard: the numbers of `metrics.jsonl`, each epoch once."""

from __future__ import annotations

import importlib.util
import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import eqspike
from eqspike.cli import main
from eqspike.core.errors import ConfigError, MissingPackageError
from eqspike.experiment.loggers import named_log, scalars
from eqspike.training import RunFolder

SMALL: dict[str, Any] = {
    "epochs": 3, "limit": 40, "test_limit": 20, "quiet": True,
    "settings": {"rule.free_steps": 20, "rule.nudged_steps": 10, "rule.readout_steps": 10},
}  # fmt: skip

writes_events = pytest.mark.skipif(
    importlib.util.find_spec("tensorboardX") is None, reason="tensorboardX is not installed"
)


def points(run: Path) -> list[tuple[str, int, float]]:
    """Tag, step and value of each point of a run's event file, in the order of the file.

    A record is its length (8 bytes), a checksum (4), the event and another checksum (4).
    """
    from tensorboardX.proto.event_pb2 import Event

    (path,) = RunFolder(run).event_files
    data, found, place = path.read_bytes(), [], 0
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        event = Event.FromString(data[place + 12 : place + 12 + length])
        found += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
        place += length + 16
    return found


def check_logged(run: Path) -> None:
    """Every number of `metrics.jsonl` is in the event file, and nothing else, once."""
    wanted = []
    for line in (run / "metrics.jsonl").read_text().splitlines():
        record = json.loads(line)
        wanted += [(tag, record["epoch"], value) for tag, value in scalars(record).items()]
    found = points(run)
    assert [each[:2] for each in found] == [each[:2] for each in wanted]
    assert [each[2] for each in found] == pytest.approx([each[2] for each in wanted])


def test_numbers_are_named_by_their_place_in_the_record() -> None:
    record = {"epoch": 2, "test_accuracy": 0.5, "rates": {"hidden": 0.1}, "by_stage": [0.2, 0.3]}
    assert scalars(record) == {
        "test_accuracy": 0.5, "rates/hidden": 0.1, "by_stage/0": 0.2, "by_stage/1": 0.3,
    }  # fmt: skip


@writes_events
def test_the_event_file_holds_the_metrics(tmp_path: Path) -> None:
    out = tmp_path / "run"
    eqspike.train("eqspike-digits", "digits", out=out, log="tensorboard", **SMALL)
    check_logged(out)
    assert {step for _, step, _ in points(out)} == {1, 2, 3}
    assert {"train_accuracy", "test_accuracy", "rates/hidden"} <= {tag for tag, *_ in points(out)}


@writes_events
@pytest.mark.parametrize("before", [None, "tensorboard"])
def test_a_resumed_run_logs_each_epoch_once(tmp_path: Path, before: str | None) -> None:
    """Killed after the second epoch was logged and before its checkpoint: it is logged again, not twice."""
    out = tmp_path / "run"
    stopped = eqspike.train(
        "eqspike-digits", "digits", out=out, log=before,
        on_epoch=lambda record: record["epoch"] == 2, **SMALL,
    )  # fmt: skip
    assert not stopped.complete
    max((out / "checkpoints").iterdir()).unlink()
    for path in RunFolder(out).event_files:  # their names are of one second
        path.rename(out / "events.out.tfevents.0000000001.earlier")
    assert eqspike.resume(out, log="tensorboard", quiet=True).complete
    check_logged(out)


@writes_events
def test_a_run_begun_anew_leaves_no_older_points(tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = ["train", "eqspike-digits", "digits", "--epochs", "1", "--limit", "40"]
    command += ["--out", str(out)]
    assert main([*command, "--log", "tensorboard"]) == 0
    check_logged(out)
    assert main([*command, "--force"]) == 0
    assert not RunFolder(out).event_files


def test_an_unknown_logger_is_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    with pytest.raises(ConfigError, match=r"log must be 'tensorboard'.*got 'wandb'"):
        eqspike.train("eqspike-digits", "digits", out=out, log="wandb", **SMALL)
    assert main(["train", "eqspike-digits", "digits", "--log", "wandb", "--out", str(out)]) == 2
    assert "got 'wandb'" in capsys.readouterr().err
    assert not out.exists()


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eqspike.experiment.loggers.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"'tensorboardX'.*-e '\.\[tens"):
        named_log("tensorboard")


@writes_events
def test_nothing_is_imported_for_a_run_that_is_not_logged() -> None:
    code = "import sys, eqspike.experiment.loggers; sys.exit('tensorboardX' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
