"""One sample, event by event: every spike delivered and counted one by one, in NumPy.

It defines what the engines must reproduce, runs any neuron that brings its step and any sum of products of spikes
and traces, and is slow. Nothing here is shared with the compiled kernels except the definitions in `core`,
`memory`, `rules` and `tasks.encoders`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import UnsupportedError
from eqspike.core.grid import snap
from eqspike.core.learner import Arrays
from eqspike.core.local_rule import Side
from eqspike.core.neurons import Neuron, StepsInNumpy
from eqspike.core.phases import total_steps
from eqspike.core.random_stream import uniforms
from eqspike.memory import Fixed, Ideal
from eqspike.systems import System

Vector = NDArray[Any]
Counts = Counter[tuple[str, str, str]]


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


def present(
    system: System, weights: Arrays, image: Vector, label: int, beta: float, key: int,
    learn: bool = True, write_keys: Sequence[int] | None = None, rate_factor: float = 1.0,
) -> Presentation:  # fmt: skip
    """Present one sample event by event.

    `beta` is the strength of the nudge, with its sign where the rule draws it or lets it alternate.
    With `write_keys` (the random stream of the writes of each coupling), learn online: `weights` change in place.
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
        self.local = self.rule.reading.rule
        self.spikes, *self.traces = (
            {layer.name: np.zeros(layer.size, self.precision) for layer in self.free}
            for _ in range(1 + len(self.local.traces))
        )
        self.neuron = stepping(system.neuron)
        self.state = {
            layer.name: self.neuron.start(layer.size, system.precision) for layer in self.free
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
                    potentials[layer.name].append(self.state[layer.name]["v"].copy())
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

    def _remainder(self, output: str) -> Vector:
        return np.clip(self.state[output]["v"] / self.system.neuron.full_potential, 0, 1)

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
                nudge = self.beta * (target - self.traces[self.local.rate_trace][layer.name])
            self._advance_layer(layer.name, drive[layer.name], nudge)
            self.counts[phase, layer.name, "neuron_updates"] += layer.size
            traced = len(self.traces) * layer.size if self.learn else 0
            self.counts[phase, layer.name, "trace_updates"] += traced

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
        one, bias = self.precision, self.read[f"{name}.bias"]
        spikes = self.neuron.step(self.state[name], drive, bias, nudge)
        self.spikes[name] = spikes
        for of, trace in zip(self.local.traces, self.traces, strict=True):
            trace[name] += one(1 / of.tau) * (spikes - trace[name])

    def _learn(self, sent: Vector, step: int) -> None:
        """Evaluate the printed rule at every synapse that a spike reaches."""
        from_pre, from_post = self._combined("pre"), self._combined("post")
        for index, coupling in enumerate(self.network.couplings):
            activity = sent if index == 0 else self.spikes[coupling.pre.name]
            for pre in np.flatnonzero(activity):
                change = activity[pre] * from_pre[coupling.post.name].astype(float)
                self._change(index, coupling.name, (int(pre), slice(None)), change, step, 0)
            if coupling.bidirectional:
                for post in np.flatnonzero(self.spikes[coupling.post.name]):
                    change = from_post[coupling.pre.name].astype(float)
                    self._change(index, coupling.name, (slice(None), int(post)), change, step, 1)
        for index, layer in enumerate(self.free):
            self._change(index, f"{layer.name}.bias", (slice(None),), from_pre[layer.name], step, 0)
        if self.write_keys is not None:
            self._read()

    def _combined(self, spike: Side) -> dict[str, Vector]:
        """What a spike of one side reads of the other: the sum of its traces, weighted by the rule's products."""
        factors = [self.precision(c) for c in self.local.coefficients(spike)]
        result = {}
        for layer in self.free:
            terms = [c * trace[layer.name] for c, trace in zip(factors, self.traces, strict=True)]
            result[layer.name] = sum(terms[1:], terms[0])
        return result

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
        memory, of_bias = self.system.memory, name.endswith("bias")
        if type(memory) is Fixed and not of_bias:
            shape = self.stored[name].shape
            flat = np.arange(shape[0] * shape[1], dtype=np.uint64).reshape(shape)[place]
            flat = flat + np.uint64((2 * step + side) * shape[0] * shape[1])
            new = _programmed(memory, index, old, delta, uniforms(self.write_keys[index], flat))
        elif type(memory) is Ideal or of_bias:
            new = old + delta
        else:
            raise UnsupportedError(
                "engine 'reference' writes at every event to memories of kind ideal and fixed only, got "
                f"memory.kind {memory.kind}; use rule.update batch"
            )
        self.stored[name][place] = new
        self.counts["nudged", name, "candidate_writes"] += int((delta != 0).sum())
        self.counts["nudged", name, "applied_writes"] += int((new != old).sum())


def stepping(neuron: Neuron) -> StepsInNumpy:
    """The neuron, if it brings a step in NumPy.

    Raises:
        UnsupportedError: for one that does not.
    """
    if not isinstance(neuron, StepsInNumpy) or "step" not in vars(type(neuron)):
        raise UnsupportedError(
            f"engine 'reference' runs a neuron's own step in NumPy, got neuron.kind {neuron.kind}, which has "
            "none; use engine brian2"
        )
    return neuron


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
