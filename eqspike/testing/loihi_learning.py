"""A plain reference of a network that learns on Loihi: `chips.loihi.learning` in every step, in NumPy.

Where its random numbers come from is up to the caller: those of the compiled engine, or those of Lava.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.arithmetic import (
    accumulated,
    after_reset,
    next_current,
    next_potential,
    shifted,
    spikes,
)
from eqspike.chips.loihi.learning import Traces, block_of, changed_weights
from eqspike.chips.loihi.rule_text import LoihiRule
from eqspike.core.learner import Images, Keys, Labels
from eqspike.core.random_stream import stream_key, uniforms
from eqspike.systems import System

Vector = NDArray[Any]


@dataclass(frozen=True)
class Place:
    """Where random numbers are asked for.

    Attributes:
        synapses: name of the copy, such as `hidden-output` or `hidden-output back`; coupling: its index.
        what: `pre` or `post` traces, or `weights`.
        sample, step: of the presentation; total: steps since learning began, from 0.
    """

    synapses: str
    coupling: int
    what: str
    sample: int
    step: int
    total: int


Chance = Callable[[Place, tuple[int, ...]], NDArray[np.float64]]


@dataclass
class _Copy:
    """The plastic synapses of one direction."""

    coupling: int
    pre: str
    post: str
    exponent: int
    rule: LoihiRule
    weights: Vector
    traces: Traces


class LoihiLearning:
    """A network at rest that learns from the samples it is shown.

    Args:
        system: its phases and encoder; network: neurons, teacher and first weights; rules: of its couplings.
        mirrored: whether transposed copies learn by themselves, as in Lava; else both directions are one matrix.
    """

    def __init__(
        self, system: System, network: LoihiNetwork, rules: tuple[LoihiRule, ...], *, mirrored: bool
    ) -> None:
        self.system, self.network, self.mirrored = system, network, mirrored
        names = [system.network.input.name, *(layer.name for layer in network.layers)]
        self.copies: dict[str, _Copy] = {}
        for index, (coupling, rule) in enumerate(zip(network.couplings, rules, strict=True)):
            ends = names[index], names[index + 1]
            self._add(coupling.name, index, ends, coupling.mantissas, rule)
            if coupling.bidirectional and mirrored:
                turned = rule.transposed()
                self._add(f"{coupling.name} back", index, ends[::-1], coupling.mantissas.T, turned)
        zeros = {layer.name: np.zeros(layer.size, np.int64) for layer in network.layers}
        self.current, self.potential, self.arriving = (dict(zeros) for _ in range(3))
        self.fired = dict(zeros)
        self.gate, self.relayed = 0, zeros[names[-1]]
        self.spikes = dict.fromkeys(names, 0)
        self.total = 0

    def _add(
        self, name: str, coupling: int, ends: tuple[str, str], weights: Vector, rule: LoihiRule
    ) -> None:
        traces = Traces.silent(rule, *weights.shape)
        exponent = self.network.couplings[coupling].exponent
        self.copies[name] = _Copy(coupling, *ends, exponent, rule, weights.astype(np.int64), traces)

    def learn(
        self, images: Images, labels: Labels, signs: Vector, keys: Keys, chance: Chance
    ) -> None:
        """Present samples one after the other."""
        rule = self.system.rule
        steps = rule.free_steps + rule.nudged_steps
        targets = self.network.nudge.targets(rule.nudged_steps)
        for sample, (image, label) in enumerate(zip(images, labels, strict=True)):
            sent = self.system.encoder.encode(image, steps, int(keys[sample])).astype(np.int64)
            for step in range(steps):
                nudged = step >= rule.free_steps
                self._advance()
                fired = {self.system.network.input.name: sent[step], **self.fired}
                for name, spiking in fired.items():
                    self.spikes[name] += int(spiking.sum())
                target = int(targets[step - rule.free_steps]) if nudged else 0
                self._send(fired, int(label), target * int(signs[sample]))
                self.gate = int(signs[sample]) if nudged else 0
                for name in self.copies:
                    self._learn(name, fired, sample, step, chance)
                self.total += 1

    def _advance(self) -> None:
        """Neurons and relays, from what arrives."""
        output = self.network.layers[-1].name
        self.relayed = self.fired[output] * self.gate
        for layer in self.network.layers:
            name, neuron = layer.name, layer.neuron
            self.current[name] = next_current(
                self.current[name], self.arriving[name], neuron.current_decay
            )
            bias = layer.bias_mantissas.astype(np.int64) << layer.bias_exponent
            full = next_potential(
                self.potential[name], self.current[name], bias, neuron.voltage_decay
            )
            spiking = spikes(full, neuron.threshold)
            self.potential[name] = after_reset(full, spiking)
            self.fired[name] = spiking.astype(np.int64)

    def _send(self, fired: dict[str, Vector], label: int, target: int) -> None:
        """What arrives in the next step, through the weights of now."""
        self.arriving = {name: np.zeros_like(values) for name, values in self.current.items()}
        for copy in self.copies.values():
            self.arriving[copy.post] += accumulated(copy.weights, fired[copy.pre], copy.exponent)
            if copy.coupling and not self.mirrored:
                back = accumulated(copy.weights.T, fired[copy.post], copy.exponent)
                self.arriving[copy.pre] += back
        nudge, output = self.network.nudge, self.network.layers[-1].name
        taught = np.zeros_like(self.relayed)
        taught[label] = nudge.mantissa * target
        self.arriving[output] += shifted(taught, nudge.exponent)
        self.arriving[output] += shifted(-nudge.mantissa * self.relayed, nudge.exponent)

    def _learn(
        self, name: str, fired: dict[str, Vector], sample: int, step: int, chance: Chance
    ) -> None:
        copy = self.copies[name]
        pre, post = fired[copy.pre] > 0, fired[copy.post] > 0

        def draw(what: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
            return chance(Place(name, copy.coupling, what, sample, step, self.total), shape)

        traces = copy.traces
        traces.advance(
            copy.rule, pre, post, draw("pre", traces.pre.shape), draw("post", traces.post.shape)
        )
        gate = copy.rule.gate.value(block_of(self.total, copy.rule))
        copy.weights = changed_weights(
            copy.rule, copy.weights, gate, pre, post, traces, draw("weights", copy.weights.shape)
        )


def chance_of_engine(system: System, write_key: int, trace_stream: int) -> Chance:
    """The random numbers of the compiled engine: a stream for each sample, coupling and side."""

    def chance(place: Place, shape: tuple[int, ...]) -> NDArray[np.float64]:
        size = int(np.prod(shape))
        row = place.step
        if place.what == "weights":
            key = stream_key(write_key, place.sample, place.coupling, 0)
            row -= system.rule.free_steps
            if row < 0:
                return np.zeros(shape)
        else:
            side = 0 if place.what == "pre" else 1
            key = stream_key(write_key + trace_stream, place.sample, place.coupling, side)
        positions = np.arange(row * size, (row + 1) * size, dtype=np.uint64)
        return uniforms(key, positions).reshape(shape)

    return chance


def chance_of_lava(seeds: dict[str, int], steps: int) -> Chance:
    """The random numbers of Lava 0.10: one for all traces of a side and one for all synapses of a step.

    Args:
        seeds: of the learning rule of each copy; steps: how many will be run.
    """
    rounding = np.random.default_rng(2).random(steps + 2)
    carries = {
        name: {
            what: np.random.default_rng(seed + distance).random(2 * steps + 4)
            for what, distance in (("pre", 0), ("post", 2))
        }
        for name, seed in seeds.items()
    }

    def chance(place: Place, shape: tuple[int, ...]) -> NDArray[np.float64]:
        if place.what == "weights":
            return np.full(shape, rounding[place.total + 1])
        return np.full(shape, carries[place.synapses][place.what][2 * (place.total + 1)])

    return chance
