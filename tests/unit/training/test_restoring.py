"""`--resume` of a run that is complete writes its damaged files anew, as the message about them promises."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from eqspike.cli import main
from eqspike.core.errors import RunError
from eqspike.experiment.estimating import estimate_run

RUNS = {
    "fast": "eqspike-digits digits --set rule.free_steps=20 --set rule.nudged_steps=10 "
    "--set rule.readout_steps=10",
    "rates": "ep-digits-events digits --engine fast --set rule.free_steps=10 --set rule.nudged_steps=5",
    "learner": "metaplastic-bp-digits digits --validation 20",
}
DAMAGES: dict[str, Callable[[Path], None]] = {
    "counts.json": lambda path: path.write_text(path.read_text().replace("1", "2", 1)),
    "weights.safetensors": lambda path: os.truncate(path, path.stat().st_size - 1),
    "metrics.jsonl": lambda path: path.write_text(""),
    "gone": lambda path: (path.parent / "counts.json").unlink(),
}


@pytest.mark.parametrize("words", RUNS.values(), ids=RUNS)
def test_damaged_files_of_a_complete_run_are_written_anew(tmp_path: Path, words: str) -> None:
    """With the same bytes."""
    run = tmp_path / "run"
    command = f"train {words} --epochs 2 --limit 40 --test-limit 40 --out {run}".split()
    assert main(command) == 0
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    for name, damage in DAMAGES.items():
        damage(run / name)
        assert main(["train", "--resume", "--out", str(run)]) == 0
        assert {path: path.read_bytes() for path in before} == before


def test_what_cannot_be_made_again_is_not_promised(tmp_path: Path) -> None:
    """The environment is of the moment when the run began."""
    run = tmp_path / "run"
    command = f"train {RUNS['fast']} --epochs 1 --limit 20 --test-limit 20 --out {run}".split()
    assert main(command) == 0
    (run / "environment.json").write_text("{}")
    with pytest.raises(RunError, match=r"environment\.json: is not as .* put it back") as caught:
        estimate_run(run, ("loihi1",))
    assert "--resume" not in str(caught.value)
