"""A rate-based network in integers; what runs them is handed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.graded import GradedNetwork
from eqspike.chips.graded.arithmetic import messages, transmitted
from eqspike.chips.graded.rounding import GradedRounding
from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.trace import Trace, rate_trace
from eqspike.engines.integers.graded import (
    Batch,
    Presented,
    fan_outs,
    make_batch,
    nudged_passes,
    round_rate_system,
)
from eqspike.engines.integers.graded_learning import (
    Lesson,
    Teacher,
    counters_of,
    flip_rules,
    relearnt,
)
from eqspike.engines.offers import refuse_learning, refuse_unlike
from eqspike.engines.tally import RateTally, event_counts
from eqspike.systems import RateSystem
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import check_arrays, initial_rate_weights, kept_beside, rate_shapes


class GradedSession:
    """A system rounded to integers. A context manager.

    Args:
        system: what to round and simulate; seed: initial weights are drawn from it.
        engine: its name in messages; bits: of a state.
        start: makes what runs the integers, once the system is known to fit.

    Raises:
        UnsupportedError: for a system that graded neurons do not carry.
    """

    network: GradedNetwork
    """The integers simulated."""

    report: GradedRounding
    """What rounding lost."""

    learns_singly = True
    """A batch is learnt sample by sample."""

    def __init__(
        self, system: RateSystem, seed: int, engine: str, bits: int, start: Callable[[], Teacher]
    ) -> None:
        refuse_unlike(system, engine)
        self.system, self._engine, self._bits = system, engine, bits
        self._tally = RateTally()
        self._store(initial_rate_weights(system, seed))
        self._presenter = start()
        self._presenter.load(self.network)

    def __enter__(self) -> GradedSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._presenter.close()

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from samples one after the other, each a write; biases do not learn. See `graded_learning`.

        Raises:
            UnsupportedError: for a rule or a memory that integers do not learn with.
        """
        refuse_learning(self.system, self._engine)
        self._check(images, labels)
        rules = flip_rules(self.system, self.network, rate_factor)
        batch = make_batch(self.system, images, labels, keys, nudged_passes(self.system))
        lesson = Lesson(batch, rules, counters_of(self.system, self._stored, rules))
        taught = self._presenter.learn(lesson)
        self._tally.begin(len(images), batch.free_steps, True)
        self._tally.add_steps("nudged", len(images) * batch.passes * batch.nudged_steps)
        self._count(taught.presented)
        for coupling, writes in zip(self.system.network.couplings, taught.writes(), strict=True):
            self._tally.add_writes(coupling.name, writes)
        self.load(relearnt(self.system, self._stored, lesson, taught))
        return self._read_out(taught.presented)

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Output rates at the end of the free phase, means over the replicas of a class: (samples, classes)."""
        check_images(images, self.system.network.input.size)
        batch = make_batch(self.system, images, None, keys, 0)
        self._tally.begin(len(images), batch.free_steps, False)
        presented = self._presenter.present(batch, traced=False)
        self._count(presented)
        return self._read_out(presented)

    def _read_out(self, presented: Presented) -> NDArray[Any]:
        neuron, states = self.network.neuron, presented.ends
        values = transmitted(states, neuron) / neuron.unity
        return self.system.scores(values, states / neuron.state_unity)

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Present a batch through all phases; whole numbers, in steps of a state and of v; nothing is counted.

        `values` are states s here: of binary neurons they say more than the bit.
        """
        self._check(images, labels)
        batch = make_batch(self.system, images, labels, keys, nudged_passes(self.system))
        presented = self._presenter.present(batch, traced=True)
        return rate_trace(
            self._by_layer(presented.states),
            self._by_layer(presented.sent),
            self._by_layer(self._messages(batch, presented) != 0),
        )

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, as they were before rounding to integers."""
        return {name: array.copy() for name, array in self._stored.items()}

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases, and round them.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
            UnsupportedError: for weights too large for the chip's drives.
        """
        self._store(weights)
        self._presenter.load(self.network)

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        counts = event_counts(self.system, self._tally)
        self._tally.clear()
        return counts

    def _check(self, images: Images, labels: Labels) -> None:
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.classes)

    def _store(self, weights: Arrays) -> None:
        system = self.system
        kept = kept_beside(system, weights)
        bare = {name: array for name, array in weights.items() if name not in kept}
        check_arrays(bare, rate_shapes(system))
        for index, coupling in enumerate(system.network.couplings):
            bare[coupling.name] = system.memory.store(bare[coupling.name], index)
        self._stored = {name: array.copy() for name, array in (bare | kept).items()}
        self.network, self.report = round_rate_system(system, bare, self._bits)

    def _count(self, presented: Presented) -> None:
        layers = self.system.network.layers
        ends = np.cumsum([layer.size for layer in layers])[:-1]
        for phase, of_phase in zip(("free", "nudged"), presented.counts, strict=True):
            if phase in self._tally.steps:
                sent = np.split(of_phase, ends)
                self._tally.add_messages(self.system, phase, sent, fan_outs(self.network))

    def _messages(self, batch: Batch, presented: Presented) -> NDArray[Any]:
        """What was sent in each step, (samples, steps, neurons): q moves by messages alone."""
        neuron, free = self.network.neuron, batch.free_steps
        sent = presented.sent.astype(np.int64)
        before = np.empty_like(sent)
        before[:, 0] = transmitted(np.array(neuron.initial), neuron)
        before[:, 1:] = sent[:, :-1]
        if batch.passes == 2:  # the second nudged phase starts from the end of the free one
            before[:, free + batch.nudged_steps] = sent[:, free - 1]
        return messages(sent, before, 0)

    def _by_layer(self, array: NDArray[Any]) -> dict[str, NDArray[Any]]:
        found, start = {}, 0
        for layer in self.system.network.free_layers:
            found[layer.name] = array[:, :, start : start + layer.size]
            start += layer.size
        return found
