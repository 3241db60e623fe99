"""A plain reference of a network in Loihi's integers: `chips.loihi.network` step by step, in NumPy.

Nothing here is shared with the compiled kernels except the encoders. The arithmetic is that of
`chips.loihi.arithmetic`, which is equal to Lava's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import (
    LoihiCoupling,
    LoihiLayer,
    LoihiNetwork,
    LoihiNeuron,
    LoihiNudge,
)
from eqspike.chips.loihi.arithmetic import (
    STATE_SHIFT,
    accumulated,
    after_reset,
    next_current,
    next_potential,
    shifted,
    spikes,
)
from eqspike.systems import System
from eqspike.testing.reference import Counts

Vector = NDArray[Any]


@dataclass
class LoihiPresentation:
    """What happened while one sample was presented.

    Attributes:
        raster, potentials, currents: spikes, v and u by layer name, each (steps, neurons).
        scores: (outputs,) spikes in the read-out window plus the remainder in the membrane.
        counts: number of events by (phase, place, kind); the teacher's and relays' are none of the network's.
    """

    raster: dict[str, Vector]
    potentials: dict[str, Vector]
    currents: dict[str, Vector]
    scores: Vector
    counts: Counts = field(default_factory=Counter)


def present_loihi(
    system: System,
    network: LoihiNetwork,
    image: Vector,
    label: int,
    sign: int,
    key: int,
    nudged: bool = True,
) -> LoihiPresentation:
    """Present one sample to a network in integers, with the phases and the encoder of `system`.

    Args:
        sign: of beta, 1 or -1; nudged: whether the nudged phase runs.
    """
    return _Reference(system, network, label, sign, nudged).run(image, key)


def random_network(system: System, seed: int, exponents: tuple[int, ...]) -> LoihiNetwork:
    """A lively network of a system's shape whose parameters are all different.

    Args:
        exponents: of the couplings, from the input; thresholds and biases follow them.
    """
    generator = np.random.default_rng(seed)
    couplings = tuple(
        LoihiCoupling(
            coupling.name,
            generator.integers(-256, 256, coupling.shape).astype(np.int32),
            exponent,
            coupling.bidirectional,
        )
        for coupling, exponent in zip(system.network.couplings, exponents, strict=True)
    )
    layers = []
    for index, (layer, exponent) in enumerate(
        zip(system.network.free_layers, exponents, strict=True)
    ):
        threshold = max(1, int(900 * 2.0**exponent))
        neuron = LoihiNeuron(700 + 300 * index, 150 + 50 * index, threshold)
        biases = generator.integers(-50, 51, layer.size).astype(np.int32)
        layers.append(LoihiLayer(layer.name, neuron, biases, max(0, exponent + 4 - index)))
    nudge = LoihiNudge(180, exponents[-1], system.rule.target_rate, system.rule.random_sign)
    return LoihiNetwork(system.network.input.size, tuple(layers), couplings, nudge, 1000.0)


class _Reference:
    def __init__(
        self, system: System, network: LoihiNetwork, label: int, sign: int, nudged: bool
    ) -> None:
        self.system, self.network, self.label, self.sign = system, network, label, sign
        rule = system.rule
        self.free_steps, self.steps = rule.free_steps, rule.free_steps
        self.steps += rule.nudged_steps if nudged else 0
        self.targets = network.nudge.targets(rule.nudged_steps)
        self.current = {layer.name: np.zeros(layer.size, np.int64) for layer in network.layers}
        self.potential = {layer.name: np.zeros(layer.size, np.int64) for layer in network.layers}
        self.counts: Counts = Counter()

    def run(self, image: Vector, key: int) -> LoihiPresentation:
        rule, names = self.system.rule, [layer.name for layer in self.network.layers]
        sent = self.system.encoder.encode(image, rule.free_steps + rule.nudged_steps, key)
        fired = [{name: np.zeros_like(self.current[name]) for name in names}]
        relayed = [np.zeros_like(self.current[names[-1]])]
        history: dict[str, dict[str, list[Vector]]] = {
            kind: {name: [] for name in names} for kind in ("raster", "potentials", "currents")
        }
        scores = np.zeros(len(relayed[0]))
        for step in range(self.steps):
            before = sent[step - 1] if step else np.zeros_like(sent[0])
            arriving = self._delivered(before, fired[-1])
            arriving[names[-1]] += self._taught(step - 1, relayed[-1])
            gated = step - 1 >= self.free_steps
            relayed.append(fired[-1][names[-1]] * gated)
            fired.append(self._advanced(arriving))
            for name in names:
                history["raster"][name].append(fired[-1][name])
                history["potentials"][name].append(self.potential[name])
                history["currents"][name].append(self.current[name])
            if rule.free_steps - rule.readout_steps <= step < rule.free_steps:
                scores += fired[-1][names[-1]]
            if step == rule.free_steps - 1:
                full = self.network.layers[-1].neuron.threshold << STATE_SHIFT
                scores += np.clip(self.potential[names[-1]] / full, 0, 1)
            self._count("nudged" if step >= self.free_steps else "free", sent[step], fired[-1])
        raster, potentials, currents = (
            {name: np.array(rows) for name, rows in of_layers.items()}
            for of_layers in history.values()
        )
        return LoihiPresentation(raster, potentials, currents, scores, self.counts)

    def _delivered(self, sent: Vector, fired: dict[str, Vector]) -> dict[str, Vector]:
        """Synaptic input caused by the spikes of the step before."""
        arriving = {name: np.zeros_like(values) for name, values in self.current.items()}
        below = ["input", *arriving]
        activity = {"input": sent.astype(np.int64), **fired}
        for coupling, pre, post in zip(self.network.couplings, below, arriving, strict=False):
            mantissas, exponent = coupling.mantissas, coupling.exponent
            arriving[post] += accumulated(mantissas, activity[pre], exponent)
            if coupling.bidirectional:
                arriving[pre] += accumulated(mantissas.T, activity[post], exponent)
        return arriving

    def _taught(self, sent_step: int, relayed: Vector) -> Vector:
        """Input of the outputs from the teacher's spikes sent in a step and the relays that fired in it."""
        nudge, target = self.network.nudge, np.zeros_like(relayed)
        if sent_step >= self.free_steps:
            target[self.label] = self.targets[sent_step - self.free_steps]
        weight = self.sign * nudge.mantissa
        return shifted(weight * target, nudge.exponent) + shifted(-weight * relayed, nudge.exponent)

    def _advanced(self, arriving: dict[str, Vector]) -> dict[str, Vector]:
        fired = {}
        for layer in self.network.layers:
            name, neuron = layer.name, layer.neuron
            self.current[name] = next_current(
                self.current[name], arriving[name], neuron.current_decay
            )
            bias = layer.bias_mantissas.astype(np.int64) << layer.bias_exponent
            full = next_potential(
                self.potential[name], self.current[name], bias, neuron.voltage_decay
            )
            spiking = spikes(full, neuron.threshold)
            self.potential[name] = after_reset(full, spiking)
            fired[name] = spiking.astype(np.int64)
        return fired

    def _count(self, phase: str, sent: Vector, fired: dict[str, Vector]) -> None:
        """Count the step's spikes and what they will be delivered to."""
        activity = {"input": sent, **fired}
        for coupling in self.system.network.couplings:
            mantissas = next(c for c in self.network.couplings if c.name == coupling.name).mantissas
            ways = ((coupling.pre.name, mantissas), (coupling.post.name, mantissas.T))
            for direction, (name, rows) in zip(coupling.directions, ways, strict=False):
                for neuron in np.flatnonzero(activity[name]):
                    self.counts[phase, direction, "synaptic_operations"] += len(rows[neuron])
                    reached = int(np.count_nonzero(rows[neuron]))
                    self.counts[phase, direction, "effective_synaptic_operations"] += reached
        for name, spiking in activity.items():
            self.counts[phase, name, "spikes"] += int(spiking.sum())
            if name != "input":
                self.counts[phase, name, "neuron_updates"] += len(spiking)
