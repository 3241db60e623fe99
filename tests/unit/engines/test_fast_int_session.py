"""What a session of the integer engine refuses, keeps and gives away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.neurons import CurrentBased
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.integers.loihi import round_system
from eqspike.experiment import open_session
from eqspike.systems.weights import initial_weights
from eqspike.testing import (
    SIZES,
    fixed_memory,
    random_network,
    samples,
    small_system,
)

NEURON = CurrentBased(0.3, 0.1, 0.9)
SYSTEM = small_system(neuron=NEURON)


@pytest.fixture
def session() -> Iterator[FastIntSession]:
    with FastIntSession(SYSTEM, seed=1, threads=1) as opened:
        yield opened


def test_systems_unlike_loihi_are_refused() -> None:
    """With what works instead."""
    with pytest.raises(
        UnsupportedError,
        match=r"neuron\.kind sigma-delta: for neuron\.kind it has current-based; engines fast",
    ):
        open_session(small_system(), 0, "fast-int")
    constant = small_system(neuron=NEURON, encoder="constant-current")
    with pytest.raises(
        UnsupportedError,
        match=r"constant-current: set encoder.kind to integrate-and-fire or poisson",
    ):
        open_session(constant, 0, "fast-int")


def test_it_does_not_learn_from_batches(session: FastIntSession) -> None:
    """It says what does."""
    with pytest.raises(
        UnsupportedError,
        match=r"learn with memory\.kind ideal: for memory\.kind it has fixed; engines fast, .* can",
    ):
        session.fit(*samples(SYSTEM, 2), 1.0, 0)
    assert session.take_counts().samples == 0


def test_loaded_weights_are_kept_and_rounded(session: FastIntSession) -> None:
    """What is given away is what was loaded, so loading it again changes nothing."""
    loaded = initial_weights(SYSTEM, 9)
    session.load(loaded)
    expected, _ = round_system(SYSTEM, loaded)
    for _ in range(2):
        for name, array in session.weights().items():
            np.testing.assert_array_equal(array, loaded[name])
        for name, array in session.network.as_arrays().items():
            np.testing.assert_array_equal(array, expected.as_arrays()[name])
        session.load(session.weights())
    session.weights()["hidden.bias"][:] = 5
    np.testing.assert_array_equal(session.weights()["hidden.bias"], loaded["hidden.bias"])


def test_a_memory_rounds_first() -> None:
    """Integers are those of the stored weights."""
    memory = fixed_memory(4, "nearest", 2)
    system = small_system(neuron=NEURON, memory=memory)
    loaded = initial_weights(system, 9)
    with FastIntSession(system, threads=1) as session:
        session.load(loaded)
        held = session.weights()["input-hidden"]
    np.testing.assert_array_equal(held, memory.store(loaded["input-hidden"], 0))
    assert (held != loaded["input-hidden"]).any()


def test_the_unit_can_be_given() -> None:
    """Else the weights decide."""
    with FastIntSession(SYSTEM, seed=1, threads=1, unit=12_345.0) as session:
        assert session.network.unit == 12_345.0
        session.load(initial_weights(SYSTEM, 2))
        assert session.network.unit == 12_345.0


def test_integers_can_be_loaded(session: FastIntSession) -> None:
    """Of the right shapes only."""
    network = random_network(SYSTEM, 1, (0, 1))
    session.load_network(network)
    assert session.network is network
    assert session.report is None
    mantissas = network.couplings[1].mantissas
    np.testing.assert_allclose(session.weights()["hidden-output"], mantissas * 128 / 1000)
    other = random_network(small_system(SIZES[1], NEURON), 1, (0, 1, 0))
    with pytest.raises(ConfigError, match="weights must be named"):
        session.load_network(other)
    assert session.network is network


def test_wrong_input_is_refused(session: FastIntSession) -> None:
    """Compiled code reads memory unchecked: a wrong shape or type must not get there."""
    images, labels, keys = samples(SYSTEM, 2)
    for wrong in (images[:, :-1], images.astype(np.int64), images[0]):
        for call in (
            lambda wrong=wrong: session.scores(wrong, keys),
            lambda wrong=wrong: session.trace(wrong, labels, keys),
            lambda wrong=wrong: session.extremes(wrong, labels, keys),
        ):
            with pytest.raises(ConfigError, match=r"images must be uint8 of shape \(samples, 30\)"):
                call()
    with pytest.raises(ConfigError, match="labels must be from 0 to 3"):
        session.trace(images, labels + 4, keys)
    name = "input-hidden"
    with pytest.raises(ConfigError, match="must be finite"):
        session.load({**session.weights(), name: np.full((30, 12), np.nan)})
    assert session.take_counts().samples == 0


def test_only_read_outs_are_counted(session: FastIntSession) -> None:
    """Rasters and calibrations are looks inside."""
    batch = samples(SYSTEM, 5)
    session.trace(*batch)
    session.extremes(*batch)
    assert session.take_counts().samples == 0
    session.scores(batch[0], batch[2])
    counts = session.take_counts()
    assert counts.samples == 5
    assert set(counts.phases) == {"free"}
    assert counts.phases["free"].layers["hidden"].neuron_updates == 5 * 17 * 12
    assert session.take_counts().samples == 0


def test_integers_answer_as_floats_do(session: FastIntSession) -> None:
    """Rates agree within a few spikes; the read-out is in spikes too."""
    images, _, keys = samples(SYSTEM, 30)
    with open_session(SYSTEM, 1, "fast") as floats:
        expected = floats.scores(images, keys)
    found = session.scores(images, keys)
    assert expected.max() > 2
    assert abs(found - expected).mean() < 0.5
