"""A network presented event by event."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.phases import Nudge, nudge_signs
from eqspike.core.random_stream import stream_key
from eqspike.core.stages import each
from eqspike.core.trace import Trace
from eqspike.engines.offers import refuse_unlike
from eqspike.engines.reference.counting import event_counts
from eqspike.engines.reference.presentation import Counts, Presentation, present
from eqspike.systems import System
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import (
    check_arrays,
    expected_shapes,
    initial_weights,
    kept_beside,
)
from eqspike.systems.writing import write_batch


class ReferenceSession:
    """A trained or untrained system, simulated event by event in NumPy. A context manager.

    Slow: for small networks, checks, and neurons that bring nothing but their step.

    Args:
        system: what to simulate.
        seed: initial weights are drawn from it.

    Raises:
        UnsupportedError: for a combination this engine refuses.
    """

    def __init__(self, system: System, seed: int = 0) -> None:
        refuse_unlike(system, "reference")
        self.system = system
        self._held: Arrays = {}
        self._counts = Counts()
        self._samples = 0
        self._learning = False
        self.load(initial_weights(system, seed))

    def __enter__(self) -> ReferenceSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        """Nothing is kept."""

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from one batch; see `core.learner.Session`."""
        self._check(images, labels)
        self._begin(images, learning=True)
        online, couplings = self.system.rule.online, range(len(self.system.network.couplings))
        sums = {name: np.zeros(shape) for name, shape in expected_shapes(self.system).items()}
        scores = np.zeros((len(images), self.system.network.output.size))
        for sample, beta in enumerate(self._betas(keys)):
            streams = [stream_key(write_key, sample, index) for index in couplings]
            seen = present(
                self.system, self._held, images[sample], int(labels[sample]), beta,
                int(keys[sample]), True, streams if online else None, rate_factor,
            )  # fmt: skip
            self._counts.update(seen.counts)
            scores[sample] = seen.scores
            for name, total in sums.items():
                total += seen.changes[name]
        if not online:
            scale = rate_factor / len(images)
            writes = write_batch(self.system, self._held, sums, scale, write_key)
            for name, of_name in writes.items():
                self._counts["update", name, "candidate_writes"] += of_name.candidate
                self._counts["update", name, "applied_writes"] += of_name.applied
        return scores

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Read-out of the free phase: (samples, outputs), in spikes."""
        check_images(images, self.system.network.input.size)
        self._begin(images, learning=False)
        scores = np.zeros((len(images), self.system.network.output.size))
        for sample in each("presentations", range(len(images))):
            image = images[sample]
            seen = present(self.system, self._held, image, 0, 1.0, int(keys[sample]), learn=False)
            self._counts.update(seen.counts)
            scores[sample] = seen.scores
        return scores

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Spikes and membrane potentials of every free neuron through all phases; nothing is counted."""
        self._check(images, labels)
        seen = self._watched(images, labels, keys)
        names = [layer.name for layer in self.system.network.free_layers]
        return Trace(
            {name: np.array([each.raster[name] for each in seen], np.uint8) for name in names},
            {name: np.array([each.potentials[name] for each in seen]) for name in names},
        )

    def changes(self, images: Images, labels: Labels, keys: Keys) -> Arrays:
        """Mean change the rule asks of each weight and bias (divided by beta), without writing or counting."""
        self._check(images, labels)
        seen = self._watched(images, labels, keys)
        names = expected_shapes(self.system)
        return {name: np.mean([each.changes[name] for each in seen], axis=0) for name in names}

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, and of what the memory keeps beside them."""
        return {name: array.copy() for name, array in self._held.items()}

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases; weights are brought to what the memory can hold.

        What the memory keeps beside them starts anew where it is not given.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        kept = kept_beside(self.system, weights)
        given = {name: array for name, array in weights.items() if name not in kept}
        check_arrays(given, expected_shapes(self.system))
        held = {name: np.array(array, np.float64) for name, array in {**given, **kept}.items()}
        for index, coupling in enumerate(self.system.network.couplings):
            stored = self.system.memory.store(held[coupling.name], index)
            held[coupling.name] = np.array(stored, np.float64)
        self._held = held

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        counts, samples = self._counts, self._samples
        self._counts, self._samples = Counts(), 0
        return (
            event_counts(self.system, counts, samples, self._learning) if samples else EventCounts()
        )

    def _watched(self, images: Images, labels: Labels, keys: Keys) -> list[Presentation]:
        """Presentations with weights held."""
        return [
            present(self.system, self._held, image, int(label), beta, int(key))
            for image, label, beta, key in zip(images, labels, self._betas(keys), keys, strict=True)
        ]

    def _betas(self, keys: Keys) -> list[float]:
        """Nudging strength of each presentation, with its sign where the rule draws it or lets it alternate."""
        rule = self.system.rule
        drawn = (phase.nudge for phase in rule.phases if isinstance(phase.nudge, str))
        own: Nudge = next(drawn, 1)
        return [float(sign) * rule.beta for sign in nudge_signs(own, keys)]

    def _check(self, images: Images, labels: Labels) -> None:
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.network.output.size)

    def _begin(self, images: Images, learning: bool) -> None:
        if self._samples and learning != self._learning:
            raise UnsupportedError(
                "counts of training and of inference would mix: call take_counts() between fit and scores"
            )
        self._samples += len(images)
        self._learning = learning
