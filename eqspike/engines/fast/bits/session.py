"""A network of binary neurons and weights inside the fast engine, as bits."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.threads import thread_count
from eqspike.core.trace import Trace, rate_trace
from eqspike.engines.fast.bits.layout import Floats
from eqspike.engines.fast.bits.learning import BitLearner
from eqspike.engines.fast.bits.simulator import BitSimulator, stretches_of
from eqspike.engines.fast.bits.words import Words
from eqspike.engines.fast.compilation import announce_first_use
from eqspike.engines.offers import FAST_BITS, refuse_unlike
from eqspike.engines.tally import RateTally
from eqspike.engines.value_counts import event_counts
from eqspike.rules.readings import EndContrast, width
from eqspike.systems import RateSystem
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import (
    check_arrays,
    initial_rate_weights,
    kept_beside,
    kept_names,
    nudge_strengths,
    rate_shapes,
)


class BitSession:
    """A trained or untrained network whose neurons and weights have one bit each. A context manager.

    Args:
        system: what to simulate.
        seed: initial weights are drawn from it.
        threads: number of threads, by default the cores available; results do not depend on it.

    Raises:
        UnsupportedError: for a combination this engine refuses.
    """

    def __init__(self, system: RateSystem, seed: int = 0, threads: int | None = None) -> None:
        refuse_unlike(system, FAST_BITS)
        self.system = system
        self._finish_announcement = announce_first_use(f"bits-{system.precision}")
        self._simulator = BitSimulator(system, threads or thread_count())
        self._tally = RateTally()
        self._learner = BitLearner(self._simulator, self._tally)
        self.load(initial_rate_weights(system, seed))

    def __enter__(self) -> BitSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._simulator.workers.close()

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from one batch; see `core.learner.Session`."""
        del write_key
        self._check(images, labels)
        phases, reading = self.system.rule.phases, cast(EndContrast, self.system.rule.reading)
        strengths = nudge_strengths(self.system.rule, keys)
        ends, held = self._present(images, strengths, labels)
        self._tally.begin(len(images), phases[0].steps, True)
        for phase in phases[1:]:
            self._tally.add_steps(phase.kind, len(images) * phase.steps)
        places = {phase.name: place for place, phase in enumerate(phases)}
        first, second = places[reading.first], places[reading.second]
        signs = np.sign(strengths[:, first] - strengths[:, second])
        strength = width(reading, phases) * self.system.rule.beta
        self._learner.learn(images, (ends[first], ends[second]), signs, strength, rate_factor)
        self._finish_announcement()
        return self._scores(ends[0], held)

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """What the outputs say of each class at the end of the free phase: (samples, classes)."""
        del keys
        self._tally.begin(len(images), self.system.rule.phases[0].steps, False)
        return self._scores(*self._free(images))

    def rates(self, images: Images) -> Arrays:
        """Bits at the end of the free phase, by layer, (samples, neurons); nothing is counted."""
        return self._simulator.bits(self._free(images)[0])

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Present a batch through all phases with weights held; nothing is counted."""
        self._check(images, labels)
        strengths = nudge_strengths(self.system.rule, keys)
        seen = self._simulator.bits(self._present(images, strengths, labels, singly=True)[0])
        by_step = {name: array.swapaxes(0, 1) for name, array in seen.items()}
        return rate_trace(by_step, by_step, {})

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, and of what the memory keeps beside them."""
        result: Arrays = {}
        both = zip(self.system.network.couplings, kept_names(self.system), strict=True)
        for index, (coupling, names) in enumerate(both):
            kept = self._learner.kept(index)
            result |= {name: kept[key] for key, name in names.items()}
            result[coupling.name] = self._simulator.stored(index)
        for layer, part in self._biases().items():
            result[layer] = np.array(part, np.float64)
        return result

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases; weights are brought to what the memory can hold.

        What the memory keeps beside them starts anew where it is not given.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        kept = kept_beside(self.system, weights)
        check_arrays({n: a for n, a in weights.items() if n not in kept}, rate_shapes(self.system))
        self._learner.forget()
        both = zip(self.system.network.couplings, kept_names(self.system), strict=True)
        for index, (coupling, names) in enumerate(both):
            self._simulator.store(index, self.system.memory.store(weights[coupling.name], index))
            if any(kept[name].any() for name in names.values()):
                self._learner.give(index, {key: kept[name] for key, name in names.items()})
        for name, part in self._biases().items():
            part[:] = weights[name]

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        counts = event_counts(self.system, self._tally)
        self._tally.clear()
        return counts

    def _present(
        self, images: Images, strengths: Floats, labels: Labels, singly: bool = False
    ) -> tuple[Words, Floats]:
        stretches = stretches_of(self.system.rule.phases, singly)
        return self._simulator.present(images, stretches, strengths, self.system.targets(labels))

    def _free(self, images: Images) -> tuple[Words, Floats]:
        """At the end of the free phase: bits (samples, words), and states of the outputs (samples, outputs)."""
        check_images(images, self.system.network.input.size)
        free, samples = stretches_of(self.system.rule.phases)[:1], len(images)
        outputs = self.system.network.output.size
        ends, held = self._simulator.present(
            images, free, np.zeros((samples, 1)), np.zeros((samples, outputs))
        )
        self._finish_announcement()
        return ends[0], held

    def _scores(self, ends: Words, held: Floats) -> Floats:
        last = len(self.system.network.free_layers)
        return self.system.scores(self._simulator.bits_of(ends, last), held)

    def _biases(self) -> dict[str, Floats]:
        """Biases by name: views."""
        starts, bias = self._simulator.layout.starts, self._simulator.weights.bias
        return {
            f"{layer.name}.bias": bias[starts[number] : starts[number + 1]]
            for number, layer in enumerate(self.system.network.free_layers, start=1)
        }

    def _check(self, images: Images, labels: Labels) -> None:
        """The kernels trust what they are given, so it is checked here."""
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.classes)
