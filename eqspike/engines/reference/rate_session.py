"""A rate-based network presented message by message."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.trace import Trace
from eqspike.engines.offers import refuse_unlike
from eqspike.engines.reference.rate_events import PlainRates
from eqspike.engines.tally import RateTally, event_counts
from eqspike.memory import Writes
from eqspike.rules.readings import writes_steps
from eqspike.systems import RateSystem
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import check_arrays, initial_rate_weights, kept_beside, rate_shapes


class ReferenceRateSession:
    """A trained or untrained network of rate neurons that send changes, in NumPy and float64. A context manager.

    Slow: for small networks, checks, and neurons that bring nothing but their step.

    Args:
        system: what to simulate.
        seed: initial weights are drawn from it.

    Raises:
        UnsupportedError: for a combination this engine refuses.
    """

    def __init__(self, system: RateSystem, seed: int = 0) -> None:
        refuse_unlike(system, "reference")
        self.system = system
        self._tally, self._plain = RateTally(), PlainRates(system, {})
        self.load(initial_rate_weights(system, seed))

    def __enter__(self) -> ReferenceRateSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        """Nothing is kept."""

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from one batch; see `core.learner.Session`."""
        self._check(images, labels)
        free, *later = self.system.rule.phases
        self._tally.begin(len(images), free.steps, learning=True)
        for phase in later:
            self._tally.add_steps(phase.kind, len(images) * phase.steps)
        self._plain.fit(images, labels, keys, rate_factor, write_key)
        return self._plain.outputs

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """v of the outputs at the end of the free phase, means over replicas: (samples, classes)."""
        del keys
        check_images(images, self.system.network.input.size)
        self._tally.begin(len(images), self.system.rule.phases[0].steps, learning=False)
        return np.asarray(self._plain.scores(images))

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Present a batch through all phases with weights held; nothing is counted."""
        self._check(images, labels)
        return PlainRates(self.system, self._plain.weights).trace(images, labels, keys)

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, and of what the memory keeps beside them."""
        return {name: array.copy() for name, array in self._plain.weights.items()}

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases; weights are brought to what the memory can hold.

        What the memory keeps beside them starts anew where it is not given.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        kept = kept_beside(self.system, weights)
        given = {name: array for name, array in weights.items() if name not in kept}
        check_arrays(given, rate_shapes(self.system))
        held = {name: np.array(array, np.float64) for name, array in {**given, **kept}.items()}
        for index, coupling in enumerate(self.system.network.couplings):
            held[coupling.name] = self.system.memory.store(held[coupling.name], index)
        self._plain.weights = held

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        tally, counts = self._tally, self._plain.counts
        for phase in tally.steps:
            for layer in self.system.network.layers:
                tally.messages[phase, layer.name] = counts[phase, layer.name, "spikes"]
            for coupling in self.system.network.couplings:
                for way in coupling.directions:
                    tally.operations[phase, way] = (
                        counts[phase, way, "synaptic_operations"],
                        counts[phase, way, "effective_synaptic_operations"],
                    )
        if tally.learning:
            phase = "nudged" if writes_steps(self.system.rule.reading) else "update"
            for name in rate_shapes(self.system):
                asked, done = (counts[phase, name, f"{k}_writes"] for k in ("candidate", "applied"))
                tally.add_writes(name, Writes(asked, done))
        result = event_counts(self.system, tally)
        tally.clear()
        counts.clear()
        return result

    def _check(self, images: Images, labels: Labels) -> None:
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.classes)
