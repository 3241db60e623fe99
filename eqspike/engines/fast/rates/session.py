"""A rate-based network inside the fast engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.threads import thread_count
from eqspike.core.trace import Trace, stacked
from eqspike.engines.fast.compilation import announce_first_use
from eqspike.engines.fast.rates.differences import Differences
from eqspike.engines.fast.rates.layout import Floats
from eqspike.engines.fast.rates.learning import RateLearner, after_free
from eqspike.engines.fast.rates.simulator import Lesson, RateSimulator
from eqspike.engines.offers import FAST_CHANGES, refuse_unlike
from eqspike.engines.tally import RateTally, event_counts
from eqspike.rules.readings import writes_steps
from eqspike.systems import RateSystem
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import (
    backward_name,
    check_arrays,
    initial_rate_weights,
    kept_beside,
    kept_names,
    nudge_strengths,
    rate_shapes,
)


class FastRateSession:
    """A trained or untrained rate-based network whose neurons send changes. A context manager.

    Args:
        system: what to simulate.
        seed: initial weights are drawn from it.
        threads: number of threads, by default the cores available; results do not depend on it.

    Raises:
        UnsupportedError: for a combination this engine refuses.
    """

    def __init__(self, system: RateSystem, seed: int = 0, threads: int | None = None) -> None:
        refuse_unlike(system, FAST_CHANGES)
        self.system = system
        self._finish_announcement = announce_first_use(f"rates-{system.precision}")
        self._simulator = RateSimulator(system, threads or thread_count())
        self._tally = RateTally()
        self._learner = RateLearner(system, self._simulator, self._tally)
        self.load(initial_rate_weights(system, seed))

    def __enter__(self) -> FastRateSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._simulator.workers.close()

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from one batch; see `core.learner.Session`."""
        self._check(images, labels)
        self._free(images, learning=True)
        scores = self._scores()
        lesson = self._lesson(labels, keys)
        if writes_steps(self.system.rule.reading):
            self._learner.continually(lesson, rate_factor)
        else:
            self._learner.at_the_end(lesson, rate_factor, write_key)
        self._finish_announcement()
        return scores

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """v of the outputs at the end of the free phase, means over replicas: (samples, classes)."""
        del keys
        self._free(images, learning=False)
        self._simulator.count(self._tally, ("free",))
        self._finish_announcement()
        return self._scores()

    def rates(self, images: Images) -> Arrays:
        """v at the end of the free phase, by layer, (samples, neurons); nothing is counted."""
        self._free(images)
        return self._by_layer(self._simulator.values())

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Present a batch through all phases with weights held; nothing is counted."""
        self._check(images, labels)
        simulator, phases = self._simulator, self.system.rule.phases
        seen: list[tuple[Arrays, Arrays, Arrays]] = []

        def run(steps: int, lesson: Lesson | None) -> None:
            for _ in range(steps):
                before = moving.sent.copy()
                moving.relax(1, lesson)
                kinds = (moving.values(), moving.shown(), moving.sent != before)
                seen.append(tuple(self._by_layer(kind) for kind in kinds))  # type: ignore[arg-type]

        simulator.start(images)
        moving: RateSimulator | Differences = simulator
        run(phases[0].steps, None)
        moving = after_free(simulator)
        end, lesson = moving.keep(), self._lesson(labels, keys)
        for number, phase in enumerate(phases[1:], start=1):
            if phase.start == "free end":
                moving.put_back(end)
            run(phase.steps, lesson.at(number) if phase.nudge else None)
        return stacked(seen)

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, and of what the memory keeps beside them."""
        result: Arrays = {
            name: self._learner.kept[index][key].copy()
            for index, names in enumerate(kept_names(self.system))
            for key, name in names.items()
        }
        simulator, network = self._simulator, self.system.network
        for index, coupling in enumerate(network.couplings):
            result[coupling.name] = np.array(simulator.up(index), np.float64)
            if self.system.feedback.separate and coupling.bidirectional:
                result[backward_name(coupling)] = np.array(simulator.down(index), np.float64)
        for name, bias in self._by_layer(simulator.weights.bias).items():
            result[f"{name}.bias"] = bias
        return result

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases; weights are brought to what the memory can hold.

        What the memory keeps beside them starts anew where it is not given.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        kept = kept_beside(self.system, weights)
        check_arrays({n: a for n, a in weights.items() if n not in kept}, rate_shapes(self.system))
        simulator, network = self._simulator, self.system.network
        for index, coupling in enumerate(network.couplings):
            simulator.up(index)[:] = self.system.memory.store(weights[coupling.name], index)
            if self.system.feedback.separate and coupling.bidirectional:
                simulator.down(index)[:] = weights[backward_name(coupling)]
            simulator.refresh(index)
        for number, layer in enumerate(network.free_layers, start=1):
            simulator.layer(simulator.weights.bias, number)[:] = weights[f"{layer.name}.bias"]
        self._learner.kept = [
            {key: np.array(kept[name], np.float64) for key, name in names.items()}
            for names in kept_names(self.system)
        ]

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        counts = event_counts(self.system, self._tally)
        self._tally.clear()
        return counts

    def _free(self, images: Images, learning: bool | None = None) -> None:
        """Run the free phase of a batch, counted unless `learning` is None."""
        check_images(images, self.system.network.input.size)
        steps = self.system.rule.phases[0].steps
        if learning is not None:
            self._tally.begin(len(images), steps, learning)
        self._simulator.start(images)
        self._simulator.relax(steps)

    def _scores(self) -> Floats:
        simulator, last = self._simulator, len(self.system.network.free_layers)
        kinds = (simulator.values(), simulator.batch.state)
        return self.system.scores(*(simulator.layer(kind, last) for kind in kinds))

    def _lesson(self, labels: Labels, keys: Keys) -> Lesson:
        rule, precision = self.system.rule, self.system.precision
        by_phase = np.asfortranarray(np.sign(nudge_strengths(rule, keys)), precision)
        targets = self.system.targets(labels).astype(precision)
        return Lesson(targets, by_phase[:, 1], rule.beta, by_phase)

    def _check(self, images: Images, labels: Labels) -> None:
        """The kernels trust what they are given, so it is checked here."""
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.classes)

    def _by_layer(self, array: NDArray[Any]) -> Arrays:
        """Copies in float64 of the parts of an array (..., free neurons)."""
        return {
            layer.name: np.array(self._simulator.layer(array, number), np.float64)
            for number, layer in enumerate(self.system.network.free_layers, start=1)
        }
