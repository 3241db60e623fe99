"""Spikes by neuron: those of the raster, as many as the layer's count, on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.core.learner import CountsNeurons
from eqspike.core.neurons import CurrentBased
from eqspike.engines.fast import FastSession
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.systems import System
from eqspike.testing import samples, small_system

LOIHI = CurrentBased(0.3, 0.1, 0.9)


@pytest.mark.parametrize(
    ("kind", "system"),
    [
        (FastSession, small_system()),
        (FastSession, small_system(neuron=LOIHI, encoder="poisson", precision="float32")),
        (FastIntSession, small_system(neuron=LOIHI)),
    ],
)
def test_spikes_by_neuron_are_those_of_the_raster(
    kind: type[FastSession] | type[FastIntSession], system: System
) -> None:
    images, labels, keys = samples(system, 7)
    found = []
    for threads in (1, 3):
        with kind(system, seed=1, threads=threads) as session:
            assert isinstance(session, CountsNeurons)
            raster, _ = session.trace(images, labels, keys)
            session.scores(images, keys)
            counts = session.take_counts()
            found.append(session.neuron_spikes())
    free = system.rule.free_steps
    assert list(found[0]) == [layer.name for layer in system.network.free_layers]
    for name, spikes in found[0].items():
        np.testing.assert_array_equal(spikes, found[1][name])
        np.testing.assert_array_equal(spikes, raster[name][:, :free].sum((0, 1), dtype=np.int64))
        assert spikes.sum() == counts.phases["free"].layers[name].spikes > 0


def test_each_evaluation_starts_anew() -> None:
    """After training too, whose spikes are no longer in it."""
    system = small_system()
    images, labels, keys = samples(system, 3)
    with FastSession(system, seed=1, threads=1) as session:
        session.scores(images, keys)
        session.take_counts()
        first = session.neuron_spikes()
        session.changes(images, labels, keys)
        session.take_counts()
        session.scores(images, keys)
        session.take_counts()
        second = session.neuron_spikes()
    for name, spikes in first.items():
        np.testing.assert_array_equal(spikes, second[name])
