"""A network in Loihi's integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.rounding import RoundingReport, represented
from eqspike.chips.loihi.scale import Extremes
from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.phases import nudge_signs
from eqspike.core.threads import thread_count
from eqspike.core.trace import Trace
from eqspike.engines.fast.compilation import announce_first_use
from eqspike.engines.fast.layout import by_layer
from eqspike.engines.fast.loihi.counting import learning_counts
from eqspike.engines.fast.loihi.learner import learn
from eqspike.engines.fast.loihi.simulator import IntegerSimulator
from eqspike.engines.fast.loihi.state import Record, make_record
from eqspike.engines.fast.spikes.counting import event_counts
from eqspike.engines.fast.spikes.state import make_tally
from eqspike.engines.integers.loihi import round_system, stored_weights
from eqspike.engines.integers.loihi_learning import refuse_unlearnable, represented_codes
from eqspike.engines.offers import refuse_unlike
from eqspike.systems import System
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import check_arrays, expected_shapes, initial_weights


class FastIntSession:
    """A system rounded to Loihi's integers and simulated by compiled kernels on all cores. A context manager.

    Samples are presented independently: every register is zero at the start of each. Events are those of the
    network; the teacher's and relays' spikes are not counted.

    Args:
        system: what to round and simulate.
        seed: initial weights are drawn from it.
        threads: number of threads, by default the cores available; results do not depend on it.
        unit: integer steps that stand for 1.0; without, a function of the weights loaded alone.
        as_lava: whether `fit` draws Lava's random numbers and lets transposed copies learn by themselves, which
            gives the weights that engine `lava` gives, to the last bit.

    Raises:
        UnsupportedError: for a system that Loihi's neurons or spikes cannot carry.
    """

    network: LoihiNetwork
    """The integers simulated."""

    drift: dict[str, float]
    """After `fit` as Lava, by coupling: ||W - V^T|| / ||W|| of the two copies of its weights."""

    report: RoundingReport | None
    """What rounding lost; None where integers were loaded."""

    def __init__(
        self, system: System, seed: int = 0, threads: int | None = None, unit: float | None = None,
        as_lava: bool = False,
    ) -> None:  # fmt: skip
        refuse_unlike(system, "fast-int")
        self.system = system
        self._unit = unit
        self._as_lava = as_lava
        self.drift = {}
        self._finish_announcement = announce_first_use("int32")
        self._stored = stored_weights(system, initial_weights(system, seed))
        self.network, self.report = round_system(system, self._stored, unit)
        self._simulator = IntegerSimulator(system, self.network, threads or thread_count())
        self._neuron_spikes = np.zeros(int(self._simulator.layout.starts[-1]), np.int64)
        self._samples = 0
        self._learning = False

    def __enter__(self) -> FastIntSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._simulator.workers.close()

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from samples presented one after the other, as the chip does; see `core.learner.Session`.

        Nothing is reset between the samples of a call. Biases do not learn.

        Raises:
            UnsupportedError: for a rule, phases or a memory the chip's learning engine does not have.
        """
        refuse_unlearnable(self.system, "fast-int")
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.network.output.size)
        self._begin(len(images), learning=True)
        scores = learn(self._simulator, images, labels, keys, rate_factor, write_key, self._as_lava)
        self.drift = self._simulator.drift() if self._as_lava else {}
        learnt = self._simulator.learnt_network(self.network)
        self.load(represented_codes(self.system, learnt, self._stored))
        self._finish_announcement()
        return scores

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Read-out of the free phase: (samples, outputs), in spikes."""
        check_images(images, self.system.network.input.size)
        self._begin(len(images), learning=False)
        labels = np.zeros(len(images), np.int64)
        record = make_record(self._simulator.layout, len(images))
        signs = np.ones(len(images), np.int64)
        self._simulator.present(images, labels, signs, keys, record, both=False)
        self._finish_announcement()
        return record.scores

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Spikes and registers of every free neuron through both phases; nothing is counted.

        Registers are in integer steps: membrane potentials by layer name, currents by `LAYER current`.
        """
        rule, layout = self.system.rule, self._simulator.layout
        record = self._present_both(images, labels, keys, rule.free_steps + rule.nudged_steps)
        spikes: dict[str, NDArray[np.uint8]] = {}
        registers: dict[str, NDArray[Any]] = {}
        for index, layer in enumerate(self.system.network.free_layers, start=1):
            part = slice(layout.starts[index], layout.starts[index] + layer.size)
            spikes[layer.name] = record.raster[:, :, part]
            registers[layer.name] = record.potentials[:, :, part]
            registers[f"{layer.name} current"] = record.currents[:, :, part]
        return Trace(spikes, registers)

    def extremes(self, images: Images, labels: Labels, keys: Keys) -> dict[str, Extremes]:
        """Largest register values met by each layer through both phases; nothing is counted."""
        self._present_both(images, labels, keys, 0, watched=True)
        return self._simulator.take_extremes()

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
        self.network, self.report = round_system(self.system, self._stored, self._unit)
        self._simulator.load(self.network)

    def load_network(self, network: LoihiNetwork) -> None:
        """Replace the integers themselves; stored weights become what they stand for.

        Raises:
            ConfigError: if they are not of this system's shapes.
        """
        stored = represented(network)
        check_arrays(stored, expected_shapes(self.system))
        self._stored, self.network, self.report = stored, network, None
        self._simulator.load(network)

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        tally, no_writes = self._simulator.take_tally(), np.zeros((0, 2), np.int64)
        self._neuron_spikes = tally.neurons[0]
        if not self._learning:
            counts = event_counts(self.system, tally, self._samples, False, no_writes, 0)
        else:
            counts = learning_counts(self.system, tally, self._samples)
        self._samples = 0
        return counts if counts.samples else EventCounts()

    def neuron_spikes(self) -> dict[str, NDArray[np.int64]]:
        """See `core.learner.CountsNeurons`."""
        return by_layer(self.system.network, self._simulator.layout, self._neuron_spikes)

    def _begin(self, samples: int, learning: bool) -> None:
        if self._samples and learning != self._learning:
            raise UnsupportedError(
                "counts of training and of inference would mix: call take_counts() between fit and scores"
            )
        self._samples += samples
        self._learning = learning

    def _present_both(
        self, images: Images, labels: Labels, keys: Keys, traced_steps: int, watched: bool = False
    ) -> Record:
        """Present through both phases without counting."""
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.network.output.size)
        simulator = self._simulator
        record = make_record(simulator.layout, len(images), traced_steps)
        pending = simulator.tallies
        simulator.tallies = [make_tally(simulator.layout, 2) for _ in pending]
        signs = nudge_signs(self.system.rule.phases[1].nudge, keys)
        simulator.present(images, labels, signs, keys, record, both=True, watched=watched)
        simulator.tallies = pending
        self._finish_announcement()
        return record
