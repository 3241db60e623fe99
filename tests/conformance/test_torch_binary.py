"""Binary neurons, replicated outputs and memories of binary weights in the torch engine, against plain NumPy."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from eqspike.core.activations import HARD_SIGMOID
from eqspike.core.errors import ConfigError
from eqspike.core.learner import Arrays
from eqspike.core.network import layered
from eqspike.core.neurons import AnyRateNeuron, BinaryNeuron, RateNeuron
from eqspike.core.rates import Dynamics, Feedback, Readout
from eqspike.engines.torch import TorchSession
from eqspike.engines.torch.writing import make_writer
from eqspike.memory import Binary, Ideal, Metaplastic, Scale, WeightMemory
from eqspike.nn.couplings import Dense
from eqspike.rules import ContinualEquilibrium, Equilibrium, Nudging, RateRule
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights, kept_beside

SAMPLES, PIXELS, CLASSES = 6, 12, 4
IMAGES = np.random.default_rng(5).integers(0, 256, (SAMPLES, PIXELS)).astype(np.uint8)
LABELS = np.arange(SAMPLES) % CLASSES
KEYS = np.arange(SAMPLES, dtype=np.uint64)

IDEAL, BITS = Ideal(), BinaryNeuron(0.4, 0.8)
STILL, LEARNT = Scale("coupling", (0.0, 0.0)), Scale("unit", (0.02, 0.01))
MEMORIES = {
    "binary": Binary((0.3, 0.2), (0.002, 0.001), STILL),
    "binary, learnt": Binary((1.0, 0.2), (0.0, 0.001), LEARNT),
    "metaplastic": Metaplastic((1.3, 0.0), STILL),
    "metaplastic, learnt": Metaplastic((1.3, 5.0), Scale("coupling", (0.02, 0.01))),
}


def make(
    memory: WeightMemory = IDEAL, neuron: AnyRateNeuron = BITS, *, replicas: int = 3,
    rule: type[RateRule] = Equilibrium, sign: str = "positive", updates: str = "synchronous",
) -> RateSystem:  # fmt: skip
    return RateSystem(
        layered((PIXELS, 30, CLASSES * replicas)),
        neuron,
        Dynamics(updates),
        Feedback(),
        rule(Nudging(9, 5, 0.9, sign)),
        memory,
        "float64",
        (0.3, 0.2),
        (3.0, 2.0),
        Readout(replicas),
        (0.05, 0.0),
    )


@dataclass
class Plain:
    """One sample of a network of binary neurons with one hidden layer, neuron by neuron."""

    system: RateSystem
    weights: Arrays
    image: np.ndarray

    def __post_init__(self) -> None:
        self.states = [
            np.full(n.size, self.system.neuron.initial) for n in self.system.network.free_layers
        ]

    def bits(self) -> list[np.ndarray]:
        return [self.image / 255, *(np.where(state >= 0.5, 1.0, 0.0) for state in self.states)]

    def step(self, beta: float, target: np.ndarray) -> None:
        names = [layer.name for layer in self.system.network.layers]
        halves = [(1, 2)] if self.system.dynamics.updates == "synchronous" else [(1,), (2,)]
        for half in halves:
            sent = self.bits()
            for layer in half:
                below = self.weights[f"{names[layer - 1]}-{names[layer]}"]
                for neuron, old in enumerate(self.states[layer - 1].copy()):
                    drive = (
                        sent[layer - 1] @ below[:, neuron]
                        + self.weights[f"{names[layer]}.bias"][neuron]
                    )
                    if layer == 1:
                        drive += self.weights["hidden-output"][neuron] @ sent[2]
                    else:
                        drive += beta * (target[neuron] - old)
                    g = self.system.neuron.filter
                    self.states[layer - 1][neuron] = np.clip((1 - g) * old + g * drive, 0, 1)

    def run(self, steps: int, beta: float, target: np.ndarray) -> list[np.ndarray]:
        for _ in range(steps):
            self.step(beta, target)
        return self.bits()


def contrast(system: RateSystem, weights: Arrays) -> tuple[Arrays, np.ndarray]:
    """Mean change the rule asks, sample by sample, and the scores."""
    nudging, total, scores = system.rule.nudging, {}, []
    for image, label in zip(IMAGES, LABELS, strict=True):
        target = np.repeat(np.eye(CLASSES)[label], system.readout.replicas)
        plain = Plain(system, weights, image)
        free = plain.run(nudging.free_steps, 0.0, target)
        scores.append(free[2].reshape(CLASSES, -1).mean(1))
        start = [state.copy() for state in plain.states]
        ends = []
        for beta in (nudging.beta, -nudging.beta):
            plain.states = [state.copy() for state in start]
            ends.append(plain.run(nudging.nudged_steps, beta, target))
        first, second, share = (ends[0], ends[1], 2.0) if nudging.centered else (ends[0], free, 1.0)
        factor = 1 / (share * nudging.beta * SAMPLES)
        for pre, post, name in ((0, 1, "hidden"), (1, 2, "output")):
            pair = ("input-hidden", "hidden-output")[pre]
            change = np.outer(first[pre], first[post]) - np.outer(second[pre], second[post])
            total[pair] = total.get(pair, 0) + factor * change
            total[f"{name}.bias"] = total.get(f"{name}.bias", 0) + factor * (
                first[post] - second[post]
            )
    return total, np.array(scores)


@pytest.mark.parametrize(
    "system",
    [
        make(),
        make(sign="both"),
        make(updates="even-odd", replicas=1),
        make(neuron=BinaryNeuron(1.0, 0.0)),
    ],
    ids=["plain", "both", "even-odd", "unfiltered"],
)
def test_binary_neurons_are_those_of_the_plain_simulation(system: RateSystem) -> None:
    with TorchSession(system, 3) as session:
        wanted, scores = contrast(system, session.weights())
        found = session.changes(IMAGES, LABELS, KEYS)
        np.testing.assert_allclose(session.scores(IMAGES, KEYS), scores, atol=1e-15)
        bits = session.rates(IMAGES)["hidden"]
    assert set(np.unique(bits)) == {0.0, 1.0}
    assert 0.05 < bits.mean() < 0.95
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, atol=1e-12, err_msg=name)
    assert np.abs(wanted["hidden-output"]).max() > 0


def test_continual_changes_of_bits_add_up_to_those_of_the_ends() -> None:
    """While weights move too little to turn a bit."""
    system = replace(
        make(rule=ContinualEquilibrium), learning_rates=(1e-6, 1e-6), bias_rates=(1e-6, 1e-6)
    )
    with TorchSession(system, 3) as session:
        before, wanted = session.weights(), session.changes(IMAGES, LABELS, KEYS)
        session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
        for name, array in session.weights().items():
            np.testing.assert_allclose(array - before[name], 1e-6 * wanted[name], atol=1e-15)
    assert np.abs(wanted["hidden-output"]).max() > 0


@pytest.mark.parametrize("name", MEMORIES)
@pytest.mark.parametrize(
    "neuron", [BinaryNeuron(), RateNeuron(HARD_SIGMOID)], ids=["bits", "rates"]
)
def test_learning_writes_what_the_memory_says(name: str, neuron: AnyRateNeuron) -> None:
    """Three batches, each against the NumPy definition given the change that the rule asked for."""
    system = make(MEMORIES[name], neuron)
    memory, flips = MEMORIES[name], 0
    with TorchSession(system, 3) as session:
        for batch in range(3):
            before, wanted = session.weights(), session.changes(IMAGES, LABELS, KEYS)
            session.fit(IMAGES, LABELS, KEYS, 0.5, batch)
            after, counts = session.weights(), session.take_counts()
            for index, pair in enumerate(("input-hidden", "hidden-output")):
                kept = {key: before[f"{pair}.{key}"] for key in memory.kept}
                asked = 0.5 * system.learning_rates[index] * wanted[pair]
                done = memory.write(before[pair], kept, asked, index, 0)
                np.testing.assert_allclose(after[pair], done.stored, atol=1e-13)
                for key in memory.kept:
                    np.testing.assert_allclose(after[f"{pair}.{key}"], done.kept[key], atol=1e-13)
                counted = counts.phases["update"].plasticity[pair]
                assert counted.applied_writes == done.writes.applied
                flips += done.writes.applied
            moved = before["hidden.bias"] + 0.5 * 0.05 * wanted["hidden.bias"]
            np.testing.assert_allclose(after["hidden.bias"], moved, atol=1e-13)
            assert np.array_equal(after["output.bias"], before["output.bias"])
    assert flips > 0


@pytest.mark.parametrize("name", MEMORIES)
@pytest.mark.parametrize("shape", [(5, 7), (5, 3, 2, 7)], ids=["dense", "kernels"])
def test_writing_in_place_is_the_definition(name: str, shape: tuple[int, ...]) -> None:
    """The same changes, of which some are 0, for any shape with the postsynaptic axis last."""
    memory, generator = MEMORIES[name], np.random.default_rng(1)
    weights = [generator.normal(size=shape) / 10 for _ in range(2)]
    stored = [memory.store(array, index) for index, array in enumerate(weights)]
    kept = [memory.start(array) for array in weights]
    first = [torch.from_numpy(np.ascontiguousarray(np.moveaxis(array, -1, 0))) for array in stored]
    couplings = [Dense(tensor) if len(shape) == 2 else _Kernels(tensor) for tensor in first]
    writer = make_writer(memory, couplings)
    for held, start in zip(writer.kept, kept, strict=True):
        for key, tensor in held.items():
            tensor.copy_(torch.from_numpy(np.moveaxis(start[key], -1, 0)))
    for _ in range(6):
        changes = [
            generator.normal(size=shape) * (generator.random(shape) < 0.7) / 20 for _ in range(2)
        ]

        def add(arrays: list[torch.Tensor], changes: list[np.ndarray] = changes) -> None:
            for array, change in zip(arrays, changes, strict=True):
                array.add_(torch.from_numpy(np.moveaxis(change, -1, 0)))

        found = writer.write(couplings, add, 0)
        for index in range(2):
            done = memory.write(stored[index], kept[index], changes[index], index, 0)
            stored[index], kept[index] = done.stored, done.kept
            assert found[index] == done.writes
            weight = np.moveaxis(couplings[index].weight.numpy(), 0, -1)
            assert np.array_equal(weight > 0, done.stored > 0)
            np.testing.assert_allclose(weight, done.stored, rtol=1e-12)
            for key, array in done.kept.items():
                tensor = np.moveaxis(writer.kept[index][key].numpy(), 0, -1)
                np.testing.assert_allclose(tensor, array, rtol=1e-12, atol=1e-15)
    assert sum(array["writes"].sum() for array in kept) > 0


@dataclass
class _Kernels:
    """A coupling of which only the stored weights are used."""

    weight: torch.Tensor


class TestWhatIsKept:
    def test_it_is_part_of_the_weights_and_comes_back(self) -> None:
        system = make(MEMORIES["metaplastic, learnt"])
        with TorchSession(system, 3) as session:
            session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
            middle = session.weights()
            session.fit(IMAGES, LABELS, KEYS, 1.0, 1)
            end = session.weights()
        assert set(middle) == set(initial_rate_weights(system, 0)) | set(
            kept_beside(system, middle)
        )
        with TorchSession(system, 4) as session:
            session.load(middle)
            session.fit(IMAGES, LABELS, KEYS, 1.0, 1)
            again = session.weights()
        for name, array in end.items():
            np.testing.assert_array_equal(again[name], array, err_msg=name)

    def test_it_starts_anew_where_it_is_not_given(self) -> None:
        system = make(MEMORIES["binary"])
        with TorchSession(system, 3) as session:
            session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
            weights = session.weights()
            session.load({name: weights[name] for name in initial_rate_weights(system, 0)})
            anew = session.weights()
        assert not anew["input-hidden.inertia"].any()
        np.testing.assert_array_equal(anew["input-hidden"], weights["input-hidden"])

    def test_wrong_shapes_are_refused(self) -> None:
        with TorchSession(make(MEMORIES["binary"])) as session:
            weights = session.weights()
            weights["input-hidden.inertia"] = np.zeros(3)
            with pytest.raises(ConfigError, match=r"'input-hidden\.inertia' must have shape"):
                session.load(weights)


@pytest.mark.parametrize("rates", [(0.3, 0.2), (0.05, 0.4), (0.0, 0.0)])
def test_biases_follow_their_own_rates_at_every_step(rates: tuple[float, float]) -> None:
    """Of continual rules: with weights held, C-EP's biases move by their rate times the states' change."""
    neuron = RateNeuron(HARD_SIGMOID)
    system = replace(
        make(neuron=neuron, rule=ContinualEquilibrium, replicas=1),
        learning_rates=(0.0, 0.0),
        bias_rates=rates,
    )
    same = replace(system, learning_rates=(0.3, 0.2), bias_rates=None)
    twice = replace(same, bias_rates=(0.3, 0.2))
    with TorchSession(system, 3) as session:
        before = session.weights()
        betas = np.full(SAMPLES, 0.9)
        states = session.trajectory(IMAGES, LABELS, betas, 1.0)
        session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
        after = session.weights()
    for rate, layer in zip(rates, ("hidden", "output"), strict=True):
        moved = (states[layer][-1] - states[layer][0]).mean(0) / 0.9
        np.testing.assert_allclose(
            after[f"{layer}.bias"], before[f"{layer}.bias"] + rate * moved, atol=1e-12
        )
    ends = []
    for of in (same, twice):
        with TorchSession(of, 3) as session:
            session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
            ends.append(session.weights())
    assert all(np.array_equal(ends[0][name], ends[1][name]) for name in ends[0])
