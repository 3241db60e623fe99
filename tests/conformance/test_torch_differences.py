"""Nudged phases in difference form: the torch engine against a plain NumPy simulation that counts one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from eqspike.core.learner import Arrays
from eqspike.engines.torch import TorchSession
from eqspike.rules import AsymmetricEquilibrium
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights, nudge_strengths
from eqspike.testing import flattened, rate_samples, small_rate_system
from eqspike.testing.rate_systems import CLASSES

IMAGES, LABELS, KEYS = rate_samples()
FACTOR = 0.5
SYSTEMS = [
    small_rate_system(form="difference"),
    small_rate_system(form="difference", sign="both", updates="even-odd", hidden=(7, 6, 5)),
    small_rate_system(
        form="difference", nudge="outside", activation="hard-sigmoid", updates="even-odd"
    ),
    small_rate_system(form="difference", sign="random", activation="tanh", initial=0.3),
    small_rate_system(AsymmetricEquilibrium, sign="both"),
    small_rate_system(AsymmetricEquilibrium, angle=135.0, activation="hard-sigmoid"),
    small_rate_system(AsymmetricEquilibrium, updates="even-odd", activation="tanh", sign="random"),
]


def name_of(system: RateSystem) -> str:
    nudging, dynamics = system.rule.nudging, system.dynamics
    return f"{system.rule.kind}-{nudging.sign}-{dynamics.updates}-{system.neuron.activation.name}"


@dataclass
class Plain:
    """Differences of two states, one layer after the other; every delivery is counted by itself."""

    system: RateSystem
    weights: Arrays
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.layers = [layer.name for layer in self.system.network.layers]
        self.rho = self.system.neuron.activation.rate
        self.free_layers = range(1, len(self.layers))
        in_turn = self.system.dynamics.updates == "even-odd"
        self.groups = [self.free_layers[k::2] for k in (0, 1)] if in_turn else [self.free_layers]

    def up(self, lower: int) -> np.ndarray:
        """Weights from a layer to the one above, (lower, upper)."""
        return self.weights[f"{self.layers[lower]}-{self.layers[lower + 1]}"]

    def down(self, upper: int) -> np.ndarray:
        """Weights from a layer to the one below, (upper, lower)."""
        if self.system.feedback.separate:
            return self.weights[f"{self.layers[upper]}-{self.layers[upper - 1]}"]
        return self.up(upper - 1).T

    def drive(self, states: list, layer: int) -> np.ndarray:
        drive = states[layer - 1] @ self.up(layer - 1) + self.weights[f"{self.layers[layer]}.bias"]
        return (
            drive + states[layer + 1] @ self.down(layer + 1)
            if layer + 1 in self.free_layers
            else drive
        )

    def free(self) -> list:
        states = [IMAGES / 255] + [
            np.full((len(IMAGES), layer.size), self.system.neuron.initial)
            for layer in self.system.network.free_layers
        ]
        for _ in range(self.system.rule.nudging.free_steps):
            for group in self.groups:
                new = {k: self.rho(self.drive(states, k)) for k in group}
                states = [new.get(k, state) for k, state in enumerate(states)]
        return states

    def received(self, deltas: list, layer: int) -> np.ndarray:
        """What the transposed couplings carry to a layer."""
        drive = np.zeros_like(deltas[layer])
        for other in (layer - 1, layer + 1):
            if other not in self.free_layers:
                continue
            way = self.down(layer).T if other < layer else self.up(layer).T
            name = f"{self.layers[other]}->{self.layers[layer]}"
            self.counts[f"{name}.operations"] += len(IMAGES) * way.size
            for sample, sender in np.argwhere(deltas[other] != 0):
                drive[sample] += deltas[other][sample, sender] * way[sender]
                self.counts[f"{name}.effective"] += int((way[sender] != 0).sum())
        return drive

    def nudged(self, states: list, betas: np.ndarray) -> list:
        drives = [0, *(self.drive(states, k) for k in self.free_layers)]
        for k in self.free_layers[:-1]:
            for name, way in (
                (f"{self.layers[k]}->{self.layers[k + 1]}", self.up(k)),
                (f"{self.layers[k + 1]}->{self.layers[k]}", self.down(k + 1)),
            ):
                self.counts[f"{name}.operations"] += len(IMAGES) * way.size
                self.counts[f"{name}.effective"] += len(IMAGES) * int((way != 0).sum())
        ends = []
        inside = self.system.dynamics.nudge == "inside"
        for beta in betas:
            deltas = [np.zeros_like(state) for state in states]
            for _ in range(self.system.rule.nudging.nudged_steps):
                for group in self.groups:
                    new = {}
                    for k in group:
                        x = self.received(deltas, k)
                        nudge = 0
                        if k == self.free_layers[-1]:
                            targets = np.eye(CLASSES)[LABELS]
                            nudge = beta[:, None] * (targets - states[k] - deltas[k])
                        inner = nudge if inside else 0
                        new[k] = self.rho(drives[k] + x + inner) - self.rho(drives[k])
                        new[k] = new[k] + (0 if inside else nudge)
                    deltas = [new.get(k, delta) for k, delta in enumerate(deltas)]
            ends.append(deltas)
        return ends

    def fit(self) -> None:
        states, strengths = self.free(), nudge_strengths(self.system.rule, KEYS).T
        ends = self.nudged(states, strengths[1:])
        first, second = (*ends, [0 * state for state in states])[:2]
        width = strengths[1] - (strengths[2] if len(strengths) > 2 else 0)
        weight = FACTOR / (width * len(IMAGES))[:, None]
        changed = {}
        for index, rate in enumerate(self.system.learning_rates):
            pre, post = self.layers[index], self.layers[index + 1]
            delta = rate * weight * (first[index + 1] - second[index + 1])
            changed[f"{post}.bias"] = delta.sum(0)
            if self.system.feedback.separate:
                changed[f"{pre}-{post}"] = states[index].T @ delta
                back = rate * weight * (first[index] - second[index])
                changed[f"{post}-{pre}"] = states[index + 1].T @ back
                continue
            nudged, other = (
                [state + delta for state, delta in zip(states, deltas, strict=True)]
                for deltas in (first, second)
            )
            changed[f"{pre}-{post}"] = nudged[index].T @ (rate * weight * nudged[index + 1])
            changed[f"{pre}-{post}"] -= other[index].T @ (rate * weight * other[index + 1])
        for name in self.weights:
            self.weights[name] = self.weights[name] + changed[name]


def started(system: RateSystem) -> Arrays:
    """Weights, some of which are zero."""
    weights = initial_rate_weights(system, 3)
    for number, name in enumerate(sorted(weights)):
        if not name.endswith(".bias"):
            weights[name].ravel()[number :: 5 + number] = 0.0
    return weights


@pytest.mark.parametrize("system", SYSTEMS, ids=name_of)
def test_learning_and_counts_are_those_of_the_plain_simulation(system: RateSystem) -> None:
    plain = Plain(system, started(system))
    with TorchSession(system) as session:
        session.load(plain.weights)
        for key in range(3):
            session.fit(IMAGES, LABELS, KEYS, FACTOR, key)
            plain.fit()
        for name, array in session.weights().items():
            np.testing.assert_allclose(array, plain.weights[name], rtol=0, atol=1e-12, err_msg=name)
        found = flattened(session.take_counts())
    directions = [d for c in system.network.couplings[1:] for d in c.directions]
    for direction in directions:
        operations, effective = (
            found["nudged", direction, f"{kind}synaptic_operations"] for kind in ("", "effective_")
        )
        assert operations == plain.counts[f"{direction}.operations"]
        assert effective == plain.counts[f"{direction}.effective"]
        assert 0 < effective < operations
    assert found["nudged", "input->hidden1", "synaptic_operations"] == 0


@pytest.mark.parametrize("sign", ["positive", "both"])
def test_wanted_changes_are_what_is_written(sign: str) -> None:
    system = small_rate_system(AsymmetricEquilibrium, sign=sign)
    system = replace(system, learning_rates=(1.0,) * 3)
    with TorchSession(system, 3) as session:
        before, wanted = session.weights(), session.changes(IMAGES, LABELS, KEYS)
        session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
        for name, array in session.weights().items():
            np.testing.assert_allclose(array - before[name], wanted[name], atol=1e-12, err_msg=name)
            assert abs(wanted[name]).max() > 1e-4
