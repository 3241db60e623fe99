"""A network as stock Lava processes: LIF, Dense and RingBuffer, in Loihi's integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.rounding import represented
from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.phases import nudge_signs
from eqspike.core.trace import Trace
from eqspike.engines.integers.loihi import (
    refuse_odd_weights,
    round_system,
    stored_weights,
)
from eqspike.engines.integers.loihi_learning import refuse_unlearnable, represented_codes
from eqspike.engines.lava.block import BLOCK_SAMPLES, Block, present
from eqspike.engines.lava.child import PATIENCE_S, Child
from eqspike.engines.lava.counting import free_phase_counts, learning_counts
from eqspike.engines.lava.learning import learn
from eqspike.engines.lava.schedule import input_lines, teacher_lines
from eqspike.engines.offers import refuse_unlike
from eqspike.systems import System
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import check_arrays, expected_shapes, initial_weights


class LavaSession:
    """A system rounded to Loihi's integers and simulated by Lava's own processes. A context manager.

    Samples are presented independently: every register is zero at the start of each. Events are those of the
    network; the teacher's and relays' spikes are not counted.

    Args:
        system: what to round and simulate.
        seed: initial weights are drawn from it.
        patience_s: seconds without progress after which Lava counts as hung.

    Raises:
        UnsupportedError: for a system that Loihi's neurons or spikes cannot carry.
        MissingPackageError: if Lava is not installed.
    """

    network: LoihiNetwork
    """The integers simulated."""

    draws_for_itself = True
    """Lava draws the random numbers of learning from seeds of its own."""

    drift: dict[str, float]
    """After `fit`, by coupling: ||W - V^T|| / ||W|| of the two copies of its weights."""

    def __init__(self, system: System, seed: int = 0, patience_s: float = PATIENCE_S) -> None:
        refuse_unlike(system, "lava:stock")
        self.system = system
        self.drift: dict[str, float] = {}
        self._stored: Arrays = {}
        self._counts = EventCounts()
        self.load(initial_weights(system, seed))
        self._child = Child(patience_s)

    def __enter__(self) -> LavaSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._child.close()

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from samples presented one after the other by Lava's learning connections.

        Both copies of a coupling begin with its stored weights; the forward one is kept, and `drift` tells how far
        the other went. Nothing else is reset between the samples of a call. Biases do not learn.

        Raises:
            UnsupportedError: for a rule, phases or a memory the chip's learning engine does not have.
        """
        refuse_unlearnable(self.system, "lava:stock")
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.network.output.size)
        learnt = learn(
            self._child, self.system, self.network, images, labels, keys, rate_factor, write_key
        )
        self.drift = dict(learnt.drift)
        self.load(represented_codes(self.system, learnt.network, self._stored))
        self._counts += learning_counts(self.system, learnt)
        return learnt.scores

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Read-out of the free phase: (samples, outputs), in spikes."""
        network, rule = self.system.network, self.system.rule
        check_images(images, network.input.size)
        name, steps = network.output.name, rule.free_steps
        limit = self.network.layer(name).neuron.threshold << 6
        result = np.zeros((len(images), network.output.size))
        for part in _blocks(len(images)):
            sent = input_lines(self.system, images[part], keys[part], steps)
            block = self._present(sent, None, len(images[part]), steps, every=steps)
            window = block.spikes[name][:, steps - rule.readout_steps :]
            left = np.clip(block.potentials[name][:, -1] / limit, 0, 1)
            result[part] = window.sum(1, dtype=np.int64) + left
            self._count(sent, block, len(images[part]))
        return result

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Spikes and registers of every free neuron through both phases; nothing is counted.

        Registers are in integer steps: membrane potentials by layer name, currents by `LAYER current`.
        """
        network, rule = self.system.network, self.system.rule
        check_images(images, network.input.size)
        check_labels(labels, len(images), network.output.size)
        signs = nudge_signs(self.system.rule.phases[1].nudge, keys)
        steps = rule.free_steps + rule.nudged_steps
        spikes: dict[str, list[NDArray[np.uint8]]] = {}
        registers: dict[str, list[NDArray[Any]]] = {}
        for part in _blocks(len(images)):
            sent = input_lines(self.system, images[part], keys[part], steps)
            taught = teacher_lines(
                self.network.nudge, network.output.size, labels[part], signs[part],
                rule.free_steps, rule.nudged_steps,
            )  # fmt: skip
            block = self._present(sent, taught, len(images[part]), steps, every=1)
            for name in block.spikes:
                spikes.setdefault(name, []).append(block.spikes[name])
                registers.setdefault(name, []).append(block.potentials[name])
                registers.setdefault(f"{name} current", []).append(block.currents[name])
        return Trace(
            {name: np.concatenate(parts) for name, parts in spikes.items()},
            {name: np.concatenate(parts) for name, parts in registers.items()},
        )

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, as they were before rounding to integers."""
        return {name: array.copy() for name, array in self._stored.items()}

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases, and round them.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        check_arrays(weights, expected_shapes(self.system))
        self._stored = stored_weights(self.system, {n: a.copy() for n, a in weights.items()})
        self.network, _ = round_system(self.system, self._stored)

    def load_network(self, network: LoihiNetwork) -> None:
        """Replace the integers themselves; stored weights become what they stand for.

        Raises:
            ConfigError: if they are not of this system's shapes.
            UnsupportedError: for weights that static synapses of eight bits cannot hold.
        """
        if not self.system.rule.online:
            refuse_odd_weights(network)
        stored = represented(network)
        check_arrays(stored, expected_shapes(self.system))
        self._stored, self.network = stored, network

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        counts, self._counts = self._counts, EventCounts()
        return counts

    def _present(
        self, sent: NDArray[np.uint8], taught: NDArray[np.uint8] | None, samples: int, steps: int,
        every: int,
    ) -> Block:  # fmt: skip
        bits = 9 if self.system.rule.online else 8
        return present(self._child, self.network, sent, taught, samples, steps, every, bits)

    def _count(self, sent: NDArray[np.uint8], block: Block, samples: int) -> None:
        network = self.system.network
        spikes = {name: raster.sum((0, 1), dtype=np.int64) for name, raster in block.spikes.items()}
        spikes[network.input.name] = sent.sum(1, dtype=np.int64)
        self._counts += free_phase_counts(
            network, self.network, spikes, samples, self.system.rule.free_steps
        )


def _blocks(samples: int) -> list[slice]:
    return [slice(first, first + BLOCK_SAMPLES) for first in range(0, samples, BLOCK_SAMPLES)]
