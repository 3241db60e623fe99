"""A network inside Brian2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.trace import Trace
from eqspike.engines.brian2.counting import block_counts, write_counts
from eqspike.engines.brian2.presenting import Recording, Runner, block_of
from eqspike.engines.brian2.printing import Mode
from eqspike.engines.brian2.reporting import followed
from eqspike.engines.brian2.runtime import RuntimeRunner
from eqspike.engines.brian2.standalone import StandaloneRunner
from eqspike.engines.brian2.targets import NUMPY, Target, require
from eqspike.engines.brian2.writing import Writing, writing_of
from eqspike.engines.offers import refuse_unlike
from eqspike.systems import System
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import check_arrays, expected_shapes, initial_weights, kept_beside
from eqspike.systems.writing import write_batch

BLOCK_SAMPLES = 64
"""Samples presented in one run: bounds the memory of the inputs written out in time."""

BLOCK_STEPS = 16_000
"""Time steps of one run of several samples. A compiled program takes two clocks for simultaneous only if their
times, in seconds, differ by less than 1e-14; in the first 16 s, rounding keeps them within 6e-15."""


class Brian2Session:
    """A trained or untrained system, simulated by Brian2 in float64. A context manager.

    Whatever precision the system asks for, it is simulated in float64: this engine is the reference.

    Args:
        system: what to simulate.
        seed: initial weights are drawn from it.
        target: how Brian2 runs it; the results are the same.

    Raises:
        UnsupportedError: for a combination this engine refuses.
        MissingPackageError: if the target needs what this machine does not have.
    """

    def __init__(self, system: System, seed: int = 0, target: Target = NUMPY) -> None:
        refuse_unlike(system, "brian2")
        require(target)
        self.system = system
        self._target = target
        self._runners: dict[Mode, Runner] = {}
        self._stored: Arrays = {}
        self._kept: Arrays = {}
        self._counts = EventCounts()
        self._learning = False
        self.load(initial_weights(system, seed))

    def __enter__(self) -> Brian2Session:
        return self

    def __exit__(self, *exception: Any) -> None:
        for runner in self._runners.values():
            runner.close()
        self._runners.clear()

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from one batch; see `core.learner.Session`."""
        self._check(images, labels)
        self._begin(learning=True)
        learn = self._fit_online if self.system.rule.online else self._fit_batch
        return learn(images, labels, keys, rate_factor, write_key)

    def _fit_batch(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        sums: Arrays = {name: np.zeros_like(array) for name, array in self._stored.items()}
        scores = []
        for part in self._blocks(len(images), Mode.BATCH):
            recording = self._present(images[part], labels[part], keys[part], Mode.BATCH)
            self._count(recording, images[part])
            scores.append(self._scores(recording))
            for name, change in recording.changes.items():
                sums[name] += change
        held = {**self._stored, **self._kept}
        writes = write_batch(self.system, held, sums, rate_factor / len(images), write_key)
        self._hold(held)
        self._counts += write_counts(writes, "update")
        return np.concatenate(scores)

    def _fit_online(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        scores = []
        for part in self._blocks(len(images), Mode.ONLINE):
            samples = len(images[part])
            writing = writing_of(self.system, rate_factor, write_key, part.start, samples)
            recording = self._present(images[part], labels[part], keys[part], Mode.ONLINE, writing)
            self._count(recording, images[part])
            scores.append(self._scores(recording))
            if recording.written is not None:
                self._stored = recording.written.stored
                self._counts += write_counts(recording.written.writes, "nudged")
        return np.concatenate(scores)

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Read-out of the free phase: (samples, outputs), in spikes."""
        check_images(images, self.system.network.input.size)
        self._begin(learning=False)
        parts = [np.zeros((0, self.system.network.output.size))]
        for part in self._blocks(len(images), Mode.READ_OUT):
            labels = np.zeros(len(images[part]), np.int64)
            recording = self._present(images[part], labels, keys[part], Mode.READ_OUT)
            self._count(recording, images[part])
            parts.append(self._scores(recording))
        return np.concatenate(parts)

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Spikes and membrane potentials of every free neuron through both phases; nothing is counted."""
        self._check(images, labels)
        layers = self.system.network.free_layers
        names = tuple(layer.name for layer in layers)
        recordings = [
            self._present(images[part], labels[part], keys[part], Mode.BATCH, watched=names)
            for part in self._blocks(len(images), Mode.BATCH)
        ]
        return Trace(
            {
                layer.name: np.concatenate([r.raster(layer.name, layer.size) for r in recordings])
                for layer in layers
            },
            {name: np.concatenate([r.potentials[name] for r in recordings]) for name in names},
        )

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, and of what the memory keeps beside them."""
        return {name: array.copy() for name, array in {**self._stored, **self._kept}.items()}

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases; weights are brought to what the memory can hold.

        What the memory keeps beside them starts anew where it is not given.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        kept = kept_beside(self.system, weights)
        check_arrays(
            {name: array for name, array in weights.items() if name not in kept},
            expected_shapes(self.system),
        )
        stored = {name: np.array(array, np.float64) for name, array in {**weights, **kept}.items()}
        for index, coupling in enumerate(self.system.network.couplings):
            stored[coupling.name] = self.system.memory.store(stored[coupling.name], index)
        self._hold(stored)

    def _hold(self, held: Arrays) -> None:
        """Take over weights and biases, and what is kept beside them."""
        names = expected_shapes(self.system)
        self._stored = {name: held[name] for name in names}
        self._kept = {name: array for name, array in held.items() if name not in names}

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        counts, self._counts = self._counts, EventCounts()
        return counts

    def program_seconds(self) -> dict[str, float]:
        """Time spent so far in programs outside this process: `compile`, `program` and its part `simulation`."""
        total: Counter[str] = Counter()
        for runner in self._runners.values():
            total.update(runner.seconds)
        return dict(total)

    def _check(self, images: Images, labels: Labels) -> None:
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.network.output.size)

    def _begin(self, learning: bool) -> None:
        if self._counts.samples and learning != self._learning:
            raise UnsupportedError(
                "counts of training and of inference would mix: call take_counts() between fit and scores"
            )
        self._learning = learning

    def _present(
        self, images: Images, labels: Labels, keys: Keys, mode: Mode,
        writing: Writing | None = None, watched: tuple[str, ...] | None = None,
    ) -> Recording:  # fmt: skip
        block = block_of(self.system, mode, self._stored, images, labels, keys, writing)
        if mode not in self._runners:
            self._runners[mode] = self._runner(mode)
        return self._runners[mode].run(block, watched or (self.system.network.output.name,))

    def _runner(self, mode: Mode) -> Runner:
        runner = StandaloneRunner if self._target.name == "cpp_standalone" else RuntimeRunner
        return runner(self.system, mode, self._target, self._largest_block(mode))

    def _blocks(self, samples: int, mode: Mode) -> Iterator[slice]:
        """Which samples are presented in each run."""
        size = self._largest_block(mode)
        parts = [slice(first, first + size) for first in range(0, samples, size)]
        return followed(parts, samples, self._target.title)

    def _largest_block(self, mode: Mode) -> int:
        return max(1, min(BLOCK_SAMPLES, BLOCK_STEPS // mode.period(self.system.rule)))

    def _count(self, recording: Recording, images: Images) -> None:
        self._counts += block_counts(self.system, recording, self._stored, images, self._learning)

    def _scores(self, recording: Recording) -> NDArray[np.float64]:
        """Spikes in the read-out window, plus what is left in the membrane at the end of the free phase."""
        rule, output = self.system.rule, self.system.network.output
        end = rule.phases[0].steps
        window = slice(end - rule.readout_steps, end)
        spikes = recording.raster(output.name, output.size)[:, window].sum(1, dtype=np.float64)
        left = recording.potentials[output.name][:, end - 1]
        left = left / self.system.neuron.full_potential
        return np.asarray(spikes + np.clip(left, 0, 1))
