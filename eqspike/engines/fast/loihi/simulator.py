"""Running the integer kernels on all cores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.scale import Extremes
from eqspike.core.learner import Images, Keys, Labels
from eqspike.engines.fast.inputs import make_source
from eqspike.engines.fast.layout import empty_weights, lay_out
from eqspike.engines.fast.loihi.neurons import make_dynamics
from eqspike.engines.fast.loihi.presentation import present
from eqspike.engines.fast.loihi.state import Record, extremes, make_scratch, make_state
from eqspike.engines.fast.spikes.state import Tally, clear, make_tally, total
from eqspike.engines.fast.workers import Workers
from eqspike.engines.integers.loihi_learning import drift
from eqspike.systems import System


class IntegerSimulator:
    """The integers of a network as the kernels read them, and the threads that present samples to it.

    Args:
        system: the system whose phases and encoder are used.
        network: its integers.
        threads: number of threads; results do not depend on it.
    """

    def __init__(self, system: System, network: LoihiNetwork, threads: int) -> None:
        rule = system.rule
        self.system = system
        self.layout = lay_out(system.network)
        self.source = make_source(system.encoder, [phase.steps for phase in rule.phases], "int32")
        self.weights = empty_weights(self.layout, "int32")
        self.workers = Workers(threads)
        self.states = [make_state(self.layout) for _ in range(threads)]
        steps = rule.free_steps + rule.nudged_steps
        self.scratches = [
            make_scratch(self.layout, self.source.poisson, steps) for _ in range(threads)
        ]
        self.tallies = [make_tally(self.layout, 2) for _ in range(threads)]
        self.load(network)

    def load(self, network: LoihiNetwork) -> None:
        """Replace the integers."""
        self.dynamics = make_dynamics(network, self.layout, self.system.rule.nudged_steps)
        for index, coupling in enumerate(network.couplings):
            self.read_coupling(index, coupling.mantissas)

    def read_coupling(self, coupling: int, mantissas: NDArray[np.int32]) -> None:
        """Refresh the working copies of one coupling's mantissas."""
        pre, post = mantissas.shape
        filled = mantissas != 0
        if coupling == 0:
            self.weights.input[:, :post] = mantissas
            self.weights.input_fan_out[:] = filled.sum(1)
            return
        starts = self.layout.starts
        self.weights.forward[coupling - 1, :pre, :post] = mantissas
        self.weights.backward[coupling - 1, :post, :pre] = mantissas.T
        self.weights.fan_out[starts[coupling] : starts[coupling] + pre] = filled.sum(1)
        self.weights.fan_back[starts[coupling + 1] : starts[coupling + 1] + post] = filled.sum(0)

    def learnt_network(self, network: LoihiNetwork) -> LoihiNetwork:
        """A network with the mantissas as they are now."""
        sizes, couplings = self.layout.sizes, []
        for index, coupling in enumerate(network.couplings):
            pre, post = int(sizes[index]), int(sizes[index + 1])
            matrix = self.weights.input if index == 0 else self.weights.forward[index - 1]
            couplings.append(replace(coupling, mantissas=matrix[:pre, :post].copy()))
        return replace(network, couplings=tuple(couplings))

    def drift(self) -> dict[str, float]:
        """How far apart the copies of each coupling in both directions are."""
        couplings, found = self.system.network.couplings[1:], {}
        for coupling, forward, backward in zip(
            couplings, self.weights.forward, self.weights.backward, strict=True
        ):
            pre, post = coupling.shape
            found[coupling.name] = drift(forward[:pre, :post], backward[:post, :pre])
        return found

    def present(
        self,
        images: Images,
        labels: Labels,
        signs: NDArray[Any],
        keys: Keys,
        record: Record,
        *,
        both: bool,
        watched: bool = False,
    ) -> None:
        """Present samples through the free phase or through `both`; results go to `record`, counts to tallies."""
        rule = self.system.rule
        signs = signs.astype(np.int32)

        def work(thread: int, first: int, last: int) -> None:
            present(
                first, last, images, labels, signs, keys,
                rule.free_steps, rule.nudged_steps, rule.readout_steps, both, watched,
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

    def take_extremes(self) -> dict[str, Extremes]:
        """What watched presentations met since the last call, by layer."""
        found = {}
        for index, layer in enumerate(self.system.network.free_layers, start=1):
            start = self.layout.starts[index]
            found[layer.name] = extremes(self.scratches, slice(start, start + layer.size))
        for scratch in self.scratches:
            scratch.peaks[:] = 0
            scratch.overflows[:] = 0
        return found
