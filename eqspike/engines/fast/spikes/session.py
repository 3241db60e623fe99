"""A network inside the fast engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.threads import thread_count
from eqspike.core.trace import Trace
from eqspike.engines.fast.compilation import announce_first_use
from eqspike.engines.fast.layout import by_layer
from eqspike.engines.fast.spikes.changes import summed_changes
from eqspike.engines.fast.spikes.counting import event_counts
from eqspike.engines.fast.spikes.learner import BLOCK_SAMPLES, Learner
from eqspike.engines.fast.spikes.simulator import Simulator
from eqspike.engines.fast.spikes.state import make_record, make_tally
from eqspike.engines.offers import refuse_unlike
from eqspike.systems import System
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import (
    check_arrays,
    expected_shapes,
    initial_weights,
    kept_beside,
    kept_names,
    nudge_strengths,
)


class FastSession:
    """A trained or untrained system, simulated by compiled kernels on all cores. A context manager.

    Args:
        system: what to simulate.
        seed: initial weights are drawn from it.
        threads: number of threads, by default the cores available; results do not depend on it.

    Raises:
        UnsupportedError: for a combination this engine refuses.
    """

    def __init__(self, system: System, seed: int = 0, threads: int | None = None) -> None:
        refuse_unlike(system, "fast")
        self.system = system
        self._finish_announcement = announce_first_use(system.precision)
        self._simulator = Simulator(system, threads or thread_count())
        self._learner = Learner(system, self._simulator)
        self._neuron_spikes = np.zeros(int(self._simulator.layout.starts[-1]), np.int64)
        self._samples = 0
        self._active_inputs = 0
        self._learning = False
        self.load(initial_weights(system, seed))

    def __enter__(self) -> FastSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._simulator.workers.close()

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from one batch; see `core.learner.Session`."""
        self._check(images, labels)
        self._begin(images, learning=True)
        betas = self._betas(keys)
        if self.system.rule.online:
            scores = self._learner.online(images, labels, keys, betas, rate_factor, write_key)
        else:
            scores = self._learner.batch(images, labels, keys, betas, rate_factor, write_key)
        self._finish_announcement()
        return scores

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Read-out of the free phase: (samples, outputs), in spikes."""
        self._begin(images, learning=False)
        labels = np.zeros(len(images), np.int64)
        betas = np.zeros((len(images), 1), self.system.precision)
        record = make_record(self._simulator.layout, len(images), 0, self.system.precision)
        self._simulator.present(images, labels, betas, keys, False, record)
        self._finish_announcement()
        return record.scores

    def changes(self, images: Images, labels: Labels, keys: Keys) -> Arrays:
        """Mean change the rule asks of each weight and bias (divided by beta), without writing anything."""
        self._check(images, labels)
        self._begin(images, learning=True)
        layout = self._simulator.layout
        sums: Arrays = {
            name: np.zeros(shape) for name, shape in expected_shapes(self.system).items()
        }
        for first in range(0, len(images), BLOCK_SAMPLES):
            part = slice(first, first + BLOCK_SAMPLES)
            record = make_record(
                layout, len(images[part]), self._simulator.groups, self.system.precision
            )
            betas = self._betas(keys[part])
            self._simulator.present(images[part], labels[part], betas, keys[part], True, record)
            for name, change in summed_changes(self._simulator, images[part], record).items():
                sums[name] += change / len(images)
        self._finish_announcement()
        return sums

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Spikes and membrane potentials of every free neuron through both phases; nothing is counted."""
        self._check(images, labels)
        layout, phases = self._simulator.layout, self.system.rule.phases
        steps = sum(phase.steps for phase in phases)
        record = make_record(
            layout, len(images), self._simulator.groups, self.system.precision, steps
        )
        pending = self._simulator.tallies
        self._simulator.tallies = [make_tally(layout, len(phases)) for _ in pending]
        self._simulator.present(images, labels, self._betas(keys), keys, True, record)
        self._simulator.tallies = pending
        self._finish_announcement()
        spikes, potentials = {}, {}
        for index, layer in enumerate(self.system.network.free_layers, start=1):
            part = slice(layout.starts[index], layout.starts[index] + layer.size)
            spikes[layer.name] = record.raster[:, :, part]
            potentials[layer.name] = record.potentials[:, :, part]
        return Trace(spikes, potentials)

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, and of what the memory keeps beside them."""
        network, starts = self.system.network, self._simulator.layout.starts
        result: Arrays = {
            name: self._learner.by_memory.kept[index][kind].copy()
            for index, names in enumerate(kept_names(self.system))
            for kind, name in names.items()
        }
        for coupling, stored in zip(network.couplings, self._learner.stored, strict=True):
            result[coupling.name] = stored.copy()
        for index, layer in enumerate(network.free_layers, start=1):
            result[f"{layer.name}.bias"] = self._learner.bias[
                starts[index] : starts[index] + layer.size
            ].copy()
        return result

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases; weights are brought to what the memory can hold.

        What the memory keeps beside them starts anew where it is not given.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        network, starts = self.system.network, self._simulator.layout.starts
        kept = kept_beside(self.system, weights)
        given = {name: array for name, array in weights.items() if name not in kept}
        check_arrays(given, expected_shapes(self.system))
        self._learner.by_memory.kept = [
            {kind: np.array(kept[name], np.float64) for kind, name in names.items()}
            for names in kept_names(self.system)
        ]
        self._learner.stored = [
            np.ascontiguousarray(
                self.system.memory.store(weights[coupling.name], index), np.float64
            ).copy()
            for index, coupling in enumerate(network.couplings)
        ]
        for index, layer in enumerate(network.free_layers, start=1):
            self._learner.bias[starts[index] : starts[index] + layer.size] = weights[
                f"{layer.name}.bias"
            ]
        for index, stored in enumerate(self._learner.stored):
            self._simulator.read_coupling(index, stored)
        self._simulator.read_bias(self._learner.bias)

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        tally = self._simulator.take_tally()
        self._neuron_spikes = tally.neurons[0]
        counts = event_counts(
            self.system,
            tally,
            self._samples,
            self._learning,
            self._learner.bias_writes,
            self._active_inputs,
        )
        self._samples = self._active_inputs = 0
        self._learner.bias_writes[:] = 0
        return counts if counts.samples else EventCounts()

    def neuron_spikes(self) -> dict[str, NDArray[np.int64]]:
        """See `core.learner.CountsNeurons`."""
        return by_layer(self.system.network, self._simulator.layout, self._neuron_spikes)

    def _check(self, images: Images, labels: Labels) -> None:
        """The kernels trust what they are given, so it is checked here."""
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.network.output.size)

    def _begin(self, images: Images, learning: bool) -> None:
        check_images(images, self.system.network.input.size)
        if self._samples and learning != self._learning:
            raise UnsupportedError(
                "counts of training and of inference would mix: call take_counts() between fit and scores"
            )
        self._samples += len(images)
        self._learning = learning
        if not self.system.encoder.spikes:
            self._active_inputs += int(np.count_nonzero(self.system.encoder.currents()[images]))

    def _betas(self, keys: Keys) -> NDArray[Any]:
        """Nudging strength of each presentation and phase, with its sign: (samples, phases)."""
        return nudge_strengths(self.system.rule, keys).astype(self.system.precision)
