"""Rate-based networks that send changes (`core.messages`), message by message in NumPy.

Samples of a batch share weights and nothing else, and step side by side, as continual rules ask. Everything is
computed in float64. It defines what the engines must reproduce; nothing here is shared with them but the
definitions in `core`, `memory` and `rules`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.random_stream import stream_key
from eqspike.core.trace import Trace, stacked
from eqspike.engines.reference.rate_differences import PlainDifferences
from eqspike.engines.reference.rate_synapses import Counts, Named, Synapses, update_groups
from eqspike.memory import Ideal
from eqspike.rules.readings import EndContrast, EndField, of_receiver, writes_steps
from eqspike.systems import RateSystem
from eqspike.systems.weights import nudge_strengths, rate_shapes
from eqspike.systems.writing import write_named

Vector = NDArray[Any]


class PlainRates:
    """Dense layers of rate neurons, or binary ones, and their weights.

    Args:
        system: its `messages` must be changes.
        weights: by name, as sessions give them; copied.

    Attributes:
        weights: as learning has left them; counts: events by (phase, place, kind).
        drive, state, sent: a, s and q of each free layer by name, (samples, neurons).
        outputs: read-out of the last free phase, (samples, classes).
    """

    def __init__(self, system: RateSystem, weights: Arrays) -> None:
        self.system, self.network = system, system.network
        self.weights = {name: array.copy() for name, array in weights.items()}
        self.counts: Counts = Counter()
        self.drive: Arrays = {}
        self.state: Arrays = {}
        self.sent: Arrays = {}
        self.outputs: Vector = np.zeros((0, system.classes))

    def start(self, images: Images) -> None:
        """Begin the samples of a batch: the input and all initial rates that are not 0 are sent."""
        self.inputs = images / 255
        self.synapses = Synapses(self.system, self.weights, self.counts)
        for layer in self.network.free_layers:
            shape = (len(images), layer.size)
            self.drive[layer.name] = np.zeros(shape)
            self.state[layer.name] = np.full(shape, self.system.neuron.initial)
        values = {layer.name: self.value(layer.name) for layer in self.network.free_layers}
        self.sent = {name: np.zeros_like(value) for name, value in values.items()}
        self.synapses.deliver({self.network.input.name: self.inputs, **values}, "free", self.drive)
        self.sent = values

    def value(self, layer: str) -> Vector:
        """v: the rate of each neuron of a layer."""
        return self.system.neuron.value(self.state[layer])

    def step(self, phase: str, teacher: tuple[Vector, Vector] | None = None) -> Named:
        """One step of all layers; returns who sent, by layer.

        Args:
            phase: for the counts.
            teacher: signed nudging strength (samples, 1) and targets (samples, outputs), when nudged.
        """
        senders: Named = {}
        for group in update_groups(self.system):
            changed = {}
            for name in group:
                changed[name] = self._updated(name, teacher)
            self.state.update(changed)
            messages = {}
            for name in group:
                moved = self.value(name) - self.sent[name]
                senders[name] = abs(moved) > self.system.messages.threshold
                messages[name] = np.where(senders[name], moved, 0.0)
                self.sent[name] = np.where(senders[name], self.value(name), self.sent[name])
            self.synapses.deliver(messages, phase, self.drive)
        self.synapses.count_updates(phase, self.state)
        return senders

    def shown(self) -> Named:
        """q of each free layer."""
        return dict(self.sent)

    def keep(self) -> list[Named]:
        """Copies of all that a phase starts from."""
        return [
            {n: a.copy() for n, a in kind.items()} for kind in (self.drive, self.state, self.sent)
        ]

    def put_back(self, kept: list[Named]) -> None:
        """Stand again where `keep` was called."""
        self.drive, self.state, self.sent = (
            {n: a.copy() for n, a in kind.items()} for kind in kept
        )

    def scores(self, images: Images) -> Vector:
        """Present a batch without a teacher: v of the outputs at the end of the free phase, means by class."""
        self.start(images)
        for _ in range(self.system.rule.phases[0].steps):
            self.step("free")
        self._read_out()
        return self.outputs

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Present a batch through all phases with weights held."""
        return stacked(
            [
                ({name: moving.value(name) for name in self.state}, moving.shown(), senders)
                for moving, senders in self._presented(images, labels, keys, learn=False)
            ]
        )

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> None:
        """Learn from one batch, as `core.learner.Session.fit`."""
        pairs = zip(self.system.learning_rates, self.system.rates_of_biases, strict=True)
        rates = [(rate * rate_factor, bias * rate_factor) for rate, bias in pairs]
        for _ in self._presented(images, labels, keys, learn=True, rates=rates, key=write_key):
            pass

    def _presented(
        self, images: Images, labels: Labels, keys: Keys, learn: bool,
        rates: list[tuple[float, float]] | None = None, key: int = 0,
    ) -> Iterator[tuple[PlainRates | PlainDifferences, Named]]:  # fmt: skip
        """All phases; yields, after each step, what moves and who sent."""
        rule, phases = self.system.rule, self.system.rule.phases
        reading, strengths = rule.reading, nudge_strengths(rule, keys)
        targets = self.system.targets(labels)
        self.start(images)
        for _ in range(phases[0].steps):
            yield self, self.step("free")
        self._read_out()
        moving = self._differences() if self.system.dynamics.of_differences else self
        base = moving.free if isinstance(moving, PlainDifferences) else None
        start = moving.keep()
        ends = {phases[0].name: (start[2], strengths[:, 0])}
        for phase, betas in zip(phases[1:], strengths.T[1:], strict=True):
            if phase.start == "free end":
                moving.put_back(start)
            for _ in range(phase.steps):
                before = dict(moving.sent)
                taught = (betas[:, None], targets) if phase.nudge else None
                senders = moving.step(phase.kind, taught)
                if learn and phase.learns:
                    self._count_evaluations(senders)
                    self._write(self.sent, before, betas, rates or [], key)
                yield moving, senders
            ends[phase.name] = (dict(moving.sent), betas)
        if learn and isinstance(reading, EndContrast | EndField):
            (first, betas), (second, others) = ends[reading.first], ends[reading.second]
            for name, shape in rate_shapes(self.system).items():
                self.counts["nudged", name, "rule_evaluations"] += math.prod(shape) * len(images)
            self._write(first, second, betas - others, rates or [], key, base)

    def _differences(self) -> PlainDifferences:
        """What runs the phases after the free one, in difference form."""
        values = {name: self.value(name) for name in self.state}
        drives = {n: drive + self.weights[f"{n}.bias"] for n, drive in self.drive.items()}
        return PlainDifferences(self.system, self.synapses, values, drives, self.sent)

    def _read_out(self) -> None:
        """What the outputs say of each class."""
        name = self.network.output.name
        self.outputs = self.system.scores(self.value(name), self.state[name])

    def _updated(self, name: str, teacher: tuple[Vector, Vector] | None) -> Vector:
        """New states of a layer."""
        neuron, state = self.system.neuron, self.state[name]
        drive = self.drive[name] + self.weights[f"{name}.bias"]
        taught = teacher is not None and name == self.network.output.name
        nudge = teacher[0] * (teacher[1] - state) if teacher is not None and taught else 0.0
        return neuron.updated(state, drive, nudge, self.system.dynamics.nudge == "inside")

    def _count_evaluations(self, senders: Named) -> None:
        """A message has the rule evaluated at each synapse it may change, and at the sender's bias."""
        each_way = of_receiver(self.system.rule.reading)
        for coupling in self.network.couplings:
            pre, post = coupling.shape
            above = int(senders[coupling.post.name].sum())
            below = int(senders[coupling.pre.name].sum()) if coupling.bidirectional else 0
            backward = f"{coupling.post.name}-{coupling.pre.name}" if each_way else coupling.name
            for place, number in (
                (coupling.name, above * pre),
                (backward, below * post),
                (f"{coupling.post.name}.bias", above),
            ):
                if number:
                    self.counts["nudged", place, "rule_evaluations"] += number

    def _write(
        self, after: Named, before: Named, betas: Vector,
        rates: list[tuple[float, float]], key: int, base: Named | None = None,
    ) -> None:  # fmt: skip
        """Change all weights by what the rule asks, from q of two moments, or e of two and the free q."""
        weight = np.sign(betas)[:, None]
        each_way = of_receiver(self.system.rule.reading)
        scale = 1 / (abs(betas[0]) * len(betas))
        clamped = {self.network.input.name: self.inputs}
        new, old = (
            {n: q if base is None else base[n] + q for n, q in sent.items()} | clamped
            for sent in (after, before)
        )
        differ = {n: after[n] - before[n] for n in after}
        differ |= {n: np.zeros_like(a) for n, a in clamped.items()}
        sends = old if base is None or not each_way else base | clamped
        for index, coupling in enumerate(self.network.couplings):
            rate, bias_rate = (scale * each for each in rates[index])
            post, pre = coupling.post.name, coupling.pre.name
            moved, active = ((differ[n] != 0).any(0) for n in (post, pre))
            step = weight * differ[post]
            self._write_bias(post, bias_rate * step.sum(0), moved)
            if each_way:
                change = sends[pre].T @ step
                self._asked(coupling.name, index, rate * change, None, moved, key)
                if coupling.bidirectional:
                    back = sends[post].T @ (weight * differ[pre])
                    self._asked(f"{post}-{pre}", index, rate * back, None, active, key)
                continue
            # The products of the new state minus those of the old: exactly 0 where neither side has moved.
            change = new[pre].T @ step + differ[pre].T @ (weight * old[post])
            self._asked(coupling.name, index, rate * change, active, moved, key)

    def _asked(
        self, name: str, index: int, change: Vector, rows: Vector | None, columns: Vector, key: int
    ) -> None:
        """Write a change of one coupling, asked for where a row's or a column's neuron moved."""
        memory, phase = (
            self.system.memory,
            "nudged" if writes_steps(self.system.rule.reading) else "update",
        )
        if type(memory) is not Ideal:
            own = stream_key(key, index)
            writes = write_named(memory, self.weights, name, change, index, own)
            candidate, applied = writes.candidate, writes.applied
        else:
            self.weights[name] = self.weights[name] + change
            if index == 0:
                places = np.outer(self.inputs.any(0), columns)
            else:
                places = np.broadcast_to(columns, change.shape)
                places = places if rows is None else places | rows[:, None]
            candidate = applied = int(places.sum())
        self.counts[phase, name, "candidate_writes"] += candidate
        self.counts[phase, name, "applied_writes"] += applied

    def _write_bias(self, layer: str, change: Vector, moved: Vector) -> None:
        phase = "nudged" if writes_steps(self.system.rule.reading) else "update"
        self.weights[f"{layer}.bias"] = self.weights[f"{layer}.bias"] + change
        for kind in ("candidate_writes", "applied_writes"):
            self.counts[phase, f"{layer}.bias", kind] += int(moved.sum())
