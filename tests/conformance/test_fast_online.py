"""Learning as on a chip, each event changing its weights at once, equals the reference."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from eqspike.core.neurons import Neuron
from eqspike.core.random_stream import stream_key
from eqspike.engines.fast import FastSession
from eqspike.memory import Fixed, Ideal
from eqspike.memory.fixed import ROUNDINGS
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

SYSTEM_SIZES = SIZES[1]
MEMORIES: tuple[Ideal | Fixed, ...] = (
    Ideal(),
    *(fixed_memory(5, rounding, len(SYSTEM_SIZES) - 1) for rounding in ROUNDINGS),
)
BATCHES = (slice(0, 1), slice(1, 2), slice(2, 5))
FACTOR = 2.0


@pytest.mark.parametrize(
    ("neuron", "encoder"),
    [(NEURONS[0], "integrate-and-fire"), (NEURONS[1], "poisson")],
    ids=["sigma-delta", "current-based"],
)
@pytest.mark.parametrize("memory", MEMORIES, ids=lambda m: getattr(m, "rounding", m.kind))
def test_weights_and_counts_are_equal(memory: Ideal | Fixed, neuron: Neuron, encoder: str) -> None:
    """After several samples in a row, each seeing the weights that the one before left."""
    system = small_system(SYSTEM_SIZES, neuron, encoder, memory, online=True)
    couplings = range(len(system.network.couplings))
    images, labels, keys = samples(system, 5)
    counts: Counts = Counter()
    with FastSession(system, seed=5, threads=2) as session:
        weights = session.weights()
        start = session.weights()
        betas = session._betas(keys)[:, 1]
        for batch, part in enumerate(BATCHES):
            read = session.fit(images[part], labels[part], keys[part], FACTOR, batch)
            expected = []
            for n in range(part.start, part.stop):
                write_keys = [stream_key(batch, n - part.start, index) for index in couplings]
                seen = present(
                    system, weights, images[n], int(labels[n]), float(betas[n]), int(keys[n]),
                    write_keys=write_keys, rate_factor=FACTOR,
                )  # fmt: skip
                expected.append(seen.scores)
                counts += seen.counts
            np.testing.assert_array_equal(read, expected)
            for name, stored in session.weights().items():
                np.testing.assert_array_equal(stored, weights[name])
        assert flattened(session.take_counts()) == +counts
    for name in weights:
        assert (weights[name] != start[name]).any(), "something was learnt"
        assert (
            counts["nudged", name, "candidate_writes"] >= counts["nudged", name, "applied_writes"]
        )


def test_more_pixels_than_levels() -> None:
    """Every pixel is listed by itself: 400 of them, of which more than 256 are active."""
    system = small_system((400, 5, 4), online=True)
    images, labels, keys = samples(system, 2)
    images[:] = np.maximum(images, 30)
    with FastSession(system, seed=5, threads=1) as session:
        weights, betas = session.weights(), session._betas(keys)[:, 1]
        session.fit(images, labels, keys, FACTOR, 0)
        for n in range(2):
            write_keys = [stream_key(0, n, index) for index in range(2)]
            present(
                system, weights, images[n], int(labels[n]), float(betas[n]), int(keys[n]),
                write_keys=write_keys, rate_factor=FACTOR,
            )  # fmt: skip
        for name, stored in session.weights().items():
            np.testing.assert_array_equal(stored, weights[name])


def test_online_differs_from_batch() -> None:
    """Changes meant for the end of a batch would not be felt within the sample."""
    results = []
    for online in (False, True):
        system = small_system(SYSTEM_SIZES, online=online)
        images, labels, keys = samples(system, 1)
        with FastSession(system, seed=5, threads=1) as session:
            session.fit(images, labels, keys, FACTOR, 0)
            results.append(session.weights()["input-hidden1"])
    assert not np.allclose(*results, rtol=0, atol=1e-6)
