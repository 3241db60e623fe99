"""Running the compiled kernels on all cores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.grid import snap
from eqspike.core.learner import Images, Keys, Labels
from eqspike.engines.fast.inputs import make_source
from eqspike.engines.fast.layout import empty_weights, lay_out
from eqspike.engines.fast.spikes.neurons import make_dynamics
from eqspike.engines.fast.spikes.presentation import present
from eqspike.engines.fast.spikes.state import (
    Record,
    Tally,
    clear,
    make_schedule,
    make_scratch,
    make_state,
    make_tally,
    total,
)
from eqspike.engines.fast.workers import Workers
from eqspike.systems import System


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
            [phase.steps for phase in rule.phases],
            precision,
            complement=not rule.online,
        )
        self.schedule = make_schedule(rule.phases, rule.readout_steps)
        local = rule.reading.rule
        self.dynamics = make_dynamics(system.neuron, local, rule.target_rate, precision)
        traces, sides = len(local.traces), len(self.dynamics.coefficients)
        self.groups = int(self.layout.sizes[0]) if self.source.poisson else 256
        self.states = [make_state(self.layout, traces, precision) for _ in range(threads)]
        self.scratches = [
            make_scratch(self.layout, self.source.poisson, self.schedule, sides, precision)
            for _ in range(threads)
        ]
        self.tallies = [make_tally(self.layout, len(rule.phases)) for _ in range(threads)]
        self.workers = Workers(threads)

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

        def work(thread: int, first: int, last: int) -> None:
            present(
                first, last, images, labels, betas, keys, self.schedule, learn,
                self.layout, self.source, self.dynamics, self.weights,
                self.states[thread], self.scratches[thread], self.tallies[thread], record,
            )  # fmt: skip

        self.workers.share(len(images), work)

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
