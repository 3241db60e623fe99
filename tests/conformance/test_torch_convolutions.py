"""Convolutions of the torch engine against a plain float64 simulation, place by place, in NumPy.

Nothing is shared with the engine but the order of names. Initial states are zero, so no two places of a window tie
but where all are zero; there, both take the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from eqspike.core.activations import ACTIVATIONS
from eqspike.core.convolution import Convolution, Pooling
from eqspike.core.learner import Arrays
from eqspike.core.network import Network, layered
from eqspike.core.neurons import RateNeuron
from eqspike.core.rates import Dynamics, Feedback
from eqspike.engines.torch import TorchSession
from eqspike.memory import Binary, Fixed, Ideal, Scale
from eqspike.rules import Equilibrium, Nudging
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights

Array = np.ndarray
SAMPLES, CLASSES, IMAGE = 4, 3, (2, 8, 9)
IMAGES = np.random.default_rng(5).integers(0, 256, (SAMPLES, 144)).astype(np.uint8)
LABELS = np.arange(SAMPLES) % CLASSES
KEYS = np.arange(SAMPLES, dtype=np.uint64)


def network(kind: str, padding: int) -> Network:
    """Two convolutions, the first of which leaves out a column, and a dense read-out."""
    pooling = Pooling() if kind == "none" else Pooling(kind, 2)
    first, second = Convolution(3, padding, pooling), Convolution(2, padding, pooling)
    lower = (3, *first.pooled(IMAGE))
    upper = (4, *second.pooled(lower))
    return layered((IMAGE, lower, upper, CLASSES), (first, second, None))


def make(
    kind: str = "max", padding: int = 0, *, updates: str = "synchronous", nudge: str = "inside",
    sign: str = "positive", activation: str = "hard-sigmoid", precision: str = "float64",
) -> RateSystem:  # fmt: skip
    return RateSystem(
        network(kind, padding),
        RateNeuron(ACTIVATIONS[activation]),
        Dynamics(updates, nudge),
        Feedback(),
        Equilibrium(Nudging(7, 4, 0.4, sign)),
        Ideal(),
        precision,
        (0.3, 0.2, 0.1),
        (1.5, 1.5, 1.0),
    )


@dataclass
class Plain:
    """One sample at a time, one place at a time."""

    system: RateSystem
    weights: Arrays
    states: list[list[Array]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layers = self.system.network.layers
        self.rho = self.system.neuron.activation.rate
        for image in IMAGES:
            free = [np.zeros(layer.maps or layer.size) for layer in self.layers[1:]]
            self.states.append([(image / 255).reshape(IMAGE), *free])

    def weight(self, upper: int) -> Array:
        return self.weights[f"{self.layers[upper - 1].name}-{self.layers[upper].name}"]

    def patches(self, upper: int, pre: Array) -> tuple[Array, list[tuple[int, int]]]:
        """What the kernel sees of `pre` at each place that fills a window, and the places: (places, taps)."""
        how = self.system.network.couplings[upper - 1].convolution
        wide = np.pad(pre, ((0, 0), *((how.padding, how.padding),) * 2))
        rows, columns = (side * how.pooling.size for side in self.layers[upper].maps[1:])
        places = [(r, c) for r in range(rows) for c in range(columns)]
        k = how.kernel
        return np.array([wide[:, r : r + k, c : c + k].ravel() for r, c in places]), places

    def shares(self, upper: int, pre: Array) -> tuple[Array, Array]:
        """Drive by place before pooling, and its share in each window: (places, channels, windows)."""
        how, maps = self.system.network.couplings[upper - 1].convolution, self.layers[upper].maps
        seen, places = self.patches(upper, pre)
        drive = seen @ self.weight(upper).reshape(seen.shape[1], -1)
        size, window_columns = how.pooling.size, maps[2]
        share = np.zeros((len(places), maps[0], maps[1] * maps[2]))
        for window in range(maps[1] * maps[2]):
            top, left = window // window_columns * size, window % window_columns * size
            inside = [
                index
                for index, (row, column) in enumerate(places)
                if top <= row < top + size and left <= column < left + size
            ]
            for channel in range(maps[0]):
                if how.pooling.kind == "max":
                    share[inside[int(drive[inside, channel].argmax())], channel, window] = 1
                else:
                    share[inside, channel, window] = 1 / size**2
        return drive, share

    def up(self, upper: int, pre: Array) -> Array:
        if not self.layers[upper].maps:
            return pre.ravel() @ self.weight(upper)
        drive, share = self.shares(upper, pre)
        return np.einsum("pc,pcw->cw", drive, share).reshape(self.layers[upper].maps)

    def down(self, upper: int, pre: Array, post: Array) -> Array:
        if post.ndim != 3:
            return (self.weight(upper) @ post).reshape(pre.shape)
        how = self.system.network.couplings[upper - 1].convolution
        sent = np.einsum("pcw,cw->pc", self.shares(upper, pre)[1], post.reshape(len(post), -1))
        kernel = self.weight(upper)
        margin, k = how.padding, how.kernel
        wide = np.pad(np.zeros_like(pre), ((0, 0), (margin, margin), (margin, margin)))
        for (row, column), rates in zip(self.patches(upper, pre)[1], sent, strict=True):
            wide[:, row : row + k, column : column + k] += kernel @ rates
        return wide[:, margin : margin + pre.shape[1], margin : margin + pre.shape[2]]

    def products(self, upper: int, pre: Array, post: Array) -> Array:
        if post.ndim != 3:
            return np.outer(pre, post)
        sent = np.einsum("pcw,cw->pc", self.shares(upper, pre)[1], post.reshape(len(post), -1))
        return (self.patches(upper, pre)[0].T @ sent).reshape(self.weight(upper).shape)

    def updated(self, states: list[Array], layer: int, pull: Array | None) -> Array:
        bias = self.weights[f"{self.layers[layer].name}.bias"]
        drive = self.up(layer, states[layer - 1])
        drive = drive + (bias[:, None, None] if drive.ndim == 3 else bias)
        if layer + 1 < len(states):
            return self.rho(drive + self.down(layer + 1, states[layer], states[layer + 1]))
        if pull is None:
            return self.rho(drive)
        if self.system.dynamics.nudge == "inside":
            return self.rho(drive + pull)
        return self.rho(drive) + pull

    def relaxed(self, states: list[Array], steps: int, target: Array, beta: float) -> list[Array]:
        free = list(range(1, len(states)))
        together = self.system.dynamics.updates == "synchronous"
        for _ in range(steps):
            for group in [free] if together else [free[0::2], free[1::2]]:
                pull = beta * (target - states[-1]) if beta else None
                new = {layer: self.updated(states, layer, pull) for layer in group}
                states = [new.get(layer, state) for layer, state in enumerate(states)]
        return states

    def changes(self) -> Arrays:
        """Mean change with rates of 1."""
        nudging, total = self.system.rule.nudging, {n: 0 * a for n, a in self.weights.items()}
        for start, label in zip(self.states, LABELS, strict=True):
            target = np.eye(CLASSES)[label]
            free = self.relaxed(start, nudging.free_steps, target, 0.0)
            after = self.relaxed(free, nudging.nudged_steps, target, nudging.beta)
            before, span = free, nudging.beta
            if nudging.centered:
                before = self.relaxed(free, nudging.nudged_steps, target, -nudging.beta)
                span = 2 * nudging.beta
            for upper in range(1, len(self.layers)):
                name = f"{self.layers[upper - 1].name}-{self.layers[upper].name}"
                for states, sign in ((after, 1), (before, -1)):
                    pre, post = states[upper - 1], states[upper]
                    scale = sign / (span * SAMPLES)
                    total[name] = total[name] + scale * self.products(upper, pre, post)
                    by_bias = post.sum((1, 2)) if post.ndim == 3 else post
                    bias = f"{self.layers[upper].name}.bias"
                    total[bias] = total[bias] + scale * by_bias
        return total

    def fit(self) -> None:
        rates = dict(zip(range(1, len(self.layers)), self.system.learning_rates, strict=True))
        changes = self.changes()
        for upper, rate in rates.items():
            names = (
                f"{self.layers[upper - 1].name}-{self.layers[upper].name}",
                f"{self.layers[upper].name}.bias",
            )
            for name in names:
                self.weights[name] = self.weights[name] + rate * changes[name]


def assert_equal(found: Arrays, wanted: Arrays, tolerance: float = 1e-12) -> None:
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize(
    "system",
    [
        make(),
        make(padding=1, sign="both"),
        make(updates="even-odd", sign="both", activation="sigmoid-4"),
        make("average", nudge="outside"),
        make("average", 1, updates="even-odd", activation="tanh"),
        make("none"),
    ],
    ids=lambda system: "-".join(
        (
            system.network.couplings[0].convolution.pooling.kind,
            system.rule.nudging.sign, system.dynamics.updates, system.dynamics.nudge,
        )
    ),
)  # fmt: skip
def test_learning_is_that_of_the_plain_simulation(system: RateSystem) -> None:
    plain = Plain(system, initial_rate_weights(system, 3))
    with TorchSession(system, 3) as session:
        for key in range(2):
            session.fit(IMAGES, LABELS, KEYS, 1.0, key)
            plain.fit()
        assert_equal(session.weights(), plain.weights)


@pytest.mark.parametrize("updates", ["synchronous", "even-odd"])
@pytest.mark.parametrize("kind", ["max", "average"])
def test_states_are_those_of_the_plain_simulation(kind: str, updates: str) -> None:
    system = make(kind, updates=updates)
    plain = Plain(system, initial_rate_weights(system, 1))
    with TorchSession(system, 1) as session:
        found = session.trajectory(IMAGES, LABELS, np.full(SAMPLES, 0.7))
        assert_equal(session.changes(IMAGES, LABELS, KEYS), plain.changes())
    for sample, (start, label) in enumerate(zip(plain.states, LABELS, strict=True)):
        target = np.eye(CLASSES)[label]
        states = plain.relaxed(start, system.rule.nudging.free_steps, target, 0.0)
        for step in range(5):
            for layer, state in zip(plain.layers[1:], states[1:], strict=True):
                np.testing.assert_allclose(
                    found[layer.name][step, sample], state.ravel(), atol=1e-13
                )
            states = plain.relaxed(states, 1, target, 0.7)


def test_single_precision_is_near() -> None:
    system = make(activation="sigmoid-4")
    found = {}
    for precision in ("float32", "float64"):
        with TorchSession(replace(system, precision=precision), 1) as session:
            found[precision] = session.rates(IMAGES)
    assert_equal(found["float32"], found["float64"], 1e-5)


def test_half_the_bits_are_near_and_weights_are_kept_whole() -> None:
    """States of bfloat16 have 8 bits; what is stored is float32 and moves by less than bfloat16 could show."""
    system = make(activation="sigmoid-4")
    found = {}
    for precision in ("bfloat16", "float64"):
        with TorchSession(replace(system, precision=precision), 1) as session:
            found[precision] = session.rates(IMAGES)
            before = session.weights()
            session.fit(IMAGES, LABELS, KEYS, 1e-3, 0)
            moved = {name: array - before[name] for name, array in session.weights().items()}
        if precision == "bfloat16":
            assert all(0 < np.abs(array).max() < 1e-3 for array in moved.values())
            assert all((np.float32(array) == array).all() for array in before.values())
    assert_equal(found["bfloat16"], found["float64"], 0.02)


@pytest.mark.parametrize("rate", [0.0, 0.01])
def test_binary_kernels_flip_and_have_a_scale_for_each_channel(rate: float) -> None:
    memory = Binary((0.5,) * 3, (0.002,) * 3, Scale("unit", (rate,) * 3))
    system = replace(make(), memory=memory)
    flips = [0, 0, 0]
    with TorchSession(system, 3) as session:
        for key in range(2):
            before, wanted = session.weights(), session.changes(IMAGES, LABELS, KEYS)
            session.fit(IMAGES, LABELS, KEYS, 1.0, key)
            after = session.weights()
            for index, coupling in enumerate(system.network.couplings):
                name = coupling.name
                asked = system.learning_rates[index] * wanted[name]
                kept = {key: before[f"{name}.{key}"] for key in memory.kept}
                written = memory.write(before[name], kept, asked, index, 0)
                np.testing.assert_allclose(after[name], written.stored, atol=1e-12)
                flips[index] += written.writes.applied
                channels = np.abs(after[name]).reshape(-1, coupling.shape[-1])
                np.testing.assert_allclose(channels, channels[:1].repeat(len(channels), 0))
                assert len(set(channels[0])) == coupling.shape[-1]
    assert flips[0] > 0
    assert flips[1] > 0


def test_a_fixed_memory_is_programmed_with_kernels() -> None:
    memory = Fixed(6, (0.5, 0.8, 0.9), "nearest")
    system = replace(make(), memory=memory)
    with TorchSession(system, 3) as session:
        before, wanted = session.weights(), session.changes(IMAGES, LABELS, KEYS)
        session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
        after = session.weights()
    for index, coupling in enumerate(system.network.couplings):
        asked = system.learning_rates[index] * wanted[coupling.name]
        stored = memory.write(before[coupling.name], {}, asked, index, 0).stored
        np.testing.assert_allclose(after[coupling.name], stored, atol=1e-12)
