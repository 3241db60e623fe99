"""A plain reference simulator: every spike delivered and counted one by one, in NumPy.

It defines what the engines must reproduce and is far too slow for anything else. Nothing here is shared with
the compiled kernels except the definitions in `core`, `memory`, `rules` and `tasks.encoders`.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.grid import snap
from eqspike.core.learner import Arrays
from eqspike.core.local_rule import Side
from eqspike.core.neurons import SigmaDelta
from eqspike.core.phases import total_steps
from eqspike.core.random_stream import uniforms
from eqspike.memory import Fixed
from eqspike.systems import System

Vector = NDArray[Any]
Counts = Counter[tuple[str, str, str]]

SIDES: tuple[Side, ...] = ("pre", "post")


@dataclass
class Presentation:
    """What happened while one sample was presented.

    Attributes:
        raster: spikes by layer name, each (steps, neurons) in the order of time; potentials: likewise the
            membrane potentials.
        scores: (outputs,) spikes in the read-out window plus the remainder in the membrane.
        changes: change asked of each weight and bias by the rule, divided by beta.
        counts: number of events by (phase, place, kind).
    """

    raster: dict[str, Vector]
    potentials: dict[str, Vector]
    scores: Vector
    changes: Arrays
    counts: Counts = field(default_factory=Counter)


def flattened(counts: EventCounts) -> Counts:
    """Counts by (phase, place, kind), as `present` gives them; zero counts are left out."""
    return Counter(
        {
            (phase, place, kind): number
            for phase, of_phase in counts.phases.items()
            for places in (of_phase.layers, of_phase.couplings, of_phase.plasticity)
            for place, record in places.items()
            for kind, number in asdict(record).items()
            if number
        }
    )


def present(
    system: System, weights: Arrays, image: Vector, label: int, beta: float, key: int,
    learn: bool = True, write_keys: Sequence[int] | None = None, rate_factor: float = 1.0,
) -> Presentation:  # fmt: skip
    """Present one sample event by event.

    `beta` is the strength of the nudge, with its sign where the rule draws it or lets it alternate. With
    `write_keys` (the random stream of the writes of each coupling), learn online: `weights` change in place.
    """
    return _Reference(system, weights, beta, label, learn, write_keys, rate_factor).run(image, key)


class _Reference:
    def __init__(
        self, system: System, weights: Arrays, beta: float, label: int, learn: bool,
        write_keys: Sequence[int] | None, rate_factor: float,
    ) -> None:  # fmt: skip
        self.system, self.stored, self.learn = system, weights, learn
        self.precision = np.dtype(system.precision).type
        self.label = label
        self.betas = {phase.name: self.precision(beta * phase.sign) for phase in system.rule.phases}
        self.write_keys, self.rate_factor = write_keys, rate_factor
        self.network, self.rule = system.network, system.rule
        self.free = self.network.free_layers
        self.counts: Counts = Counter()
        self.changes: Arrays = {name: np.zeros_like(array) for name, array in weights.items()}
        start = system.neuron.initial_potential if isinstance(system.neuron, SigmaDelta) else 0.0
        self.filtered, self.relaxed, self.spikes = (
            {layer.name: np.zeros(layer.size, self.precision) for layer in self.free}
            for _ in range(3)
        )
        self.local = self.rule.reading.rule
        self.traces = {
            layer.name: [np.zeros(layer.size, self.precision) for _ in self.local.traces]
            for layer in self.free
        }
        self.potential = {
            layer.name: np.full(layer.size, start, self.precision) for layer in self.free
        }
        self._read()

    def _read(self) -> None:
        """Weights as the dynamics sees them."""
        self.read = {
            name: snap(array, self.system.precision) for name, array in self.stored.items()
        }

    def run(self, image: Vector, key: int) -> Presentation:
        rule, learnt, step = self.rule, 0, 0
        phases = rule.phases if self.learn else rule.phases[:1]
        sent = self.system.encoder.encode(image, total_steps(rule.phases), key)
        raster: dict[str, list[Vector]] = {layer.name: [] for layer in self.free}
        potentials: dict[str, list[Vector]] = {layer.name: [] for layer in self.free}
        output = self.network.output.name
        scores = np.zeros(self.network.output.size)
        for phase in phases:
            self.beta = self.betas[phase.name]
            for t in range(phase.steps):
                self._advance(sent[step], phase.kind)
                for layer in self.free:
                    raster[layer.name].append(self.spikes[layer.name].copy())
                    potentials[layer.name].append(self.potential[layer.name].copy())
                if phase is phases[0] and t >= phase.steps - rule.readout_steps:
                    scores += self.spikes[output]
                if phase.learns:
                    self._learn(sent[step], learnt)
                    learnt += 1
                self._count_layers(phase.kind)
                step += 1
            if phase is phases[0]:
                scores += self._remainder(output)
        return Presentation(
            {name: np.array(spikes) for name, spikes in raster.items()},
            {name: np.array(values) for name, values in potentials.items()},
            scores,
            self.changes,
            self.counts,
        )

    def _combined(self, spike: Side) -> dict[str, Vector]:
        """Of each layer, what a spike of one side asks for: the rule's sum of this layer's traces."""
        weights = [self.precision(c) for c in self.local.coefficients(spike)]
        return {
            name: functools.reduce(
                np.add, [w * trace for w, trace in zip(weights, traces, strict=True)]
            )
            for name, traces in self.traces.items()
        }

    def _remainder(self, output: str) -> Vector:
        left = self.potential[output]
        if not isinstance(self.system.neuron, SigmaDelta):
            left = left / self.system.neuron.threshold
        return np.clip(left, 0, 1)

    def _advance(self, sent: Vector, phase: str) -> None:
        drive = {layer.name: np.zeros(layer.size, self.precision) for layer in self.free}
        for index, coupling in enumerate(self.network.couplings):
            weights = self.read[coupling.name]
            activity = sent if index == 0 else self.spikes[coupling.pre.name]
            for pre in np.flatnonzero(activity):
                drive[coupling.post.name] += self.precision(activity[pre]) * weights[pre]
                if index == 0 and self.system.encoder.spikes:
                    self._count_spike(phase, "input", coupling.directions[0], weights[pre])
            if coupling.bidirectional:
                for post in np.flatnonzero(self.spikes[coupling.post.name]):
                    drive[coupling.pre.name] += weights[:, post]
        if phase == "nudged":
            target = np.zeros(self.network.output.size, self.precision)
            target[self.label] = self.rule.target_rate
        for layer in self.free:
            nudge: Any = np.zeros(layer.size, self.precision)
            if phase == "nudged" and layer is self.network.output:
                nudge = self.beta * (target - self.traces[layer.name][self.local.rate_trace])
            self._advance_layer(layer.name, drive[layer.name], nudge)
            self.counts[phase, layer.name, "neuron_updates"] += layer.size
            self.counts[phase, layer.name, "trace_updates"] += (
                len(self.local.traces) * layer.size if self.learn else 0
            )

    def _count_layers(self, phase: str) -> None:
        """Count this step's spikes, with the weights that will deliver them in the next one."""
        for coupling in self.network.couplings[1:]:
            weights = self.read[coupling.name]
            for pre in np.flatnonzero(self.spikes[coupling.pre.name]):
                self._count_operations(phase, coupling.directions[0], weights[pre])
            for post in np.flatnonzero(self.spikes[coupling.post.name]):
                self._count_operations(phase, coupling.directions[1], weights[:, post])
        for layer in self.free:
            self.counts[phase, layer.name, "spikes"] += int(self.spikes[layer.name].sum())

    def _count_spike(self, phase: str, layer: str, direction: str, reached: Vector) -> None:
        self.counts[phase, layer, "spikes"] += 1
        self._count_operations(phase, direction, reached)

    def _count_operations(self, phase: str, direction: str, reached: Vector) -> None:
        self.counts[phase, direction, "synaptic_operations"] += reached.size
        self.counts[phase, direction, "effective_synaptic_operations"] += int((reached != 0).sum())

    def _advance_layer(self, name: str, drive: Vector, nudge: Vector) -> None:
        neuron, one = self.system.neuron, self.precision
        bias = self.read[f"{name}.bias"]
        if isinstance(neuron, SigmaDelta):
            filtered, relaxed = self.filtered[name], self.relaxed[name]
            filtered += one(neuron.synaptic_filter) * ((drive + bias) - filtered)
            relaxed += one(neuron.relaxation) * ((filtered + nudge) - relaxed)
            potential = self.potential[name] + np.clip(relaxed, one(0), one(1))
            spikes = (potential >= 1).astype(self.precision)
            self.potential[name] = potential - spikes
        else:
            current = self.filtered[name] * one(1 - neuron.current_decay) + drive
            self.filtered[name] = current
            potential = (
                (self.potential[name] * one(1 - neuron.voltage_decay) + current) + bias
            ) + nudge
            spikes = (potential > one(neuron.threshold)).astype(self.precision)
            self.potential[name] = np.where(spikes > 0, one(0), potential)
        self.spikes[name] = spikes
        for value, trace in zip(self.traces[name], self.local.traces, strict=True):
            value += one(1 / trace.tau) * (spikes - value)

    def _learn(self, sent: Vector, step: int) -> None:
        """Evaluate the printed rule at every synapse that a spike reaches."""
        at_pre, at_post = (self._combined(side) for side in SIDES)
        for index, coupling in enumerate(self.network.couplings):
            activity = sent if index == 0 else self.spikes[coupling.pre.name]
            for pre in np.flatnonzero(activity):
                change = activity[pre] * at_pre[coupling.post.name].astype(float)
                self._change(index, coupling.name, (int(pre), slice(None)), change, step, 0)
            if coupling.bidirectional:
                for post in np.flatnonzero(self.spikes[coupling.post.name]):
                    change = at_post[coupling.pre.name].astype(float)
                    self._change(index, coupling.name, (slice(None), int(post)), change, step, 1)
        for index, layer in enumerate(self.free):
            self._change(index, f"{layer.name}.bias", (slice(None),), at_pre[layer.name], step, 0)
        if self.write_keys is not None:
            self._read()

    def _change(
        self, index: int, name: str, place: tuple[Any, ...], change: Vector, step: int, side: int
    ) -> None:
        scaled = change / float(self.beta)
        self.changes[name][place] += scaled
        self.counts["nudged", name, "rule_evaluations"] += change.size
        if self.write_keys is None:
            return
        rate = self.system.learning_rates[index] * self.rate_factor / float(self.beta)
        old = self.stored[name][place].copy()
        delta = rate * change
        memory = self.system.memory
        if isinstance(memory, Fixed) and not name.endswith("bias"):
            shape = self.stored[name].shape
            flat = np.arange(shape[0] * shape[1], dtype=np.uint64).reshape(shape)[place]
            flat = flat + np.uint64((2 * step + side) * shape[0] * shape[1])
            new = _programmed(memory, index, old, delta, uniforms(self.write_keys[index], flat))
        else:
            new = old + delta
        self.stored[name][place] = new
        self.counts["nudged", name, "candidate_writes"] += int((delta != 0).sum())
        self.counts["nudged", name, "applied_writes"] += int((new != old).sum())


def _programmed(memory: Fixed, coupling: int, old: Vector, delta: Vector, chance: Vector) -> Vector:
    step = memory.step(coupling)
    wanted = (old + delta) / step
    codes = {
        "nearest": np.rint(wanted),
        "floor": np.floor(wanted),
        "stochastic": np.floor(wanted + chance),
    }[memory.rounding]
    new = np.clip(codes, -memory.largest_code, memory.largest_code) * step
    return np.where(delta != 0, new, old)
