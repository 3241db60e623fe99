"""What faults leave behind: kills, full disks, closed pipes and two writers, on real runs.

    python benchmarks/faults.py [--kills N] [--engine ENGINE] [--seed SEED]

Each line of the table is a number of tries and how many kept the promise of `docs/reliability.md`:

- kill: SIGKILL at a random moment of a run, as often as asked for, then `--resume` to the end: weights and counts
  are those of a run that nobody stopped, byte for byte, and no half-written file is left.
- full disk: the kernel refuses to write beyond a random size of a file (RLIMIT_FSIZE); a report that could not be
  written is the old one, file by file.
- closed pipe: whoever reads the progress stops; all epochs are done and the status is 0.
- two writers: a second process is refused with status 2 while the first one's files end as they would alone.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

EQSPIKE = [sys.executable, "-m", "eqspike"]
EPOCHS = 40
TRAIN = [
    "train", "eqspike-digits", "digits", "--epochs", str(EPOCHS), "--limit", "300", "--set", "rule.free_steps=20",
    "--set", "rule.nudged_steps=10", "--set", "rule.readout_steps=10", "--checkpoint-seconds", "0.05",
]  # fmt: skip
LATEST_KILL = 8.0
"""Seconds after the start of a process."""

RESULTS = ("weights.safetensors", "counts.json", "activity.json")
ENVIRONMENT = {**os.environ, "EQSPIKE_THREADS": "1", "OMP_NUM_THREADS": "1"}


def run(*words: str, **settings: object) -> subprocess.CompletedProcess[bytes]:
    """One command of eqspike."""
    return subprocess.run(
        [*EQSPIKE, *words], env=ENVIRONMENT, capture_output=True, check=False, **settings
    )  # type: ignore[call-overload, no-any-return]


def results(out: Path) -> dict[str, bytes]:
    """Files of a run that do not depend on the time it took."""
    return {name: (out / name).read_bytes() for name in RESULTS if (out / name).is_file()}


def kills(folder: Path, train: list[str], whole: dict[str, bytes], number: int) -> tuple[int, int]:
    """Kill runs at random moments, up to five times each, and continue them to the end."""
    killed = kept = index = 0
    while killed < number:
        out = folder / f"killed-{index}"
        words, times = [*train, "--out", str(out)], 0
        for _ in range(min(5, number - killed)):
            process = subprocess.Popen(
                [*EQSPIKE, *words],
                env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            time.sleep(random.uniform(0.3, LATEST_KILL))
            times += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.wait()
            if (out / "config.yaml").is_file():
                words = ["train", "--resume", "--out", str(out), "--checkpoint-seconds", "0.05"]
        run(*words)
        same = results(out) == whole and not list(out.rglob("*.part"))
        kept += times if same and run("evaluate", str(out)).returncode == 0 else 0
        killed, index = killed + times, index + 1
    return killed, kept


def full_disks(folder: Path, number: int) -> tuple[int, int]:
    """Write a report anew while files cannot grow beyond a random size."""
    report, kept = folder / "report", 0
    names = ("energy.json", "energy.md", "energy.html", "inputs.json")
    run("estimate", str(folder / "whole"), "--chip", "odin", "--out", str(report))
    old = {path.name: path.read_bytes() for path in report.iterdir()}
    largest = max(map(len, old.values()))
    for _ in range(number):
        size = random.randrange(1, largest)

        def limit(size: int = size) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        done = run(
            "estimate", str(folder / "whole"), "--chip", "loihi1", "--out", str(report), preexec_fn=limit
        )  # fmt: skip
        new = {path.name: path.read_bytes() for path in report.iterdir()}
        kept += done.returncode == 2 and new == old and set(old) == set(names)
    return number, kept


def closed_pipes(folder: Path, train: list[str], number: int) -> tuple[int, int]:
    """Stop reading the progress after a random time."""
    kept = 0
    for index in range(number):
        out = folder / f"pipe-{index}"
        process = subprocess.Popen(
            [*EQSPIKE, *train, "--out", str(out)],
            env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        time.sleep(random.uniform(0.0, 3.0))
        if process.stdout is not None:
            process.stdout.close()
        lines = 0
        if process.wait() == 0:
            lines = len((out / "metrics.jsonl").read_text().splitlines())
        kept += lines == EPOCHS
    return number, kept


def two_writers(
    folder: Path, train: list[str], whole: dict[str, bytes], number: int
) -> tuple[int, int]:
    """Begin a second run of another seed in the folder of one that is under way."""
    kept = tried = 0
    while tried < number:
        out = folder / f"two-{tried}"
        first = subprocess.Popen(
            [*EQSPIKE, *train, "--out", str(out)],
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not (out / "config.yaml").is_file() and first.poll() is None:
            time.sleep(0.01)
        second = run(*train, "--seed", "9", "--force", "--out", str(out))
        first.wait()
        tried += 1
        kept += second.returncode == 2 and results(out) == whole
    return tried, kept


def main() -> int:
    """Print the table; status 1 if a promise was not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--others", type=int, default=5, help="tries of each other fault")
    parser.add_argument("--engine", default="fast")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    random.seed(options.seed)
    train = [*TRAIN, "--engine", options.engine]
    broken = 0
    with tempfile.TemporaryDirectory(prefix="eqspike-faults-") as name:
        folder = Path(name)
        run(*train, "--out", str(folder / "whole"))
        whole = results(folder / "whole")
        if len(whole) != len(RESULTS):
            raise SystemExit("the run without faults has failed; nothing to compare with")
        tries: dict[str, Callable[[], tuple[int, int]]] = {
            "kill": lambda: kills(folder, train, whole, options.kills),
            "full disk": lambda: full_disks(folder, options.others),
            "closed pipe": lambda: closed_pipes(folder, train, options.others),
            "two writers": lambda: two_writers(folder, train, whole, options.others),
        }
        print(f"| fault ({options.engine}) | tries | promise kept |\n|---|---|---|", flush=True)
        for fault, attempt in tries.items():
            number, kept = attempt()
            broken += number - kept
            print(f"| {fault} | {number} | {kept} |", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
