"""One process in a run, files that belong together, and only eqspike's own files deleted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eqspike.cli import main
from eqspike.core.errors import ConfigError, RunError
from eqspike.experiment import resolve
from eqspike.experiment.agreement import Wanted
from eqspike.experiment.drawing import draw_run
from eqspike.experiment.estimating import estimate_run
from eqspike.experiment.evaluating import evaluate_run
from eqspike.experiment.runs import resume, start
from eqspike.reports import write_report
from eqspike.training import RunFolder
from eqspike.training.lock import locked
from eqspike.training.manifest import accepting_changes, sha256

SMALL = ("training.epochs=2", "rule.free_steps=20", "rule.nudged_steps=10", "rule.readout_steps=10")


def small(seed: int = 0):
    return resolve("eqspike-digits", "digits", seed=seed, limit=100, overrides=SMALL)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("original") / "run"
    start(small(), out)
    return out


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


def of_another_run(run: Path) -> None:
    other = run.parent / "other"
    start(small(seed=1), other)
    shutil.copy(other / "weights.safetensors", run)


CHANGES: dict[str, Callable[[Path], None]] = {
    "a count": lambda run: change(run / "counts.json", '"samples": 200', '"samples": 201'),
    "a setting": lambda run: change(run / "config.yaml", "free_steps: 20", "free_steps: 25"),
    "a line of metrics less": lambda run: cut(run / "metrics.jsonl"),
    "weights of another run": of_another_run,
    "no manifest": lambda run: (run / "manifest.json").unlink(),
    "a damaged manifest": lambda run: (run / "manifest.json").write_text("[]"),
}


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def cut(path: Path) -> None:
    path.write_text(path.read_text().splitlines(keepends=True)[0])


def read_everything(run: Path) -> None:
    evaluate_run(run, limit=2)
    estimate_run(run, ("loihi1",))


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_file_is_refused_and_can_be_accepted(run: Path, name: str) -> None:
    """By name; where the change is accepted, it is reported."""
    read_everything(run)
    CHANGES[name](run)
    with pytest.raises(RunError, match="--accept-changes"):
        read_everything(run)
    said: list[str] = []
    with accepting_changes(said.append):
        read_everything(run)
    assert said
    assert all("accepted" in text for text in said)


def test_the_report_says_which_files_were_changed(run: Path) -> None:
    """In its provenance, and only then."""
    assert "changed_since_the_run" not in estimate_run(run, ("loihi1",)).provenance
    CHANGES["a count"](run)
    with accepting_changes(lambda text: None):
        report = estimate_run(run, ("loihi1",))
    assert report.provenance["changed_since_the_run"] == ["counts.json"]


def test_the_manifest_names_every_file_of_the_run(run: Path) -> None:
    """But checkpoints, which carry digests of their own; figures are added."""
    draw_run(run)
    written = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    found = json.loads((run / "manifest.json").read_text())
    assert set(found["files"]) == {
        name for name in written if name != "manifest.json" and not name.startswith("checkpoints")
    }
    assert found["configuration_sha256"] == found["files"]["config.yaml"] == small().digest


def test_the_manifest_names_a_report_among_the_files_of_a_run(run: Path) -> None:
    """Its table for spreadsheets, too."""
    with RunFolder(run).adding():
        write_report(estimate_run(run, ("loihi1",)), run / "energy")
    found = json.loads((run / "manifest.json").read_text())["files"]
    written = {path.name for path in (run / "energy").iterdir()}
    assert "energy.csv" in written
    assert {f"energy/{name}" for name in written} <= set(found)
    assert found["energy/energy.csv"] == sha256(run / "energy" / "energy.csv")


def test_force_deletes_only_what_eqspike_wrote(run: Path) -> None:
    """The user's own figure stays, in the same folder, and one put in the place of eqspike's, too."""
    drawn = draw_run(run)
    mine, replaced = run / "plots" / "mine.png", drawn[0]
    mine.write_text("mine")
    replaced.write_text("mine, too")
    start(small(seed=3), run, force=True)
    assert sorted((run / "plots").iterdir()) == sorted([mine, replaced])
    assert replaced.read_text() == "mine, too"


def test_a_manifest_cannot_name_files_elsewhere(run: Path) -> None:
    """Or `--force` would delete them."""
    outside = run.parent / "precious"
    outside.write_text("mine")
    data = json.loads((run / "manifest.json").read_text())
    data["files"]["../precious"] = data["files"]["config.yaml"]
    (run / "manifest.json").write_text(json.dumps(data))
    with pytest.raises(RunError, match=r"manifest\.json: must follow schema"):
        RunFolder.open(run)
    start(small(), run, force=True)
    assert outside.read_text() == "mine"


@pytest.mark.parametrize(
    "work",
    [
        lambda run: start(small(), run, force=True),
        resume,
        draw_run,
        lambda run: main(["sweep", "eqspike-digits", "digits", "--vary", "seed=[1]", "--out", str(run)]),
    ],
    ids=["force", "resume", "plot", "sweep"],
)  # fmt: skip
def test_a_second_process_is_refused(
    run: Path, work: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it would write; the message names the process that works in the folder."""
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    code = "import sys; from pathlib import Path; from eqspike.training.lock import locked\n"
    code += "with locked(Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(run)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        status, said = work(run), capsys.readouterr().err
    except RunError as error:
        status, said = 2, str(error)
    finally:
        process.kill()
        process.communicate()
    assert status == 2
    assert f"process {process.pid}" in said
    assert {path: path.read_bytes() for path in before} == before
    with locked(run):  # the kernel has released it
        pass
    assert not (run / ".eqspike.lock").exists()


def test_resume_clears_what_a_kill_left(run: Path) -> None:
    """Parts in the folder and among the checkpoints; files of the user stay."""
    parts = [
        run / ".eqspike-1-0.part", run / ".config.yaml.77.part",
        run / "checkpoints" / ".eqspike-1-9.part",
    ]  # fmt: skip
    for part in parts:
        part.write_text("half")
    (run / "notes.part").write_text("mine")
    resume(run)
    assert not any(part.exists() for part in parts)
    assert (run / "notes.part").exists()


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(seed=9), "--seed is 9 instead of 0"),
        (Wanted(model="eqspike-100"), "MODEL is 'eqspike-100' instead of 'eqspike-digits'"),
        (Wanted(task="mnist-sample"), "TASK is 'mnist-sample' instead of 'digits'"),
        (Wanted(engine="brian2"), "--engine is 'brian2' instead of 'fast'"),
        (Wanted(epochs=3), "--epochs is 3 instead of 2"),
        (Wanted(limit=99), "--limit is 99 instead of 100"),
        (Wanted(validation=0.1), "--validation is 0.1 instead of None"),
        (Wanted(test_limit=5), "--test-limit is 5 instead of None"),
        (Wanted(overrides=("rule.free_steps=21",)), "--set rule.free_steps is 21 instead of 20"),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value),
)
def test_resume_refuses_what_contradicts_the_run(run: Path, wanted: Wanted, said: str) -> None:
    """And names it."""
    with pytest.raises(ConfigError, match="--resume continues") as caught:
        resume(run, wanted=wanted)
    assert said in str(caught.value)


def test_resume_takes_what_the_run_was_begun_with(run: Path) -> None:
    """The very arguments of the first call are no change, its configuration neither."""
    command = [
        "train",
        "eqspike-digits",
        "digits",
        "--seed",
        "0",
        "--limit",
        "100",
        "--engine",
        "fast",
    ]
    command += ["--out", str(run), "--resume"]
    for override in SMALL:
        command += ["--set", override]
    assert main([*command, "--epochs", "2"]) == 0
    assert main(["train", "--config", str(run / "config.yaml"), "--out", str(run), "--resume"]) == 0


def test_resume_refuses_an_edited_configuration(run: Path) -> None:
    """Even where the change is accepted, for the checkpoints are of another run; the difference is named."""
    CHANGES["a setting"](run)
    with pytest.raises(
        RunError, match=r"config\.yaml: is not as the run wrote it.* --config"
    ) as caught:
        resume(run)
    assert "--resume" not in str(caught.value)
    with (
        accepting_changes(lambda text: None),
        pytest.raises(RunError, match=r"model\.rule\.free_steps is 20 instead of 25"),
    ):
        resume(run)


def test_resume_refuses_checkpoints_of_another_run(run: Path) -> None:
    """The difference is named."""
    other = run.parent / "other"
    start(small(seed=5), other)
    shutil.rmtree(run / "checkpoints")
    shutil.copytree(other / "checkpoints", run / "checkpoints")
    with pytest.raises(RunError, match=r"not of the configuration .* seed is 5 instead of 0"):
        resume(run)


def test_a_folder_that_was_begun_and_killed_can_be_used(tmp_path: Path) -> None:
    """A kill before `config.yaml` leaves files that come and go."""
    for name in (".eqspike.lock", ".eqspike-5-0.part"):
        (tmp_path / name).write_text("")
    start(small(), tmp_path)
    assert not list(tmp_path.glob(".eqspike*"))


def test_a_full_disk_leaves_the_last_epoch_whole(run: Path) -> None:
    """None of the files of an epoch is new if one cannot be written."""
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    folder = RunFolder(run)
    weights = folder.weights()
    (run / "metrics.jsonl").unlink()
    (run / "metrics.jsonl").mkdir()

    def write_both() -> None:
        with folder.adding():
            folder.write_weights({name: array + 1 for name, array in weights.items()})
            folder.write_metrics(({"epoch": 9},))

    with pytest.raises(RunError, match=r"metrics\.jsonl: cannot be written"):
        write_both()
    after = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    assert after == {name: data for name, data in before.items() if name != "metrics.jsonl"}


def test_a_folder_is_locked_by_whoever_comes_first(tmp_path: Path) -> None:
    """A thread may hold a folder twice, and a folder has one lock under all its names."""
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    with locked(tmp_path / "folder"), locked(tmp_path / "link"):
        assert os.listdir(tmp_path / "folder") == [".eqspike.lock"]
    assert os.listdir(tmp_path / "folder") == []
