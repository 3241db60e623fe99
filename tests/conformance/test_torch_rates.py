"""The torch engine against a plain NumPy simulation that moves every weight at every step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from eqspike.core.activations import ACTIVATIONS
from eqspike.core.learner import Arrays
from eqspike.core.network import layered
from eqspike.core.neurons import RateNeuron
from eqspike.core.phases import nudge_signs
from eqspike.core.rates import Dynamics, Feedback
from eqspike.engines.torch import TorchSession
from eqspike.memory import Fixed, Ideal
from eqspike.rules import ContinualEquilibrium, ContinualVectorField, Equilibrium, Nudging
from eqspike.rules.registry import RateRule
from eqspike.systems import RateSystem
from eqspike.systems.weights import check_arrays, initial_rate_weights, rate_shapes

SAMPLES, PIXELS, CLASSES = 6, 12, 4
IMAGES = np.random.default_rng(5).integers(0, 256, (SAMPLES, PIXELS)).astype(np.uint8)
IMAGES[:, 3] = 0
LABELS = np.arange(SAMPLES) % CLASSES
KEYS = np.arange(SAMPLES, dtype=np.uint64)
FACTOR = 0.5


def make(
    rule: type[RateRule] = Equilibrium, *, sign: str = "positive", updates: str = "synchronous",
    nudge: str = "inside", activation: str = "sigmoid-4", angle: float = 0.0, hidden: tuple[int, ...] = (7, 5),
) -> RateSystem:  # fmt: skip
    network = layered((PIXELS, *hidden, CLASSES))
    separate = rule is ContinualVectorField
    rates = tuple(0.3 / (1 + index) for index in range(len(network.couplings)))
    return RateSystem(
        network,
        RateNeuron(ACTIVATIONS[activation]),
        Dynamics(updates, nudge),
        Feedback("separate", angle) if separate else Feedback(),
        rule(Nudging(9, 5, 0.4, sign)),
        Ideal(),
        "float64",
        rates,
        (1.0,) * len(rates),
    )


@dataclass
class Plain:
    """States of one layer after the other, weights by name, everything written out."""

    system: RateSystem
    weights: Arrays

    def __post_init__(self) -> None:
        self.layers = [layer.name for layer in self.system.network.layers]
        self.rho = self.system.neuron.activation.rate
        self.x = IMAGES / 255

    def down(self, upper: int) -> np.ndarray:
        """Backward weights from layer `upper`, (upper, lower)."""
        pre, post = self.layers[upper - 1], self.layers[upper]
        if self.system.feedback.separate:
            return self.weights[f"{post}-{pre}"]
        return self.weights[f"{pre}-{post}"].T

    def updated(self, states: list, layer: int, beta: np.ndarray | None) -> np.ndarray:
        below, above = self.layers[layer - 1], layer + 1
        drive = states[layer - 1] @ self.weights[f"{below}-{self.layers[layer]}"]
        drive = drive + self.weights[f"{self.layers[layer]}.bias"]
        if above < len(states):
            return self.rho(drive + states[above] @ self.down(above))
        if beta is None:
            return self.rho(drive)
        pull = beta[:, None] * (np.eye(CLASSES)[LABELS] - states[layer])
        if self.system.dynamics.nudge == "inside":
            return self.rho(drive + pull)
        return self.rho(drive) + pull

    def step(self, states: list, beta: np.ndarray | None) -> list:
        layers = range(1, len(states))
        groups = [layers]
        if self.system.dynamics.updates == "even-odd":
            groups = [layers[0::2], layers[1::2]]
        for group in groups:
            new = {layer: self.updated(states, layer, beta) for layer in group}
            states = [new.get(layer, state) for layer, state in enumerate(states)]
        return states

    def relax(self, states: list, steps: int, beta: np.ndarray | None) -> list:
        for _ in range(steps):
            states = self.step(states, beta)
        return states

    def write(self, after: list, before: list, weight: np.ndarray, each_way: bool) -> None:
        for index, rate in enumerate(self.system.learning_rates):
            eta = rate * FACTOR
            pre, post = self.layers[index], self.layers[index + 1]
            scaled = weight[:, None] * (after[index + 1] - before[index + 1])
            self.weights[f"{post}.bias"] = self.weights[f"{post}.bias"] + eta * scaled.sum(0)
            if each_way:
                change = before[index].T @ scaled
                if index > 0:
                    back = before[index + 1].T @ (weight[:, None] * (after[index] - before[index]))
                    self.weights[f"{post}-{pre}"] = self.weights[f"{post}-{pre}"] + eta * back
            else:
                change = after[index].T @ (weight[:, None] * after[index + 1])
                change = change - before[index].T @ (weight[:, None] * before[index + 1])
            self.weights[f"{pre}-{post}"] = self.weights[f"{pre}-{post}"] + eta * change

    def fit(self, betas: np.ndarray) -> None:
        rule, nudging = self.system.rule, self.system.rule.nudging
        start = [
            self.x,
            *(np.zeros((SAMPLES, layer.size)) for layer in self.system.network.free_layers),
        ]
        free = self.relax(start, nudging.free_steps, None)
        weight = 1 / (betas * SAMPLES)
        if rule.continual:
            states = free
            for _ in range(nudging.nudged_steps):
                new = self.step(states, betas)
                self.write(new, states, weight, isinstance(rule, ContinualVectorField))
                states = new
        elif nudging.centered:
            forth, back = (self.relax(free, nudging.nudged_steps, s * betas) for s in (1, -1))
            self.write(forth, back, weight / 2, False)
        else:
            self.write(self.relax(free, nudging.nudged_steps, betas), free, weight, False)


def assert_equal(found: Arrays, wanted: Arrays) -> None:
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    "system",
    [
        make(),
        make(sign="both"),
        make(sign="both", updates="even-odd", activation="tanh"),
        make(nudge="outside", activation="hard-sigmoid"),
        make(updates="even-odd", nudge="outside", hidden=(7, 6, 5)),
        make(ContinualEquilibrium),
        make(ContinualEquilibrium, nudge="outside", hidden=(7,)),
        make(ContinualVectorField, angle=60.0),
        make(ContinualVectorField, activation="tanh", hidden=(7,), angle=120.0),
    ],
    ids=lambda system: "-".join(
        (system.rule.kind, system.rule.nudging.sign, system.dynamics.updates, system.dynamics.nudge)
    ),
)
def test_learning_is_that_of_the_plain_simulation(system: RateSystem) -> None:
    plain = Plain(system, initial_rate_weights(system, 3))
    with TorchSession(system, 3) as session:
        for key in range(3):
            session.fit(IMAGES, LABELS, KEYS, FACTOR, key)
            plain.fit(np.full(SAMPLES, system.rule.nudging.beta))
        assert_equal(session.weights(), plain.weights)


@pytest.mark.parametrize("rule", [Equilibrium, ContinualEquilibrium, ContinualVectorField])
def test_random_signs_belong_to_samples(rule: type[RateRule]) -> None:
    system = make(rule, sign="random")
    with TorchSession(system, 3) as session:
        session.fit(IMAGES, LABELS, KEYS, FACTOR, 0)
        found = session.weights()
    signs = nudge_signs("drawn", KEYS)
    assert 0 < (signs < 0).sum() < SAMPLES
    plain = Plain(system, initial_rate_weights(system, 3))
    plain.fit(signs * system.rule.nudging.beta)
    assert_equal(found, plain.weights)


@pytest.mark.parametrize("rule", [Equilibrium, ContinualEquilibrium, ContinualVectorField])
def test_wanted_changes_are_those_of_a_very_small_rate(rule: type[RateRule]) -> None:
    system = make(rule, sign="random", angle=40.0)
    small = replace(system, learning_rates=(1e-6,) * len(system.learning_rates))
    with TorchSession(small, 3) as session:
        before, wanted = session.weights(), session.changes(IMAGES, LABELS, KEYS)
        assert_equal(session.weights(), before)
        session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
        for name, array in session.weights().items():
            moved = (array - before[name]) / 1e-6
            np.testing.assert_allclose(moved, wanted[name], atol=2e-5, err_msg=name)


def test_a_fixed_memory_is_programmed_once_a_batch() -> None:
    memory = Fixed(6, (0.5, 0.8, 0.9), "nearest")
    system = replace(make(), memory=memory)
    with TorchSession(system, 3) as session:
        before, wanted = session.weights(), session.changes(IMAGES, LABELS, KEYS)
        session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
        after, counts = session.weights(), session.take_counts()
    check_arrays(after, rate_shapes(system))
    for index, coupling in enumerate(system.network.couplings):
        asked = system.learning_rates[index] * wanted[coupling.name]
        written = memory.write(before[coupling.name], {}, asked, index, 0)
        stored, writes = written.stored, written.writes
        np.testing.assert_allclose(after[coupling.name], stored, atol=1e-12)
        counted = counts.phases["update"].plasticity[coupling.name]
        assert (counted.candidate_writes, counted.applied_writes) == (
            writes.candidate,
            writes.applied,
        )


def test_rates_and_scores_are_the_end_of_the_free_phase() -> None:
    system = make()
    plain = Plain(system, initial_rate_weights(system, 0))
    start = [plain.x, *(np.zeros((SAMPLES, layer.size)) for layer in system.network.free_layers)]
    wanted = plain.relax(start, system.rule.nudging.free_steps, None)
    with TorchSession(system) as session:
        rates = session.rates(IMAGES)
        assert session.take_counts().samples == 0
        np.testing.assert_allclose(session.scores(IMAGES, KEYS), wanted[-1], atol=1e-12)
    for name, array in zip(rates, wanted[1:], strict=True):
        np.testing.assert_allclose(rates[name], array, atol=1e-12)
