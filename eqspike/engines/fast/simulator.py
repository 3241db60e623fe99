"""Running the compiled kernels on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import ConfigError
from eqspike.core.grid import snap
from eqspike.engines.fast.inputs import make_source
from eqspike.engines.fast.layout import empty_weights, lay_out
from eqspike.engines.fast.neurons import make_dynamics
from eqspike.engines.fast.presentation import present
from eqspike.engines.fast.state import (
    Record,
    Tally,
    clear,
    make_scratch,
    make_state,
    make_tally,
    total,
)
from eqspike.engines.protocol import Images, Keys, Labels, System


def thread_count() -> int:
    """Number of threads: `EQSPIKE_THREADS`, else the cores this process may use.

    Raises:
        ConfigError: if `EQSPIKE_THREADS` is not a whole number from 1 to 1024.
    """
    text = os.environ.get("EQSPIKE_THREADS")
    if text is None:
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise ConfigError(
            f"environment: EQSPIKE_THREADS must be a whole number from 1 to 1024, got '{text}'"
        )
    return int(text)


class Simulator:
    """Working copies of a system's weights, and the threads that present samples to it.

    Args:
        system: what to simulate.
        threads: number of threads; results do not depend on it.
    """

    def __init__(self, system: System, threads: int) -> None:
        rule, precision = system.rule, system.precision
        self.system = system
        self.layout = lay_out(system.network)
        self.weights = empty_weights(self.layout, precision)
        self.source = make_source(
            system.encoder,
            rule.free_steps,
            rule.nudged_steps,
            precision,
            complement=not rule.online,
        )
        self.dynamics = make_dynamics(system.neuron, rule.local_rule, rule.target_rate, precision)
        self.groups = int(self.layout.sizes[0]) if self.source.poisson else 256
        self.threads = threads
        self.states = [make_state(self.layout, precision) for _ in range(threads)]
        self.scratches = [
            make_scratch(
                self.layout, self.source.poisson, rule.free_steps, rule.nudged_steps, precision
            )
            for _ in range(threads)
        ]
        self.tallies = [make_tally(self.layout) for _ in range(threads)]
        self._pool = ThreadPoolExecutor(max(1, threads - 1), "eqspike") if threads > 1 else None

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def share(self, items: int, work: Callable[[int, int, int], None]) -> None:
        """Run `work(thread, first, last)` over contiguous shares of `items`, one a thread."""
        if self._pool is None or items == 1:
            work(0, 0, items)
            return
        edges = [items * thread // self.threads for thread in range(self.threads + 1)]
        others = [
            self._pool.submit(work, thread, edges[thread], edges[thread + 1])
            for thread in range(1, self.threads)
        ]
        work(0, 0, edges[1])
        for other in others:
            other.result()

    def present(
        self,
        images: Images,
        labels: Labels,
        betas: NDArray[Any],
        keys: Keys,
        learn: bool,
        record: Record,
    ) -> None:
        """Present samples with fixed weights; results go to `record`, counts to the threads' tallies."""
        rule = self.system.rule

        def work(thread: int, first: int, last: int) -> None:
            present(
                first, last, images, labels, betas, keys,
                rule.free_steps, rule.nudged_steps, rule.readout_steps, learn,
                self.layout, self.source, self.dynamics, self.weights,
                self.states[thread], self.scratches[thread], self.tallies[thread], record,
            )  # fmt: skip

        self.share(len(images), work)

    def take_tally(self) -> Tally:
        """Counts since the last call, over all threads."""
        result = total(self.tallies)
        for tally in self.tallies:
            clear(tally)
        return result

    def read_coupling(self, coupling: int, stored: NDArray[np.float64]) -> None:
        """Refresh the working copies of one coupling from what the memory holds."""
        snapped = snap(stored, self.system.precision)
        pre, post = stored.shape
        filled = snapped != 0
        if coupling == 0:
            self.weights.input[:, :post] = snapped
            self.weights.input_fan_out[:] = filled.sum(1)
            return
        starts = self.layout.starts
        self.weights.forward[coupling - 1, :pre, :post] = snapped
        self.weights.backward[coupling - 1, :post, :pre] = snapped.T
        self.weights.fan_out[starts[coupling] : starts[coupling] + pre] = filled.sum(1)
        self.weights.fan_back[starts[coupling + 1] : starts[coupling + 1] + post] = filled.sum(0)

    def read_bias(self, stored: NDArray[np.float64]) -> None:
        """Refresh the working copy of the biases (padded vector)."""
        self.weights.bias[:] = snap(stored, self.system.precision)
