"""What counting events costs: the presentation kernel with and without its counting, alternating in one run."""

from __future__ import annotations

import argparse
import statistics
import time
from types import FunctionType
from typing import Any

import numba
import numpy as np

from eqspike.core.random_stream import draws
from eqspike.engines.fast import FastSession
from eqspike.engines.fast.spikes import presentation, simulator
from eqspike.experiment import load_model
from eqspike.tasks import load_task

COUNTING = ("count_spikes", "count_drawn", "count_input", "count_layers")


@numba.njit
def nothing(*arguments: Any) -> None:
    """Stands in for a counting function."""


def without_counting() -> Any:
    """The kernel compiled from the same source with its counting functions replaced."""
    source = presentation.present.py_func
    names = {**source.__globals__, **dict.fromkeys(COUNTING, nothing)}
    return numba.njit(nogil=True, error_model="numpy")(FunctionType(source.__code__, names))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="eqspike-100")
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    system = load_model(options.model).system
    split = load_task("mnist-sample").load("train").limit(options.samples)
    keys = draws(1, np.arange(len(split), dtype=np.uint64))
    kernels = {"counting": presentation.present, "without": without_counting()}
    times: dict[str, list[float]] = {name: [] for name in kernels}
    with FastSession(system, threads=1) as session:
        for round_ in range(options.rounds + 1):
            for name, kernel in kernels.items():
                simulator.present = kernel
                started = time.thread_time()
                for first in range(0, len(split), 20):
                    part = slice(first, first + 20)
                    session.fit(split.images[part], split.labels[part], keys[part], 0.0, first)
                if round_:
                    times[name].append(time.thread_time() - started)
    for name, seconds in times.items():
        print(
            f"{name:9s} {1e6 * statistics.median(seconds) / len(split):7.1f} µs a sample (processor time)"
        )
    ratios = [a / b for a, b in zip(times["counting"], times["without"], strict=True)]
    print(
        f"counting costs {100 * (statistics.median(ratios) - 1):.1f} % (median of {len(ratios)} rounds)"
    )


if __name__ == "__main__":
    main()
