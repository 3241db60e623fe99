"""Time of a step and of a sample in Lava: stock processes against one fused process, alternating in one run."""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from eqspike.core.random_stream import draws
from eqspike.experiment import load_model, open_session
from eqspike.tasks import load_task


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="eqspike-100-loihi")
    parser.add_argument("--stock-samples", type=int, default=8)
    parser.add_argument("--fused-samples", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    system = load_model(options.model).system
    counts = {"lava:stock": options.stock_samples, "lava:fused": options.fused_samples}
    images = load_task("mnist-sample").load("test").images
    images = np.resize(images, (max(counts.values()), images.shape[1]))
    keys = draws(1, np.arange(len(images), dtype=np.uint64))
    seconds: dict[str, list[float]] = {name: [] for name in counts}
    sessions = {name: open_session(system, 0, name) for name in counts}
    for round_ in range(options.rounds + 1):
        scores = {}
        for name, session in sessions.items():
            started = time.perf_counter()
            scores[name] = session.scores(images[: counts[name]], keys[: counts[name]])
            if round_:
                seconds[name].append((time.perf_counter() - started) / counts[name])
        few = min(counts.values())
        if not np.array_equal(scores["lava:stock"][:few], scores["lava:fused"][:few]):
            raise SystemExit("the two graphs differ")
    for session in sessions.values():
        session.__exit__(None, None, None)
    sample = {name: statistics.median(values) for name, values in seconds.items()}
    steps = system.rule.free_steps
    sizes = "-".join(str(layer.size) for layer in system.network.layers)
    print(f"{sizes}, free phase of {steps} steps, median of {options.rounds} alternating rounds")
    for name, value in sample.items():
        print(
            f"  {name}: {1e3 * value / steps:.3f} ms a step, {1e3 * value:.2f} ms a sample, "
            f"{1 / value:.1f} samples/s ({min(seconds[name]) * 1e3:.2f} to {max(seconds[name]) * 1e3:.2f} ms)"
        )
    print(f"  ratio {sample['lava:stock'] / sample['lava:fused']:.0f}")


if __name__ == "__main__":
    main()
