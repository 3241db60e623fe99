"""Echoes and backpropagation on recorded brain potentials, and their memory and time against length.

    python benchmarks/echo_series.py train --backward rhel --seed 0       # SelfRegulationSCP1 below EQSPIKE_DATA
    python benchmarks/echo_series.py scale --out DIR                      # T = 1,000 to 50,000, table and figure
    python benchmarks/echo_series.py memory                               # of a training step of model hssm-linear

`train` uses the archive's own split or one at random, and prints one line of JSON an epoch. In this archive's
files each channel is the first one moved in time: the six channels are one electrode with lags. `scale` runs each
length in its own process; memory is the growth of its peak over one forward and backward pass of one sample, less
the positions, which are the unit's output and held by whoever asked for them. `memory` is the growth of the peak
over a whole training step, all blocks and Adam, of series already there, of PyTorch's tensors and of the process
(medians of three; the system's count of its peak is set back before, Linux): the slope between the two longest.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.profiler import ProfilerActivity, profile

from eqspike.nn.hssm import HamiltonianStack

LENGTHS = (1_000, 10_000, 50_000)
BACKWARDS = ("rhel", "reversible", "bptt")
RETURNS = {"MALLOC_MMAP_THRESHOLD_": "65536"}  # of the GNU C library


def read_series(path: Path) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """(samples, time, channels) and labels of a file of the archive: channels by colon, values by comma."""
    with gzip.open(path, "rt", encoding="latin-1") as file:
        lines = [line.strip() for line in file if line[0] not in "#@" and line.strip()]
    rows = [line.split(":") for line in lines]
    values = [[np.array(part.split(","), np.float32) for part in row[:-1]] for row in rows]
    return np.array(values).transpose(0, 2, 1), np.array([row[-1] for row in rows])


def load(name: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Standardised by the training set, with a channel of time from 0 to 1 added."""
    folder = Path(os.environ["EQSPIKE_DATA"]) / "uea"
    train, train_labels = read_series(folder / f"{name}_TRAIN.ts.gz")
    test, test_labels = read_series(folder / f"{name}_TEST.ts.gz")
    classes = np.unique(train_labels)
    mean, deviation = train.mean((0, 1)), train.std((0, 1))
    found = []
    for series, labels in ((train, train_labels), (test, test_labels)):
        clock = np.broadcast_to(
            np.linspace(0, 1, series.shape[1], dtype=np.float32)[:, None], (*series.shape[:2], 1)
        )
        whole = np.concatenate(((series - mean) / deviation, clock), 2)
        found += [torch.from_numpy(whole), torch.from_numpy(np.searchsorted(classes, labels))]
    return found[0], found[1], found[2], found[3]


def mixed(
    parts: tuple[Tensor, Tensor, Tensor, Tensor], seed: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Both halves of the archive together, 85 % drawn for training and 15 % for the test."""
    series, labels = torch.cat((parts[0], parts[2])), torch.cat((parts[1], parts[3]))
    order = torch.randperm(len(series), generator=torch.Generator().manual_seed(seed))
    train, test = order[: round(0.85 * len(order))], order[round(0.85 * len(order)) :]
    return series[train], labels[train], series[test], labels[test]


def train(options: argparse.Namespace) -> None:
    parts = load(options.data)
    if options.split == "random":
        parts = mixed(parts, options.seed)
    series, labels, test, test_labels = parts
    model = HamiltonianStack(
        series.shape[2], int(labels.max()) + 1, hidden=options.hidden, units=options.units, blocks=options.blocks,
        kind=options.kind, backward=options.backward, dropout=options.dropout, seed=options.seed,
    )  # fmt: skip
    torch.manual_seed(options.seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=options.decay)
    steps = options.epochs * -(-len(series) // options.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for epoch in range(options.epochs):
        model.train()
        began, losses = time.perf_counter(), []
        for rows in torch.randperm(len(series)).split(options.batch):
            loss = cross_entropy(model(series[rows]), labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        model.eval()
        with torch.no_grad():
            guesses = torch.cat([model(part).argmax(1) for part in test.split(options.batch)])
        record = {
            "backward": options.backward, "seed": options.seed, "epoch": epoch + 1, "loss": float(np.mean(losses)),
            "test_accuracy": float((guesses == test_labels).float().mean()),
            "seconds": time.perf_counter() - began,
        }  # fmt: skip
        print(json.dumps(record), flush=True)


def measure(options: argparse.Namespace) -> None:
    """Peak memory and time of one forward and backward pass of one unit, in this process alone."""
    import resource

    from eqspike.nn import HamiltonianUnit, LinearOscillators, LogCoshOscillators

    energy = LinearOscillators if options.kind == "linear" else LogCoshOscillators
    unit = HamiltonianUnit(energy(1, options.units), backward=options.backward)
    unit(torch.randn(1, 64, 1, requires_grad=True)).sum().backward()  # compiles
    inputs = torch.randn(1, options.length, 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    unit(inputs).sum().backward()
    seconds = time.process_time() - began
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    beyond = peak - options.length * unit.size * 4
    record = {"length": options.length, "backward": options.backward, "kind": options.kind,
              "seconds": seconds, "bytes_beyond_output": beyond}  # fmt: skip
    print(json.dumps(record))


def scale(options: argparse.Namespace) -> None:
    options.out.mkdir(parents=True, exist_ok=True)
    records: list[dict[str, Any]] = []
    for kind in ("linear", "log-cosh"):
        for backward in BACKWARDS:
            for length in LENGTHS:
                command = [sys.executable, __file__, "measure", "--kind", kind, "--backward", backward,
                           "--length", str(length), "--units", str(options.units)]  # fmt: skip
                ran = subprocess.run(command, check=True, capture_output=True, text=True)
                records.append(json.loads(ran.stdout))
                print(ran.stdout.strip(), flush=True)
    text = json.dumps(records, indent=2) + "\n"
    (options.out / "echo_scale.json").write_text(text, encoding="utf-8")
    draw(records, options.out / "echo_scale.png")


def step(options: argparse.Namespace) -> None:
    """Growth of the peak over one training step of the model, in this process alone: of tensors, or resident."""
    model = HamiltonianStack(
        7, 2, hidden=64, units=64, backward=options.backward, recompute=options.recompute
    )
    optimiser = torch.optim.Adam(model.parameters())
    labels = torch.zeros(options.batch, dtype=torch.long)

    def learn(series: Tensor) -> None:
        optimiser.zero_grad()
        cross_entropy(model(series), labels).backward()
        optimiser.step()

    learn(torch.randn(options.batch, 64, 7))  # compiles
    series = torch.randn(options.batch, options.length, 7)
    if options.tensors:
        print(live(lambda: learn(series)))
        return
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = resident("VmRSS")
    learn(series)
    print(resident("VmHWM") - before)


def live(work: Callable[[], None]) -> int:
    """The most bytes that tensors take up during work, beyond those there before it."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        work()
    events = [of for of in profiler.profiler.kineto_results.events() if of.name() == "[memory]"]
    return max(accumulate(of.nbytes() for of in sorted(events, key=lambda of: of.start_ns())))


def resident(field: str) -> int:
    """Bytes this process has in memory (`VmRSS`) or had at most (`VmHWM`)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))


def memory(options: argparse.Namespace) -> None:
    """Bytes a step of the series: of tensors, and resident, which is larger by what the allocator keeps."""
    del options
    print(
        "| backward | tensors | resident | resident, large blocks given back at once |\n|---|---|---|---|"
    )
    for way in (["rhel", "--recompute"], ["rhel"], ["reversible"], ["bptt"]):
        cells = [
            slope([*way, "--tensors"], {}),
            statistics.median(slope(way, {}) for _ in range(3)),
            statistics.median(slope(way, RETURNS) for _ in range(3)),
        ]
        cells = [f"{of:,.0f}" for of in cells]
        print("| " + " | ".join([" ".join(way), *cells]) + " |", flush=True)


def slope(way: list[str], setting: dict[str, str]) -> float:
    """What `step` prints of one sample of the longest series less the second, each in a process, per step."""
    peaks = []
    for length in LENGTHS[1:]:
        command = [sys.executable, __file__, "step", "--backward", *way,
                   "--length", str(length), "--batch", "1"]  # fmt: skip
        ran = subprocess.run(
            command, check=True, capture_output=True, text=True, env=os.environ | setting
        )
        peaks.append(int(ran.stdout.splitlines()[-1]))
    return (peaks[1] - peaks[0]) / (LENGTHS[2] - LENGTHS[1])


def draw(records: list[dict[str, Any]], path: Path) -> None:
    from eqspike.analysis.style import SERIES, new_figure, save, styled

    @styled()
    def figure() -> Any:
        drawn = new_figure(10.0, 7.4)
        for row, kind in zip(drawn.subplots(2, 2), ("linear", "log-cosh"), strict=True):
            for backward, (colour, marker) in zip(BACKWARDS, SERIES, strict=False):
                of = [r for r in records if (r["kind"], r["backward"]) == (kind, backward)]
                lengths = [r["length"] for r in of]
                look = {"color": colour, "marker": marker, "label": backward}
                row[0].plot(lengths, [r["bytes_beyond_output"] / 2**20 for r in of], **look)
                row[1].plot(lengths, [r["seconds"] for r in of], **look)
            row[0].set(
                title=f"Memory, {kind} oscillators", ylabel="peak memory beyond the output (MiB)"
            )
            row[1].set(
                title=f"Time, {kind} oscillators", ylabel="time (s)", yscale="log", xscale="log"
            )
            row[0].legend()
        for place in drawn.axes:
            place.set_xlabel("length T")
        return drawn

    save(figure(), path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=tuple(COMMANDS))
    parser.add_argument("--data", default="SelfRegulationSCP1")
    parser.add_argument("--kind", default="linear", choices=("linear", "log-cosh"))
    parser.add_argument("--backward", default="rhel")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--units", type=int, default=32)
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--split", default="archive", choices=("archive", "random"))
    parser.add_argument("--dropout", type=float, default=0.05)
    parser.add_argument("--decay", type=float, default=0.0, help="of weights, in AdamW")
    parser.add_argument("--recompute", action="store_true", help="of `step`: blocks anew")
    parser.add_argument("--tensors", action="store_true", help="of `step`: count tensors only")
    parser.add_argument("--length", type=int, default=1_000)
    parser.add_argument("--out", type=Path, default=Path("runs/echo"))
    options = parser.parse_args()
    COMMANDS[options.what](options)


COMMANDS = {"train": train, "scale": scale, "measure": measure, "memory": memory, "step": step}


if __name__ == "__main__":
    main()
