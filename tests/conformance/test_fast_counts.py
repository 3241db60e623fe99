"""What the fast engine counts equals counting event by event."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.neurons import Neuron
from eqspike.core.random_stream import stream_key
from eqspike.engines.fast import FastSession
from eqspike.memory import Ideal
from eqspike.systems import System
from eqspike.tasks.encoders import ENCODERS, Encoder
from eqspike.testing import (
    NEURONS,
    SIZES,
    Counts,
    fixed_memory,
    flattened,
    present,
    samples,
    small_system,
)

FACTOR, WRITE_KEY = 0.5, 77
KINDS = {
    "spikes",
    "neuron_updates",
    "trace_updates",
    "synaptic_operations",
    "effective_synaptic_operations",
    "rule_evaluations",
    "candidate_writes",
    "applied_writes",
}


def counted_one_by_one(
    system: System, weights: Arrays, images: Images, labels: Labels, keys: Keys, betas: NDArray[Any]
) -> Counts:
    """Events of one batch: those of each presentation, then the writes of the summed changes."""
    counts: Counts = Counter()
    sums = {name: np.zeros_like(array) for name, array in weights.items()}
    for image, label, key, beta in zip(images, labels, keys, betas, strict=True):
        seen = present(system, weights, image, int(label), float(beta), int(key))
        counts += seen.counts
        for name, change in seen.changes.items():
            sums[name] += change
    for index, coupling in enumerate(system.network.couplings):
        rate = system.learning_rates[index] * FACTOR / len(images)
        names = {coupling.name: system.memory, f"{coupling.post.name}.bias": Ideal()}
        for name, memory in names.items():
            key = stream_key(WRITE_KEY, index)
            writes = memory.write(weights[name], {}, rate * sums[name], index, key).writes
            counts["update", name, "candidate_writes"] += writes.candidate
            counts["update", name, "applied_writes"] += writes.applied
    return +counts


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("neuron", NEURONS, ids=lambda neuron: type(neuron).__name__)
@pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: f"{len(sizes)} layers")
def test_learning_is_counted_exactly(sizes: tuple[int, ...], neuron: Neuron, encoder: str) -> None:
    """Every count of every phase, layer, coupling and kind; weights of 2 bits are often zero.

    The second batch meets the weights that the first one left, some of them newly zero.
    """
    memory = fixed_memory(2, "stochastic", len(sizes) - 1)
    system = small_system(sizes, neuron, encoder, memory)
    images, labels, keys = samples(system, 8)
    expected: Counts = Counter()
    with FastSession(system, seed=3, threads=2) as session:
        for part in (slice(0, 5), slice(5, 8)):
            batch = images[part], labels[part], keys[part]
            betas = session._betas(keys[part])[:, 1]
            expected += counted_one_by_one(system, session.weights(), *batch, betas)
            session.fit(*batch, FACTOR, WRITE_KEY)
        counts = session.take_counts()
    assert flattened(counts) == expected
    assert {kind for _, _, kind in expected} == KINDS
    assert counts.samples == 8
    rule = system.rule
    assert [phase.sample_steps for phase in counts.phases.values()] == [
        8 * rule.free_steps,
        8 * rule.nudged_steps,
        0,
    ]
    last = counts.phases["free"].couplings[system.network.couplings[-1].directions[0]]
    assert 0 < last.effective_synaptic_operations < last.synaptic_operations


@pytest.mark.parametrize("encoder", ENCODERS)
def test_inference_is_counted_exactly(encoder: str) -> None:
    """Only the free phase, and no traces: nothing would read them."""
    system = small_system(SIZES[1], NEURONS[0], encoder, fixed_memory(2, "nearest", 3))
    images, _, keys = samples(system, 6)
    with FastSession(system, seed=3, threads=2) as session:
        weights = session.weights()
        session.scores(images, keys)
        counts = session.take_counts()
        assert session.take_counts() == EventCounts()
    expected: Counts = Counter()
    for image, key in zip(images, keys, strict=True):
        expected += present(system, weights, image, 0, 1.0, int(key), learn=False).counts
    assert flattened(counts) == +expected
    assert set(counts.phases) == {"free"}
    assert not any(kind == "trace_updates" for _, _, kind in expected)


def test_two_traces_of_each_free_neuron_are_updated_in_each_step_of_learning() -> None:
    """In both phases: the nudged phase starts from the traces of the free phase."""
    system = small_system()
    images, labels, keys = samples(system, 5)
    with FastSession(system, seed=0, threads=1) as session:
        session.fit(images, labels, keys, FACTOR, WRITE_KEY)
        counts = session.take_counts()
    for name, steps in (("free", system.rule.free_steps), ("nudged", system.rule.nudged_steps)):
        for layer in system.network.free_layers:
            assert (
                counts.phases[name].layers[layer.name].trace_updates == 5 * steps * layer.size * 2
            )


def test_currents_too_weak_to_be_sent_cause_no_evaluation() -> None:
    """At a low rate the lowest levels round to no current at all."""
    system = replace(
        small_system(encoder="constant-current"),
        encoder=Encoder("constant-current", 0.02, "together"),
    )
    images, labels, keys = samples(system, 3)
    with FastSession(system, seed=0, threads=1) as session:
        expected: Counts = Counter()
        for n, beta in enumerate(session._betas(keys)[:, 1]):
            seen = present(
                system, session.weights(), images[n], int(labels[n]), float(beta), int(keys[n])
            )
            expected += seen.counts
        session.fit(images, labels, keys, FACTOR, WRITE_KEY)
        counts = flattened(session.take_counts())
    place = "nudged", "input-hidden", "rule_evaluations"
    weak = np.count_nonzero(images) - np.count_nonzero(system.encoder.currents()[images])
    assert weak > 0
    assert counts[place] == expected[place] > 0


def test_counts_add_up_over_batches_and_rasters_are_not_counted() -> None:
    """take_counts gives everything since its last call; looking at spikes changes nothing."""
    system = small_system()
    images, labels, keys = samples(system, 6)
    with FastSession(system, seed=0, threads=2) as session:
        start = session.weights()
        separate = EventCounts()
        for part in (slice(0, 4), slice(4, 6)):
            session.fit(images[part], labels[part], keys[part], FACTOR, WRITE_KEY)
            separate += session.take_counts()
        session.load(start)
        for part in (slice(0, 4), slice(4, 6)):
            session.fit(images[part], labels[part], keys[part], FACTOR, WRITE_KEY)
            session.trace(images, labels, keys)
        assert session.take_counts() == separate
