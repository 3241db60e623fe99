"""A rate-based network that sends changes as Lava processes in floating point; C-EP learns inside Lava."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.trace import Trace, rate_trace
from eqspike.engines.integers.graded import Batch, make_batch, nudged_passes
from eqspike.engines.lava.child import PATIENCE_S, Child
from eqspike.engines.lava.files import BIASES, relearnt
from eqspike.engines.lava.rates.form import RateForm, float_form
from eqspike.engines.lava.rates.presenter import (
    BLOCK_SAMPLES,
    message_counts,
    part_of,
    present_form,
)
from eqspike.engines.offers import refuse_learning, refuse_unlike
from eqspike.engines.tally import RateTally, asked_writes, event_counts
from eqspike.rules.known import nudging_of
from eqspike.systems import RateSystem
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import check_arrays, initial_rate_weights, kept_beside, rate_shapes

Found = dict[str, NDArray[Any]]


class FloatRateSession:
    """A system as Lava processes with tag `floating_pt`, in float64. A context manager.

    Args:
        system: what to simulate; seed: initial weights are drawn from it.
        patience_s: seconds without progress after which Lava counts as hung.

    Raises:
        UnsupportedError: for a system that graded neurons do not carry.
        MissingPackageError: if Lava is not installed.
    """

    learns_singly = True
    """A batch is learnt sample by sample."""

    def __init__(self, system: RateSystem, seed: int = 0, patience_s: float = PATIENCE_S) -> None:
        refuse_unlike(system, "lava:floating_pt")
        self.system = system
        self._tally = RateTally()
        self._stored: Arrays = {}
        self.load(initial_rate_weights(system, seed))
        self._child = Child(patience_s)

    def __enter__(self) -> FloatRateSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._child.close()

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from samples one after the other by C-EP: a batch of one, whatever is handed over.

        Raises:
            UnsupportedError: for another rule, or a memory that is not ideal.
        """
        system = self.system
        refuse_learning(system, "lava:floating_pt")
        self._check(images, labels)
        batch = make_batch(system, images, labels, keys, 1)
        scale = rate_factor / nudging_of(system.rule).beta
        form = replace(
            float_form(system, self._stored, batch),
            lessons=tuple(
                (coupling.name, {"rate": rate * scale})
                for coupling, rate in zip(
                    system.network.couplings, system.learning_rates, strict=True
                )
            ),
            bias_rates=tuple(rate * scale for rate in system.rates_of_biases),
        )
        found = present_form(self._child, form, batch)
        self._tally.begin(len(images), batch.free_steps, True)
        self._tally.add_steps("nudged", len(images) * batch.nudged_steps)
        self._count(batch, found["messages"])
        self._count_writes(batch, found["messages"])
        self._take(form)
        return self._scores(batch, found)

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Output rates at the end of the free phase, means over the replicas of a class: (samples, classes)."""
        check_images(images, self.system.network.input.size)
        batch = make_batch(self.system, images, None, keys, 0)
        found = self._present(batch)
        self._tally.begin(len(images), batch.free_steps, False)
        self._count(batch, found["messages"])
        return self._scores(batch, found)

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Present a batch through all phases with weights held; nothing is counted."""
        self._check(images, labels)
        found = self._present(
            make_batch(self.system, images, labels, keys, nudged_passes(self.system))
        )
        kinds = (self._values(found["state"]), found["sent"], found["messages"] != 0)
        return rate_trace(*(self._by_layer(kind[:, 1:]) for kind in kinds))

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, and of what the memory keeps beside them."""
        return {name: array.copy() for name, array in self._stored.items()}

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        system = self.system
        kept = kept_beside(system, weights)
        bare = {name: array for name, array in weights.items() if name not in kept}
        check_arrays(bare, rate_shapes(system))
        for index, coupling in enumerate(system.network.couplings):
            bare[coupling.name] = system.memory.store(bare[coupling.name], index)
        self._stored = {name: array.copy() for name, array in (bare | kept).items()}

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        counts = event_counts(self.system, self._tally)
        self._tally.clear()
        return counts

    def _present(self, batch: Batch) -> Found:
        form = float_form(self.system, self._stored, batch)
        blocks = [
            present_form(self._child, form, part_of(batch, first))
            for first in range(0, len(batch.images), BLOCK_SAMPLES)
        ]
        return {kind: np.concatenate([block[kind] for block in blocks]) for kind in blocks[0]}

    def _take(self, form: RateForm) -> None:
        """Read what was learnt."""
        for name, _ in form.lessons:
            with np.load(self._child.folder / relearnt(name)) as file:
                self._stored[name] = file["weights"]
        with np.load(self._child.folder / BIASES) as file:
            for name in file.files:
                self._stored[f"{name}.bias"] = file[name]

    def _count(self, batch: Batch, messages: NDArray[Any]) -> None:
        """Messages of all phases; weights that are not zero are those before the batch."""
        network = self.system.network
        ends = np.cumsum([layer.size for layer in network.layers])[:-1]
        filled = [self._stored[coupling.name] != 0 for coupling in network.couplings]
        fan_outs = [[of.sum(1), of.sum(0)] for of in filled]
        counts = message_counts(batch, messages)
        for phase, of_phase in zip(("free", "nudged"), counts, strict=True):
            if phase in self._tally.steps:
                self._tally.add_messages(self.system, phase, np.split(of_phase, ends), fan_outs)

    def _count_writes(self, batch: Batch, messages: NDArray[Any]) -> None:
        """What an ideal memory was asked for, at every nudged step of every sample."""
        for image, sent in zip(batch.images, messages[:, 1 + batch.free_steps :], strict=True):
            moved = [np.count_nonzero(of[0], 1) for of in self._by_layer(sent[None]).values()]
            asked = asked_writes(self.system, int(np.count_nonzero(image)), moved)
            for name, writes in asked.items():
                self._tally.add_writes(name, writes)

    def _scores(self, batch: Batch, found: Found) -> NDArray[Any]:
        outputs = self.system.network.output.size
        states = found["state"][:, batch.free_steps, -outputs:]
        return self.system.scores(self._values(states), states)

    def _values(self, states: NDArray[Any]) -> NDArray[Any]:
        """v of states."""
        return self.system.neuron.value(states)

    def _check(self, images: Images, labels: Labels) -> None:
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.classes)

    def _by_layer(self, array: NDArray[Any]) -> Found:
        sizes = [layer.size for layer in self.system.network.free_layers]
        parts = np.split(array, np.cumsum(sizes)[:-1], axis=2)
        return {
            layer.name: part
            for layer, part in zip(self.system.network.free_layers, parts, strict=True)
        }
