"""Speed of the fast engine against Brian2 (NumPy code), per training sample, alternating in one run."""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace

import numpy as np

from eqspike.core.random_stream import draws
from eqspike.experiment import load_model, open_session
from eqspike.tasks import load_task


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["eqspike-100", "eqspike-300"])
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    split = load_task("mnist-sample").load("train").limit(options.samples)
    keys = draws(1, np.arange(len(split), dtype=np.uint64))
    for model in options.models:
        system = replace(load_model(model).system, precision="float64")
        seconds: dict[str, list[float]] = {"fast": [], "brian2": []}
        sessions = {name: open_session(system, 0, name) for name in seconds}
        for round_ in range(options.rounds + 1):
            for name, session in sessions.items():
                started = time.perf_counter()
                session.fit(split.images, split.labels, keys, 1.0, round_)
                if round_:
                    seconds[name].append((time.perf_counter() - started) / len(split))
        fast, brian2 = (statistics.median(values) for values in seconds.values())
        print(
            f"{model}, float64, batch {len(split)}: fast {1e3 * fast:.3f} ms, brian2 (numpy) "
            f"{1e3 * brian2:.1f} ms a training sample; ratio {brian2 / fast:.0f}"
        )


if __name__ == "__main__":
    main()
