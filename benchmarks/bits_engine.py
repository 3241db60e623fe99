"""Speed and memory of networks of bits: engine `fast` against engine `torch`, taking turns on the same batches.

    python benchmarks/bits_engine.py                                # 784-8192-100, as published
    python benchmarks/bits_engine.py --model binary-ep-wn-1024

Both start from the same weights and learn the same samples of MNIST, one thread each; samples per second of that
thread's own time, which a busy machine changes less than time on the wall: median of the rounds (slowest to
fastest). The first round of each is not counted. The floor of any engine that writes all inertias in every batch
is one pass over them, a read and a write of each float32: measured in the same rounds, beside the writes of `fast`
in milliseconds a batch. Stored weights are counted as both hold them for reading out, and the copy leading down.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("EQSPIKE_THREADS", "1")

import numpy as np
import torch
from numba import njit

from eqspike.engines.fast.bits import BitSession
from eqspike.engines.fast.bits.learning import BitLearner
from eqspike.engines.torch import TorchSession
from eqspike.experiment import resolve
from eqspike.systems import RateSystem
from eqspike.tasks import load_task


@njit(nogil=True)  # type: ignore[untyped-decorator]
def one_pass(inertia: Any, share: Any) -> None:
    """Read and write every number once."""
    for row in range(inertia.shape[0]):
        for place in range(inertia.shape[1]):
            inertia[row, place] *= share


class Writes(BitLearner):
    """A learner that measures its own writes."""

    seconds = 0.0

    def learn(self, *arguments: Any) -> None:
        """See `BitLearner`."""
        started = time.thread_time()
        super().learn(*arguments)
        self.seconds += time.thread_time() - started


def measure(system: RateSystem, batch: int, batches: int, rounds: int) -> dict[str, list[float]]:
    """Samples per second of both; milliseconds a batch of the writes of `fast` and of the pass."""
    train, found = load_task("mnist").load("train"), {}
    fast, dense = BitSession(system, 0, 1), TorchSession(system, 0)
    fast._learner = learner = Writes(fast._simulator, fast._tally)
    coupling = system.network.couplings[0]
    inertia = np.ones(coupling.shape, np.float32)

    def learn(session: BitSession | TorchSession, turn: int) -> Callable[[], None]:
        def work() -> None:
            for number in range(turn * batches, (turn + 1) * batches):
                part = slice(number * batch, (number + 1) * batch)
                keys = np.arange(batch, dtype=np.uint64) + np.uint64(number)
                session.fit(train.images[part], train.labels[part], keys, 1.0, number)

        return work

    def passes() -> None:
        for _ in range(batches):
            one_pass(inertia, np.float32(0.999))

    for turn in range(rounds + 1):
        learner.seconds = 0.0
        for name, work in (
            ("fast", learn(fast, turn)),
            ("torch", learn(dense, turn)),
            ("pass", passes),
        ):
            started = time.thread_time()
            work()
            seconds = time.thread_time() - started
            rate = 1e3 * seconds / batches if name == "pass" else batch * batches / seconds
            found.setdefault(name, []).append(rate)
        found.setdefault("writes", []).append(1e3 * learner.seconds / batches)
    stored = sum(c.shape[0] * c.shape[1] * 4 for c in system.network.couplings)
    weights = fast._simulator.weights
    print(
        f"stored weights: torch {stored:,} bytes, fast {weights.up.nbytes:,}, copy down {weights.down.nbytes:,}"
    )
    return {name: values[1:] for name, values in found.items()}


def show(values: list[float], digits: int = 0) -> str:
    """Median, and the range in brackets."""
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def main() -> None:
    """Measure and print a table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--model", default="binary-ep-wn-8192")
    parser.add_argument("--batches", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = resolve(arguments.model, "mnist").model
    system: Any = model.system
    found = measure(system, model.batch_size, arguments.batches, arguments.rounds)
    ratios = [one / other for one, other in zip(found["fast"], found["torch"], strict=True)]
    print(f"{arguments.model}, {arguments.batches} batches of {model.batch_size} a round")
    print(f"| fast, samples/s | {show(found['fast'])} |")
    print(f"| torch, samples/s | {show(found['torch'])} |")
    print(f"| ratio | {show(ratios, 1)} |")
    print(f"| writes of fast, ms a batch | {show(found['writes'], 2)} |")
    print(f"| one pass over the inertia, ms | {show(found['pass'], 2)} |")


if __name__ == "__main__":
    main()
