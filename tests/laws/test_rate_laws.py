"""Rate-based networks, any weights: bounded, sample by sample, taught by differences, which telescope."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqspike.core.activations import ACTIVATIONS
from eqspike.core.network import layered
from eqspike.core.neurons import RateNeuron
from eqspike.core.rates import Dynamics, Feedback
from eqspike.engines.torch import TorchSession
from eqspike.memory import Ideal
from eqspike.rules import ContinualEquilibrium, ContinualVectorField, Equilibrium, Nudging
from eqspike.systems import RateSystem

SAMPLES = 4
SYSTEM = RateSystem(
    layered((6, 5, 3)), RateNeuron(ACTIVATIONS["hard-sigmoid"]), Dynamics(), Feedback(),
    Equilibrium(Nudging(6, 4, 0.5)), Ideal(), "float64", (0.1, 0.1), (1.0, 1.0),
)  # fmt: skip
KEYS = np.arange(SAMPLES, dtype=np.uint64)

activations = st.sampled_from(sorted(ACTIVATIONS))
updates = st.sampled_from(["synchronous", "even-odd"])
seeds = st.integers(0, 1000)


def batch(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (SAMPLES, 6)).astype(np.uint8)
    return images, generator.integers(0, 3, SAMPLES)


def made(activation: str, order: str, gain: float, **changes: object) -> RateSystem:
    return replace(
        SYSTEM, neuron=RateNeuron(ACTIVATIONS[activation]), dynamics=Dynamics(order),
        initial_gain=(gain, gain), **changes,
    )  # fmt: skip


@settings(max_examples=25)
@given(activations, updates, st.floats(0, 20), seeds)
def test_rates_stay_in_the_range_of_the_activation(
    activation: str, order: str, gain: float, seed: int
) -> None:
    images, labels = batch(seed)
    with TorchSession(made(activation, order, gain), seed) as session:
        seen = session.trajectory(images, labels, np.full(SAMPLES, -0.7))
    low = -1 if activation == "tanh" else 0
    assert all((low <= array).all() and (array <= 1).all() for array in seen.values())


@settings(max_examples=25)
@given(activations, updates, st.floats(0, 5), seeds)
def test_a_sample_does_not_see_the_others_of_its_batch(
    activation: str, order: str, gain: float, seed: int
) -> None:
    images, _ = batch(seed)
    with TorchSession(made(activation, order, gain), seed) as session:
        together = session.scores(images, KEYS)
        alone = [session.scores(images[i : i + 1], KEYS[i : i + 1])[0] for i in range(SAMPLES)]
    np.testing.assert_allclose(together, alone, atol=1e-9)


@settings(max_examples=25)
@given(activations, st.floats(0, 3), seeds)
def test_changes_of_a_batch_are_the_mean_of_its_samples(
    activation: str, gain: float, seed: int
) -> None:
    images, labels = batch(seed)
    with TorchSession(made(activation, "synchronous", gain), seed) as session:
        together = session.changes(images, labels, KEYS)
        parts = [
            session.changes(images[i : i + 1], labels[i : i + 1], KEYS[i : i + 1])
            for i in range(SAMPLES)
        ]
    for name, array in together.items():
        np.testing.assert_allclose(array, np.mean([p[name] for p in parts], 0), atol=1e-9)


@settings(max_examples=25)
@given(activations, st.floats(0, 3), seeds, st.sampled_from(["positive", "random"]))
def test_without_a_learning_rate_nothing_is_written(
    activation: str, gain: float, seed: int, sign: str
) -> None:
    images, labels = batch(seed)
    for rule in (Equilibrium, ContinualEquilibrium):
        system = made(activation, "synchronous", gain, rule=rule(Nudging(6, 4, 0.5, sign)))
        with TorchSession(system, seed) as session:
            before = session.weights()
            session.fit(images, labels, KEYS, 0.0, 0)
            after = session.weights()
        assert all((array == after[name]).all() for name, array in before.items())


@settings(max_examples=25)
@given(activations, updates, st.floats(0, 5), seeds, st.permutations(range(SAMPLES)))
def test_the_order_of_samples_does_not_matter(
    activation: str, order: str, gain: float, seed: int, places: list[int]
) -> None:
    images, labels = batch(seed)
    with TorchSession(made(activation, order, gain), seed) as session:
        straight = session.changes(images, labels, KEYS)
        mixed = session.changes(images[places], labels[places], KEYS[places])
    for name, array in straight.items():
        np.testing.assert_allclose(mixed[name], array, atol=1e-9)


@settings(max_examples=25)
@given(activations, updates, st.floats(0, 5), seeds)
def test_a_nudge_of_nothing_is_the_free_phase(
    activation: str, order: str, gain: float, seed: int
) -> None:
    images, labels = batch(seed)
    system = made(activation, order, gain)
    with TorchSession(system, seed) as session:
        seen = session.trajectory(images, labels, np.zeros(SAMPLES))
    longer = replace(system, rule=Equilibrium(Nudging(6 + 4, 4, 0.5)))
    with TorchSession(longer, seed) as session:
        free = session.rates(images)
    for name, array in free.items():
        np.testing.assert_allclose(seen[name][-1], array, atol=1e-12)


@settings(max_examples=25)
@given(activations, st.floats(0, 0.2), seeds)
def test_at_rest_nothing_moves_without_a_nudge(activation: str, gain: float, seed: int) -> None:
    images, labels = batch(seed)
    rule = Equilibrium(Nudging(80, 4, 0.5))
    with TorchSession(made(activation, "synchronous", gain, rule=rule), seed) as session:
        seen = session.trajectory(images, labels, np.zeros(SAMPLES))
    for array in seen.values():
        np.testing.assert_allclose(array, np.broadcast_to(array[0], array.shape), atol=1e-9)


@settings(max_examples=25)
@given(activations, st.floats(0, 3), seeds, st.sampled_from(["positive", "random"]))
def test_continual_changes_telescope_to_equilibrium_propagation(
    activation: str, gain: float, seed: int, sign: str
) -> None:
    """As the learning rate vanishes, what C-EP writes step by step sums to what EP writes at once."""
    images, labels = batch(seed)
    tiny, written = 1e-6, {}
    for rule in (Equilibrium, ContinualEquilibrium):
        system = made(activation, "synchronous", gain, rule=rule(Nudging(6, 4, 0.5, sign)))
        with TorchSession(system, seed) as session:
            before = session.weights()
            session.fit(images, labels, KEYS, tiny, 0)
            written[rule] = {
                name: array - before[name] for name, array in session.weights().items()
            }
    for name, array in written[Equilibrium].items():
        np.testing.assert_allclose(
            written[ContinualEquilibrium][name] / tiny, array / tiny, atol=1e-5
        )


@settings(max_examples=25)
@given(activations, st.floats(0, 3), seeds)
def test_both_ways_of_the_vector_field_and_their_product_are_the_first_step_of_c_ep(
    activation: str, gain: float, seed: int
) -> None:
    """(a + da)(b + db) - a b = da b + a db + da db: C-EP left, C-VF's two ways and a product of changes right."""
    images, labels = batch(seed)
    first = Nudging(6, 1, 0.5)
    tied = made(activation, "synchronous", gain, rule=ContinualEquilibrium(first))
    apart = replace(tied, rule=ContinualVectorField(first), feedback=Feedback("separate", 0.0))
    with TorchSession(tied, seed) as session:
        wanted = session.changes(images, labels, KEYS)
        seen = session.trajectory(images, labels, np.full(SAMPLES, 0.5))
    with TorchSession(apart, seed) as session:
        found = session.changes(images, labels, KEYS)
    moved = {name: array[1] - array[0] for name, array in seen.items()}
    product = moved["hidden"].T @ moved["output"] / (0.5 * SAMPLES)
    ways = found["hidden-output"] + found["output-hidden"].T
    np.testing.assert_allclose(ways + product, wanted["hidden-output"], atol=1e-9)
    for name in ("input-hidden", "hidden.bias", "output.bias"):
        np.testing.assert_allclose(found[name], wanted[name], atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_never_fall(name: str) -> None:
    rates = ACTIVATIONS[name].rate(np.linspace(-5, 5, 201))
    assert (np.diff(rates) >= 0).all()
