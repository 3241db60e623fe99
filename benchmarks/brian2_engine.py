"""Speed of the fast engine against the targets of Brian2, per training sample, alternating in one run."""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np

from eqspike.core.random_stream import draws
from eqspike.experiment import load_model, open_session
from eqspike.systems import System
from eqspike.tasks import Split, load_task

ENGINES = ("fast", "brian2", "brian2:cython", "brian2:cpp_standalone", "brian2:cpp_standalone:2")
COLUMNS = (
    ("engine", 25), ("compile", 9), ("ms/sample", 11), ("ratio", 7), ("simulation", 12),
    ("start, files", 14), ("Python", 8),
)  # fmt: skip


def measure(system: System, split: Split, engines: list[str], rounds: int) -> dict[str, Any]:
    """For each engine: seconds of the first batch, and lists of seconds of the others by part."""
    keys = draws(1, np.arange(len(split), dtype=np.uint64))
    sessions = {name: open_session(system, 0, name) for name in engines}
    found: dict[str, Any] = {name: defaultdict(list) for name in engines}
    for round_ in range(rounds + 1):
        for name, session in sessions.items():
            read = getattr(session, "program_seconds", dict)
            before, started = read(), time.perf_counter()
            session.fit(split.images, split.labels, keys, 1.0, round_)
            seconds = time.perf_counter() - started
            if round_ == 0:
                found[name]["first"] = seconds
                continue
            found[name]["batch"].append(seconds)
            for part, value in read().items():
                found[name][part].append(value - before[part])
    for session in sessions.values():
        session.__exit__(None, None, None)
    return found


def rows(found: dict[str, Any], samples: int) -> list[tuple[str, ...]]:
    """One row an engine: compilation, time of a sample, ratio to the first engine, and where it goes."""
    result = []
    fastest = None
    for name, times in found.items():
        batch = statistics.median(times["batch"])
        fastest = fastest or batch
        shares = ("", "", "")
        if times["program"]:
            program, simulation = (
                statistics.median(times[part]) for part in ("program", "simulation")
            )
            parts = (simulation, program - simulation, batch - program)
            shares = tuple(f"{part / batch:.0%}" for part in parts)
        result.append(
            (
                name,
                f"{max(0.0, times['first'] - batch):.1f} s",
                f"{1e3 * batch / samples:.3f}",
                f"{batch / fastest:.0f}",
                *shares,
            )
        )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["eqspike-100", "eqspike-300"])
    parser.add_argument("--engines", nargs="+", default=list(ENGINES))
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    split = load_task("mnist-sample").load("train").limit(options.samples)
    for model in options.models:
        system = replace(load_model(model).system, precision="float64")
        found = measure(system, split, options.engines, options.rounds)
        print(f"\n{model}, float64, batch of {len(split)}, median of {options.rounds} rounds")
        for row in [tuple(title for title, _ in COLUMNS), *rows(found, len(split))]:
            cells = (cell.rjust(width) for cell, (_, width) in zip(row, COLUMNS, strict=True))
            print("".join(cells), flush=True)


if __name__ == "__main__":
    main()
