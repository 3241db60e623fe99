"""Whoever stops reading stops no work, a terminal shows any text, and nothing ends with a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eqspike.cli import FAULT, main
from eqspike.cli import commands as commands_of_cli
from eqspike.core.errors import UnsupportedError
from eqspike.experiment import evaluating, gradients, metering, runs
from eqspike.experiment.memory_need import check_memory

TRAIN = (
    "train eqspike-digits digits --epochs 2 --limit 100 "
    "--set rule.free_steps=20 --set rule.nudged_steps=10 --set rule.readout_steps=10"
)
EQSPIKE = f"{sys.executable} -m eqspike"


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command line of the shell, run in `folder`; ends with the status of `eqspike`."""
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), **environment}, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run."""
    out = tmp_path_factory.mktemp("streams") / "run"
    assert main([*TRAIN.split(), "--out", str(out)]) == 0
    return out


@pytest.mark.parametrize(
    "ending", ["2>&1 | head -1", "2>/dev/full", "2>&-", ">&- 2>&-", "2>&1 | true"]
)
def test_training_does_not_depend_on_who_reads(tmp_path: Path, ending: str) -> None:
    """All epochs are done, and only then the status is 0."""
    done = shell(f"{EQSPIKE} {TRAIN} --out run {ending}", tmp_path)
    epochs = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert len(epochs) == 2
    assert "Traceback" not in done.stderr
    assert done.returncode == (2 if ">&- 2" in ending else 0)


@pytest.mark.parametrize(
    ("ending", "status"), [("| true", 141), (">/dev/full", 2), (">&-", 2), (">&- --json", 2)]
)
def test_a_command_whose_product_is_its_output_never_ends_with_0_without_it(
    tmp_path: Path, ending: str, status: int
) -> None:
    """A closed pipe ends it as other tools, a full disk or a closed output with an error."""
    done = shell(f"{EQSPIKE} list models {ending}", tmp_path)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert ("standard output cannot be written" in done.stderr) == (status == 2)


def test_a_description_is_made_whoever_reads_its_name(tmp_path: Path) -> None:
    """The product of `new` is its file."""
    assert shell(f"{EQSPIKE} new chip mine | true", tmp_path).returncode == 0
    assert (tmp_path / "mine.yaml").is_file()


def test_brian2_is_imported_whatever_the_words_are(run: Path, tmp_path: Path) -> None:
    """It copies them into a file of its own, in UTF-8."""
    pytest.importorskip("brian2")
    command = [
        sys.executable,
        "-m",
        "eqspike",
        "export",
        str(run),
        "--out",
        os.fsdecode(b"caf\xe9"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert set(os.listdir(tmp_path / os.fsdecode(b"caf\xe9"))) == {
        "sample_0.py",
        "sample_0.npz",
    }


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_terminal_shows_any_text(tmp_path: Path, encoding: str) -> None:
    """What it has no character for is replaced."""
    done = shell(f"{EQSPIKE} list chips", tmp_path, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr


def test_hostile_text_does_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither escape sequences, nor returns, nor changes of direction: of keys, values and paths."""
    model = tmp_path / "evil.yaml"
    model.write_text('"\\e]0;PWN\\a": 1\ntitle: x\n')
    assert main(["train", str(model), "digits"]) == 2
    assert main(["evaluate", "no\x1b[2J\r\u202esuch"]) == 2
    with pytest.raises(SystemExit):
        main(["list", "\x1b]0;PWN\x07"])
    said = capsys.readouterr().err
    assert not set(said) & {"\x1b", "\x07", "\r", "\u202e"}
    assert "PWN" in said


@pytest.mark.parametrize(
    "command",
    [
        "train LONG digits", "train eqspike-digits LONG", "evaluate LONG", "evaluate RUN --engine LONG",
        "evaluate RUN --engine brian2:LONG", "estimate RUN --chip LONG", "estimate RUN --figure LONG",
        "estimate RUN --figure LONG.a=1pJ", "plot RUN --out LONG", "list --plugin LONG.py", "reproduce LONG",
    ],
)  # fmt: skip
def test_no_name_floods_the_terminal(
    run: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """However long the words of the user are, an error is read at a glance."""
    words = [
        word.replace("LONG", "../" * 10**5).replace("RUN", str(run)) for word in command.split()
    ]
    assert main(words) == 2
    assert 0 < len(capsys.readouterr().err) < 5000


def test_a_fault_is_not_a_failed_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1 means that a check did not hold."""

    def fail(name: str) -> None:
        raise RuntimeError("mistake")

    monkeypatch.setattr(commands_of_cli.importlib, "import_module", fail)
    assert main(["list"]) == FAULT
    assert "a mistake in eqspike" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trian"], "did you mean 'train'?"),
        (["list", "modles"], "did you mean 'models'?"),
        (["train", "a", "b", "--seed", "1", "--seed", "2"], "--seed: is given twice, as 1 and as 2"),
        (["train", "a", "b", "--set", "x=1", "--set", "x=2"], "x is given twice, as 1 and as 2"),
        (["estimate", "a", "--figure", "c.s=1pJ", "--figure", "c.s=2pJ"], "c.s is given twice"),
        (["estimate", "a", "--hops", "hidden=1", "--hops", "hidden=2"], "hidden is given twice"),
        (["train", "a", "b", "--checkpoint-seconds", "inf"], "finite number of seconds above 0, such as 0.001"),
        (["meter", "a", "--seconds", "nan"], "such as 1ms, got nan"),
        (["train", "a", "b", "--out", ""], "got an empty text"),
        (["evaluate", "a", "digits"], "'digits' is one word too many: the command is eqspike evaluate RUN;"),
        (["evaluate", "--jsn", "runs/a"], "there is no option '--jsn'; did you mean '--json'?"),
        (["evaluate", "runs/a", "--out=b"], "there is no option '--out=b'; 'eqspike evaluate --help' shows all"),
        (["--json", "evaluate", "runs/a"], "write it behind: eqspike evaluate --json"),
        (["--plugin", "mine.py", "list"], "write it behind: eqspike list --plugin"),
        (["--seed"], "write it behind: eqspike COMMAND --seed"),
        (["report", "--json", "compare", "a"], "write it behind: eqspike report compare --json"),
        (["new", "rule", "mine"], "a rule is Python code, not a YAML file; write a plug-in: docs/plugins.md"),
        (["check", "mine.yaml", "--as", "neuron"], "a neuron is Python code"),
    ],
)  # fmt: skip
def test_wrong_words_get_advice(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And status 2, before anything runs."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_same_value_twice_is_no_contradiction(capsys: pytest.CaptureFixture[str]) -> None:
    """It gets as far as the model, which does not exist."""
    command = ["train", "no-such", "digits", "--seed", "1", "--seed", "1"]
    assert main([*command, "--set", "a.b=1", "--set", "a.b=1"]) == 2
    assert "'no-such' is not in the library" in capsys.readouterr().err


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the shell leaves it, too."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main([*TRAIN.split(), "--out", "~/run"]) == 0
    assert (tmp_path / "run" / "config.yaml").is_file()
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize(
    "command",
    [
        "train eqspike-digits digits --out PLACE",
        "sweep eqspike-digits digits --vary seed=[1] --out PLACE",
        "estimate RUN --out PLACE",
        "plot RUN --out PLACE",
        "plot stdp RUN --out PLACE",
        "deploy RUN --chip loihi1 --out PLACE",
        "export RUN --format nir --out PLACE",
        "meter RUN --out PLACE/file",
        "check-gradient eqspike-digits digits --out PLACE",
        "report compare RUN RUN --out PLACE",
    ],
)
@pytest.mark.parametrize("place", ["file/below", "a" * 300], ids=["file", "long"])
def test_where_nothing_can_be_written_is_said_before_the_work(
    run: Path, tmp_path: Path, command: str, place: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """With path and reason; no engine is opened."""
    (tmp_path / "file").write_text("mine")
    opened: list[object] = []
    for module in (evaluating, gradients, metering, runs):
        monkeypatch.setattr(module, "open_learner", opened.append)
    words = command.replace("RUN", str(run)).replace("PLACE", str(tmp_path / place)).split()
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "cannot be written" in said
    assert "a file is in the way" in said or "choose a shorter name" in said
    assert not opened


def test_a_system_larger_than_the_machine_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what it needs and what there is: 10 ** 12 weights are 32 terabytes."""
    with pytest.raises(UnsupportedError, match=r"at least 32,000\.0 GB .* 'hidden-output'"):
        check_memory({"input-hidden": 5, "hidden-output": 10**12})
    check_memory({"input-hidden": 10**6}, 10**6)
    command = ["train", "cep-512", "digits", "--out", str(tmp_path / "run")]
    command += ["--set", "layers=[64, 1000000, 1000000, 10]"]
    assert main([*command, "--set", "training.learning_rates=[1, 1, 1]"]) == 2
    assert "this machine has" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("model", ["backprop-512", "metaplastic-bp-digits", "dtp-mlp", "norse-100"])
def test_a_learner_larger_than_the_machine_is_refused_at_once(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before torch allocates anything: 10 ** 12 weights and their gradients are 8 terabytes."""
    pytest.importorskip("norse")
    command = ["train", model, "digits", "--out", str(tmp_path / "run")]
    assert main([*command, "--set", "learner.layers=[64, 1000000, 1000000, 10]"]) == 2
    assert "needs at least 8,000." in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("text", ["DefaultCPUAllocator: can't allocate memory: you tried 4 bytes"])
def test_memory_that_torch_does_not_get_is_no_fault(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how much it wanted."""

    def fail(name: str) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(commands_of_cli.importlib, "import_module", fail)
    assert main(["list"]) == 2
    assert text in capsys.readouterr().err


def test_a_batch_larger_than_the_machine_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Records of a batch: states of rates by sample, and the nudged phase of spikes by thread."""
    monkeypatch.setattr("eqspike.experiment.memory_need.memory", lambda: 1 << 30)
    monkeypatch.setenv("EQSPIKE_THREADS", "8")
    out = str(tmp_path / "run")
    rates = [
        "train",
        "ep-digits-events",
        "digits",
        "--set",
        "training.batch_size=100000",
        "--out",
        out,
    ]
    assert main([*rates, "--engine", "torch", "--set", "layers=[64, 3000, 10]"]) == 2
    said = capsys.readouterr().err
    assert "for a batch of 100,000 samples of 3,010 neurons" in said
    assert "training.batch_size" in said
    spikes = [
        "train",
        "eqspike-digits",
        "digits",
        "--set",
        "rule.nudged_steps=100000",
        "--out",
        out,
    ]
    assert main([*spikes, "--set", "layers=[64, 300, 10]"]) == 2
    assert "samples of 310 neurons" in capsys.readouterr().err
    assert not Path(out).exists()
