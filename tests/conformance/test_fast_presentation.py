"""The compiled event-driven simulation equals the reference simulated event by event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.network import layered
from eqspike.core.neurons import CurrentBased, Neuron, SigmaDelta
from eqspike.engines.fast import FastSession
from eqspike.systems import System
from eqspike.tasks.encoders import ENCODERS, ONSETS, Encoder
from eqspike.testing import NEURONS, SIZES, Presentation, present, samples, small_system


@dataclass(frozen=True)
class Both:
    """The same samples in the engine and in the reference."""

    system: System
    session: FastSession
    images: Images
    labels: Labels
    keys: Keys
    reference: list[Presentation]


def with_biases(weights: Arrays) -> Arrays:
    """The same weights and biases that differ from neuron to neuron."""
    return {
        name: np.linspace(-0.2, 0.3, len(array)) if name.endswith("bias") else array
        for name, array in weights.items()
    }


def simulate_both(system: System, session: FastSession, count: int, seed: int = 0) -> Both:
    images, labels, keys = samples(system, count, seed)
    weights = with_biases(session.weights())
    session.load(weights)
    betas = session._betas(keys)[:, 1]
    reference = [
        present(system, weights, images[n], int(labels[n]), float(betas[n]), int(keys[n]))
        for n in range(count)
    ]
    return Both(system, session, images, labels, keys, reference)


@pytest.fixture(
    scope="module",
    params=[
        (sizes, neuron, encoder) for sizes in SIZES for neuron in NEURONS for encoder in ENCODERS
    ],
    ids=lambda p: f"{'-'.join(map(str, p[0]))}-{type(p[1]).__name__}-{p[2]}",
)
def both(request: pytest.FixtureRequest) -> Iterator[Both]:
    system = small_system(*request.param)
    with FastSession(system, seed=1, threads=2) as session:
        yield simulate_both(system, session, 4)


def assert_same_activity(both: Both) -> None:
    spikes, potentials = both.session.trace(both.images, both.labels, both.keys)
    for n, expected in enumerate(both.reference):
        for layer in both.system.network.free_layers:
            assert np.count_nonzero(spikes[layer.name][n] != expected.raster[layer.name]) == 0
            np.testing.assert_array_equal(
                potentials[layer.name][n], expected.potentials[layer.name]
            )


def assert_same_changes(both: Both, tolerance: float) -> None:
    changes = both.session.changes(both.images, both.labels, both.keys)
    for name, change in changes.items():
        expected = np.mean([presentation.changes[name] for presentation in both.reference], axis=0)
        np.testing.assert_allclose(change, expected, rtol=0, atol=tolerance * abs(expected).max())


def test_no_spike_and_no_potential_differs(both: Both) -> None:
    """Bit for bit: weights on the summation grid make the order of additions irrelevant."""
    assert_same_activity(both)


def test_changes_asked_by_the_rule_agree(both: Both) -> None:
    """Summed at the end of a phase or event by event: the same products, up to rounding."""
    assert_same_changes(both, 1e-12)


def test_scores_are_equal(both: Both) -> None:
    """Spikes in the read-out window plus the remainder, with and without learning afterwards."""
    both.session.take_counts()
    scores = both.session.scores(both.images, both.keys)
    both.session.take_counts()
    np.testing.assert_array_equal(scores, [expected.scores for expected in both.reference])


def test_the_comparison_is_not_empty(both: Both) -> None:
    """Every layer spikes, none in every step, and the nudge changes what the output does."""
    for layer in both.system.network.free_layers:
        rate = np.mean([expected.raster[layer.name] for expected in both.reference])
        assert 0.05 < rate < 0.95
    spikes, _ = both.session.trace(both.images, both.labels, both.keys)
    others, _ = both.session.trace(both.images, (both.labels + 1) % 4, both.keys)
    free, output = both.system.rule.free_steps, both.system.network.output.name
    for name in spikes:
        np.testing.assert_array_equal(spikes[name][:, :free], others[name][:, :free])
    assert (spikes[output][:, free:] != others[output][:, free:]).any()


def test_float32_agrees_too() -> None:
    """In float32 spikes are still equal bit for bit; sums of changes and scores round to 24 bits."""
    system = small_system(SIZES[1], precision="float32")
    with FastSession(system, seed=1, threads=1) as session:
        both = simulate_both(system, session, 4)
        assert_same_activity(both)
        assert_same_changes(both, 1e-6)
        session.take_counts()
        scores = session.scores(both.images, both.keys)
        np.testing.assert_allclose(
            scores, [expected.scores for expected in both.reference], rtol=1e-6
        )


unit = st.floats(0, 1)
positive = st.floats(0.01, 1)
neurons: st.SearchStrategy[Neuron] = st.one_of(
    st.builds(SigmaDelta, positive, positive, st.floats(0, 0.99)),
    st.builds(CurrentBased, unit, unit, st.floats(0.05, 3)),
)


@st.composite
def systems(draw: Any) -> System:
    """Systems of any shape: layers of 1 to 40 neurons, phases of 1 to 12 steps, any time constants."""
    sizes = draw(st.lists(st.integers(1, 40), min_size=3, max_size=5))
    system = small_system()
    free, nudged = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    tau = draw(st.floats(1, 20))
    rule = replace(
        system.rule,
        free_steps=free,
        nudged_steps=nudged,
        readout_steps=draw(st.integers(1, free)),
        beta=draw(st.floats(0.01, 2)),
        random_sign=draw(st.booleans()),
        tau_fast=tau,
        tau_slow=tau + draw(st.floats(0.5, 30)),
        target_rate=draw(positive),
    )
    encoder = Encoder(
        draw(st.sampled_from(ENCODERS)), draw(st.floats(0.01, 1)), draw(st.sampled_from(ONSETS))
    )
    return replace(
        system,
        network=layered(tuple(sizes)),
        neuron=draw(neurons),
        encoder=encoder,
        rule=rule,
        learning_rates=(1.0,) * (len(sizes) - 1),
        initial_gain=(draw(st.floats(0.5, 8)),) * (len(sizes) - 1),
    )


@settings(max_examples=40)
@given(system=systems(), seed=st.integers(0, 2**32))
def test_any_small_system_agrees(system: System, seed: int) -> None:
    """Whatever the shape and the parameters."""
    with FastSession(system, seed, threads=1) as session:
        both = simulate_both(system, session, 2, seed)
        assert_same_activity(both)
        changes = session.changes(both.images, both.labels, both.keys)
        for name, change in changes.items():
            parts = [presentation.changes[name] for presentation in both.reference]
            # Terms of both signs may cancel: what counts is the rounding of the terms, at most
            # (steps x 2) / (beta x (tau_slow - tau_fast)) in sum.
            largest = 2 * system.rule.nudged_steps / (system.rule.beta * 0.5)
            np.testing.assert_allclose(change, np.mean(parts, axis=0), rtol=0, atol=1e-14 * largest)
