"""Brian2 and the fast engine compute the same: spikes, membrane potentials, weights and event counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.core.learner import Arrays
from eqspike.core.neurons import Neuron
from eqspike.experiment import open_session
from eqspike.experiment.learnt import TOLERANCE
from eqspike.experiment.parity import Parity, compare
from eqspike.memory import Fixed
from eqspike.memory.fixed import ROUNDINGS
from eqspike.systems import System
from eqspike.systems.weights import initial_weights, nudge_strengths
from eqspike.tasks.encoders import ENCODERS, Encoder
from eqspike.testing import NEURONS, SIZES, fixed_memory, present, samples, small_system

brian2_session = pytest.importorskip("eqspike.engines.brian2.session")
ENGINES = ("fast", "brian2")


def with_biases(system: System) -> Arrays:
    """Initial weights, and biases that differ from neuron to neuron."""
    return {
        name: np.linspace(-0.2, 0.3, len(array)) if name.endswith("bias") else array
        for name, array in initial_weights(system, 1).items()
    }


def compared(system: System, count: int = 4) -> Parity:
    return compare(system, with_biases(system), samples(system, count), ENGINES)


def assert_equal(parity: Parity) -> None:
    assert parity.first_difference is None
    assert parity.differing_events == 0
    assert parity.max_state_difference == 0
    assert parity.max_weight_error <= TOLERANCE
    assert parity.counts_equal
    assert parity.holds
    assert parity.events > 0


@pytest.mark.parametrize("memory", ["ideal", "fixed"])
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("neuron", NEURONS, ids=lambda neuron: type(neuron).__name__)
@pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: f"{len(sizes)} layers")
def test_engines_are_equal(
    sizes: tuple[int, ...], neuron: Neuron, encoder: str, memory: str
) -> None:
    """Free and nudged phase, learning of a batch, and the read-out alone."""
    fixed = fixed_memory(4, "stochastic", len(sizes) - 1) if memory == "fixed" else None
    assert_equal(compared(small_system(sizes, neuron, encoder, fixed)))


@pytest.mark.parametrize("rounding", [name for name in ROUNDINGS if name != "stochastic"])
def test_other_roundings_are_equal(rounding: str) -> None:
    """Two bits, so that many weights are zero and no effective operation."""
    parity = compared(small_system(memory=fixed_memory(2, rounding, 2)))
    assert_equal(parity)
    assert parity.max_weight_error < 1e-14, "stored codes are equal; only biases may round"


def test_other_rules_and_onsets_are_equal() -> None:
    """One step each, a fixed sign, other time constants; inputs that start together."""
    system = small_system()
    for rule in (
        replace(system.rule, free_steps=1, nudged_steps=1, readout_steps=1),
        replace(system.rule, random_sign=False, beta=1.7, tau_fast=1.0, tau_slow=2.5),
    ):
        encoder = Encoder("integrate-and-fire", 0.3, "together")
        parity = compare(
            replace(system, rule=rule, encoder=encoder),
            with_biases(system),
            samples(system, 3),
            ENGINES,
        )
        assert parity.holds
        assert parity.max_state_difference == 0


def test_float32_models_are_compared_in_float64() -> None:
    """Parity is a statement about the model, not about its precision in training."""
    assert_equal(compared(small_system(precision="float32"), 2))


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch longer than one run gives the same, and a session can be used again and again."""
    system = small_system(encoder="poisson", memory=fixed_memory(4, "stochastic", 2))
    images, labels, keys = samples(system, 3)
    results = []
    for block in (64, 2):
        monkeypatch.setattr(brian2_session, "BLOCK_SAMPLES", block)
        with brian2_session.Brian2Session(system, 3) as session:
            right = session.fit(images, labels, keys, 0.5, 1)
            counts = session.take_counts()
            scores = session.scores(images, keys)
            spikes, potentials = session.trace(images, labels, keys)
            arrays = {"spikes": spikes["hidden"], "potentials": potentials["hidden"]}
            results.append((right, counts, scores, {**session.weights(), **arrays}))
    (right, counts, scores, weights), (other_right, other_counts, other_scores, others) = results
    np.testing.assert_array_equal(right, other_right)
    assert counts == other_counts
    np.testing.assert_array_equal(scores, other_scores)
    for name, array in weights.items():
        np.testing.assert_allclose(array, others[name], rtol=0, atol=1e-14)


@pytest.mark.parametrize("neuron", NEURONS, ids=lambda neuron: type(neuron).__name__)
def test_brian2_equals_the_reference_event_by_event(neuron: Neuron) -> None:
    """Not only the fast engine: the definition itself."""
    system = small_system(SIZES[1], neuron, "poisson")
    images, labels, keys = samples(system, 2)
    weights = with_biases(system)
    with brian2_session.Brian2Session(system, 1) as session:
        session.load(weights)
        spikes, potentials = session.trace(images, labels, keys)
        betas = nudge_strengths(system.rule, keys)[:, 1]
    for n in range(2):
        expected = present(
            system, weights, images[n], int(labels[n]), float(betas[n]), int(keys[n])
        )
        for name, raster in expected.raster.items():
            np.testing.assert_array_equal(spikes[name][n], raster)
            np.testing.assert_array_equal(potentials[name][n], expected.potentials[name])


def test_fixed_codes_are_equal_after_several_batches() -> None:
    """The second batch meets the weights that the first one left."""
    memory = Fixed(3, (0.5, 0.7), "stochastic")
    system = small_system(memory=memory)
    images, labels, keys = samples(system, 6)
    learnt = []
    for engine in ENGINES:
        with open_session(system, 2, engine) as session:
            for batch, part in enumerate((slice(0, 3), slice(3, 6))):
                session.fit(images[part], labels[part], keys[part], 2.0, batch)
            learnt.append((session.weights(), session.take_counts()))
    (weights, counts), (others, other_counts) = learnt
    assert counts == other_counts
    for name, array in weights.items():
        np.testing.assert_allclose(array, others[name], rtol=0, atol=1e-14)
