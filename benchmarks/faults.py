"""What faults leave behind: kills, full disks, closed pipes and two writers, on real runs.

    python benchmarks/faults.py [--runs 'fast; lava' | --runs all] [--kills N] [--others N] [--seed SEED]
                                [--log FILE]

Each line of the table is a number of tries and how many kept the promise of `docs/reliability.md`:

- kill: SIGKILL at a random moment, as often as asked for, then `--resume` to the end, or the first command again
  where nothing has been learnt: weights and counts are those of a run that nobody stopped, byte for byte, and no
  half-written file is left. Three moments of four are while it trains, the others anywhere.
- full disk: the kernel refuses to write beyond a random size of a file (RLIMIT_FSIZE); a report that could not be
  written is the old one, file by file.
- closed pipe: whoever reads the progress stops; all epochs are done and the status is 0.
- two writers: a second process is refused with status 2 while the first one's files end as they would alone.

With `--log`, each outcome is appended to a file at once, and the table is of all that the file holds: stop and go
on as you like. The folder of a run that did not keep its promise stays for a look.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forked import ONE_THREAD, Forked, run_and_import
from small_runs import RUNS

EQSPIKE = [sys.executable, "-m", "eqspike"]
Outcomes = Iterator[tuple[int, int]]
"""Numbers of tries, and how many of them kept the promise."""

Faults = dict[str, tuple[Callable[["Case", int], Outcomes], int]]
"""By name, what tries a fault, and how often."""

OFTEN = ("--checkpoint-seconds", "0.05")
RESULTS = ("weights.safetensors", "counts.json", "activity.json")
ENVIRONMENT = os.environ | ONE_THREAD


def run(*words: str, **settings: object) -> subprocess.CompletedProcess[bytes]:
    """One command of eqspike."""
    return subprocess.run(
        [*EQSPIKE, *words], env=ENVIRONMENT, capture_output=True, check=False, **settings
    )  # type: ignore[call-overload, no-any-return]


def results(out: Path) -> dict[str, bytes]:
    """Files of a run that do not depend on the time it took."""
    return {name: (out / name).read_bytes() for name in RESULTS if (out / name).is_file()}


@dataclass(frozen=True)
class Case:
    """A small run, and what it gives when nothing disturbs it.

    Attributes:
        folder: for the runs of this case; train: words of the command, without `--out`.
        whole: its results; epochs: records in its metrics.
        seconds: it took; training: seconds of these, from the first file of its folder on.
    """

    folder: Path
    train: tuple[str, ...]
    whole: dict[str, bytes]
    epochs: int
    seconds: float
    training: float

    @staticmethod
    def begin(folder: Path, words: tuple[str, ...]) -> Case:
        """Run it undisturbed, twice: the first use of a machine compiles."""
        train = ("train", *words, *OFTEN)
        run_and_import([*train, "--out", str(folder / "first")])
        begun = time.monotonic()
        process = begin([*train, "--out", str(folder / "whole")])
        wait_until((folder / "whole" / "config.yaml").is_file, process)
        trains = time.monotonic()
        process.wait()
        ended = time.monotonic()
        whole = results(folder / "whole")
        if not {"weights.safetensors", "counts.json"} <= set(whole) or whole != results(
            folder / "first"
        ):
            raise SystemExit(
                f"{' '.join(words)}: fails or differs without any fault; nothing to compare with"
            )
        return Case(folder, train, whole, epochs(folder / "whole"), ended - begun, ended - trains)

    def open(self, out: Path, **streams: Any) -> subprocess.Popen[bytes]:
        """Begin a run in a folder."""
        return begin([*self.train, "--out", str(out)], **streams)


def begin(words: list[str], **streams: Any) -> subprocess.Popen[bytes]:
    """Begin a command; nobody sees what it prints, unless told otherwise."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*EQSPIKE, *words], env=ENVIRONMENT, **{**silent, **streams})


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[bytes] | Forked) -> None:
    """Wait until something holds, or the process has ended."""
    while not holds() and process.poll() is None:
        time.sleep(0.005)


def wait_for_a_moment(case: Case, out: Path, process: Forked) -> None:
    """Wait until a random moment: one of four anywhere in a run, the others after one of its next checkpoints.

    Up to as long after it as it took to come, so that a busy machine changes little.
    """
    if random.random() < 0.25:
        time.sleep(random.uniform(0.0, case.training))
        return
    for _ in range(random.randint(1, 3)):
        begun, before = time.monotonic(), checkpoints(out)
        wait_until(lambda before=before: bool(checkpoints(out) - before), process)
    time.sleep(random.uniform(0.0, time.monotonic() - begun))


def checkpoints(out: Path) -> set[Path]:
    """Those of a run that are in place."""
    return set((out / "checkpoints").glob("*.safetensors"))


def epochs(out: Path) -> int:
    """Epochs that a run has completed."""
    path = out / "metrics.jsonl"
    return len(path.read_text().splitlines()) if path.is_file() else 0


def has_learnt(out: Path) -> bool:
    """Whether a run that was killed left something to continue from, or has announced it."""
    traces = ("weights.safetensors", "checkpoints/*.safetensors", ".*.journal")
    return any(any(out.glob(trace)) for trace in traces)


def kills(case: Case, number: int) -> Outcomes:
    """Kill runs at random moments, up to eight times each, and continue them to the end."""
    killed = index = 0
    while killed < number:
        out = case.folder / f"killed-{index}"
        words, times = [*case.train, "--out", str(out)], 0
        for _ in range(min(8, number - killed)):
            process = Forked(words)
            wait_for_a_moment(case, out, process)
            if not process.kill():  # it has ended
                break
            times += 1
            if has_learnt(out) or ((out / "config.yaml").is_file() and random.random() < 0.5):
                words = ["train", "--resume", "--out", str(out), *OFTEN]
        index += 1
        if not times:
            continue
        ended = Forked(words).wait()
        same = results(out) == case.whole and not list(out.rglob("*.part"))
        kept = same and Forked(["evaluate", str(out)]).wait() == 0
        if not kept:
            print(f"not kept, status {ended}: {' '.join(words)}", file=sys.stderr, flush=True)
        yield times, times * kept
        killed += times


def full_disks(case: Case, number: int) -> Outcomes:
    """Write a report anew while files cannot grow beyond a random size."""
    report = case.folder / "report"
    run("estimate", str(case.folder / "whole"), "--chip", "odin", "--out", str(report))
    old = {path.name: path.read_bytes() for path in report.iterdir()}
    largest = max(map(len, old.values()))
    for _ in range(number):
        size = random.randrange(1, largest)

        def limit(size: int = size) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        words = ("estimate", str(case.folder / "whole"), "--chip", "loihi1", "--out", str(report))
        done = run(*words, preexec_fn=limit)
        new = {path.name: path.read_bytes() for path in report.iterdir()}
        yield 1, done.returncode == 2 and new == old


def closed_pipes(case: Case, number: int) -> Outcomes:
    """Stop reading the progress after a random time."""
    for index in range(number):
        out = case.folder / f"pipe-{index}"
        process = case.open(out, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        time.sleep(random.uniform(0.0, case.seconds))
        if process.stdout is not None:
            process.stdout.close()
        # 141 says that its last line could not be printed, and is no success either.
        ended = process.wait() in (0, 141)
        yield 1, ended and epochs(out) == case.epochs and results(out) == case.whole


def two_writers(case: Case, number: int) -> Outcomes:
    """Begin a second run of another seed, and a second continuation, in the folder of one that is under way."""
    tried = index = 0
    while tried < number:
        out, index = case.folder / f"two-{index}", index + 1
        first = case.open(out)
        wait_until((out / "config.yaml").is_file, first)
        time.sleep(random.uniform(0.0, case.seconds / 10))
        first.send_signal(signal.SIGSTOP)  # so that it does not end before the second one begins
        if epochs(out) == case.epochs:  # it had ended: then the folder is free
            first.send_signal(signal.SIGCONT)
            first.wait()
            continue
        tried += 1
        anew = run(*case.train, "--seed", "9", "--force", "--out", str(out)).returncode
        resumed = run("train", "--resume", "--out", str(out)).returncode
        first.send_signal(signal.SIGCONT)
        ended = first.wait() == 0
        yield 1, ended and (anew, resumed) == (2, 2) and results(out) == case.whole


def chosen(text: str) -> list[str]:
    """Names of runs; `all` stands for every one."""
    names = list(RUNS) if text == "all" else [name.strip() for name in text.split(";")]
    if unknown := [name for name in names if name not in RUNS]:
        raise SystemExit(f"--runs: no {unknown[0]!r}; choose from {'; '.join(RUNS)}, or all")
    return names


def attempts(name: str, faults: Faults) -> Iterator[tuple[str, int, int]]:
    """Outcomes of one run: fault, tries and how many kept the promise. Its folder stays if one did not."""
    place, broken = Path(tempfile.mkdtemp(prefix="eqspike-faults-")), 0
    try:
        case = Case.begin(place, RUNS[name])
        for fault, (attempt, wanted) in faults.items():
            for tries, kept in attempt(case, wanted) if wanted else ():
                broken += tries - kept
                yield fault, tries, int(kept)
    finally:
        if broken:
            print(f"{name}: the folder stays: {place}", file=sys.stderr, flush=True)
        else:
            shutil.rmtree(place, ignore_errors=True)


def table(lines: list[str]) -> tuple[str, bool]:
    """A table of logged outcomes, and whether all kept the promise."""
    tries, kept = Counter[str](), Counter[str]()
    for line in lines:
        row, tried, well = line.rsplit("\t", 2)
        tries[row] += int(tried)
        kept[row] += int(well)
    rows = [f"| {row.replace(chr(9), ' | ')} | {tries[row]} | {kept[row]} |" for row in tries]
    return "\n".join(
        ["| run | fault | tries | promise kept |", "|---|---|---|---|", *rows]
    ), tries == kept


def main() -> int:
    """Print the table; status 1 if a promise was not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", default="fast", help="names of runs, between semicolons, or all")
    parser.add_argument("--kills", type=int, default=20, help="of each run")
    parser.add_argument("--others", type=int, default=5, help="tries of each other fault")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument(
        "--log", type=Path, default=Path(os.devnull), help="outcomes are appended to it"
    )
    options = parser.parse_args()
    random.seed(options.seed)
    faults: Faults = {
        "kill": (kills, options.kills),
        "full disk": (full_disks, options.others),
        "closed pipe": (closed_pipes, options.others),
        "two writers": (two_writers, options.others),
    }
    with open(options.log, "a", encoding="utf-8") as log:
        lines = options.log.read_text(encoding="utf-8").splitlines()
        for name in chosen(options.runs):
            for outcome in attempts(name, faults):
                lines.append("\t".join(map(str, (name, *outcome))))
                print(lines[-1], file=log, flush=True)
    text, whole = table(lines)
    print(text)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
