"""Networks of bits in the fast engine: threads, weights in and out, memory, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numba import njit

from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.messages import Messages
from eqspike.core.neurons import BinaryNeuron
from eqspike.core.rates import Dynamics
from eqspike.engines.fast.bits import BitSession
from eqspike.engines.fast.bits.words import add_levels, add_sent, add_turned, pack, unpack
from eqspike.engines.offers import FAST_BITS, runs
from eqspike.experiment.families import family
from eqspike.experiment.sessions import open_session
from eqspike.memory import Binary, Metaplastic, Scale
from eqspike.systems import RateSystem
from eqspike.testing import flattened, rate_samples, small_rate_system

IMAGES, LABELS, KEYS = rate_samples(40)
STILL = Scale("coupling", (0.0,) * 3)
SYSTEM = replace(
    small_rate_system(
        hidden=(45, 66), neuron=BinaryNeuron(), replicas=4, sign="random",
        memory=Binary((0.1,) * 3, (0.0004,) * 3, STILL),
    ),
    initial_gain=(3.0,) * 3,
    precision="float32",
)  # fmt: skip


@pytest.mark.parametrize("bits", [1, 31, 32, 33, 100])
def test_words_hold_the_bits(bits: int) -> None:
    wanted = np.random.default_rng(bits).random((3, bits)) < 0.5
    words = pack(wanted)
    assert words.dtype == np.uint32
    np.testing.assert_array_equal(unpack(words, bits), wanted)
    assert int(words[0, 0]) & 1 == int(wanted[0, 0])


def test_sums_by_population_count() -> None:
    """Of weights +1 and -1 with bits that turn, and of weight bits with levels."""
    generator = np.random.default_rng(2)
    signs = generator.choice([-1, 1], (32, 50))
    rows, old, new = (
        pack((signs > 0).T)[:, 0],
        generator.random(32) < 0.5,
        generator.random(32) < 0.5,
    )
    levels = generator.integers(0, 256, 32)
    total, lit = np.zeros(50, np.int32), np.zeros(50, np.int32)
    _turned(rows, pack(old)[0], pack(new)[0], total)
    many = pack(generator.random((1, 7 * 32)) < 0.5)[0]
    grid = generator.random((7 * 32, 50)) < 0.5
    summed = np.zeros(50, np.int32)
    _sent(pack(grid.T).T.ravel().copy(), many, summed)
    np.testing.assert_array_equal(summed, unpack(many, 7 * 32).astype(int) @ (2 * grid - 1))
    _levels(rows, pack((levels[None] >> np.arange(8)[:, None]) & 1)[:, 0], lit)
    np.testing.assert_array_equal(total, (new.astype(int) - old) @ signs)
    np.testing.assert_array_equal(lit, levels @ (signs > 0))


@njit  # type: ignore[untyped-decorator]
def _turned(rows: Any, old: Any, new: Any, total: Any) -> None:
    add_turned(rows, old, new, total)


@njit  # type: ignore[untyped-decorator]
def _sent(rows: Any, sent: Any, total: Any) -> None:
    add_sent(rows, sent, total)


@njit  # type: ignore[untyped-decorator]
def _levels(rows: Any, planes: Any, total: Any) -> None:
    add_levels(rows, planes, total)


def test_results_do_not_depend_on_threads() -> None:
    found = []
    for threads in (1, 2, 3):
        with BitSession(SYSTEM, 1, threads) as session:
            for key in range(3):
                session.fit(IMAGES, LABELS, KEYS, 0.5, key)
            found.append((session.weights(), flattened(session.take_counts())))
    assert sum(found[0][0][f"{c.name}.writes"].sum() for c in SYSTEM.network.couplings) > 0
    for weights, counts in found[1:]:
        assert counts == found[0][1]
        for name, array in weights.items():
            np.testing.assert_array_equal(array, found[0][0][name], err_msg=name)


def test_a_session_continues_from_the_weights_of_another() -> None:
    """Reading weights in between changes nothing, though inertias wait for the next that moves them."""
    with (
        BitSession(SYSTEM, 1) as first,
        BitSession(SYSTEM, 2) as second,
        BitSession(SYSTEM, 1) as third,
    ):
        for key in range(4):
            part = slice(key, key + 3)
            for session in (first, third):
                session.fit(IMAGES[part], LABELS[part], KEYS[part], 0.5, key)
            second.load(first.weights())
        for session in (first, second, third):
            session.fit(IMAGES[:4], LABELS[:4], KEYS[:4], 0.5, 1)
        for session in (second, third):
            for name, array in session.weights().items():
                np.testing.assert_array_equal(array, first.weights()[name], err_msg=name)


def test_an_inertia_beyond_its_threshold_flips_at_once_when_loaded() -> None:
    """A write decides over every weight that was loaded, moved by the batch or not."""
    with BitSession(SYSTEM, 1) as session:
        weights = session.weights()
        name = "input-hidden1"
        weights[f"{name}.inertia"] = -np.sign(weights[name])
        session.load(weights)
        dark = np.zeros_like(IMAGES)
        session.fit(dark, LABELS, KEYS, 1.0, 0)
        np.testing.assert_array_equal(session.weights()[name], -weights[name])
        session.fit(dark, LABELS, KEYS, 1.0, 1)
        np.testing.assert_array_equal(session.weights()[name], -weights[name])


def test_stored_weights_take_a_bit_each_and_reading_out_makes_no_inertia() -> None:
    network = small_rate_system(hidden=(64,), neuron=BinaryNeuron(), replicas=16).network
    system = replace(
        SYSTEM, network=network, learning_rates=(1.0, 1.0), initial_gain=(1.0, 1.0),
        memory=Binary((0.1,) * 2, (0.1,) * 2, Scale("coupling", (0.0, 0.0))),
    )  # fmt: skip
    with BitSession(replace(system, readout=replace(system.readout, replicas=16)), 1) as session:
        session.scores(IMAGES, KEYS)
        simulator = session._simulator
        assert simulator.down(1).nbytes == 64 * 64 // 8
        assert simulator.up(1).nbytes == 64 * 64 // 8
        assert not session._learner._kept


def test_the_engine_of_networks_of_bits_is_fast() -> None:
    assert runs(SYSTEM, FAST_BITS)
    assert family(SYSTEM).engine(SYSTEM) == "fast"
    with open_session(SYSTEM, 0, "fast") as session:
        assert isinstance(session, BitSession)


@pytest.mark.parametrize(
    ("system", "said"),
    [
        (
            replace(SYSTEM, memory=Binary((0.1,) * 3, (0.1,) * 3, Scale("unit", (0.0,) * 3))),
            "memory.scale",
        ),
        (
            replace(SYSTEM, memory=Binary((0.1,) * 3, (0.1,) * 3, Scale("coupling", (0.1,) * 3))),
            r"memory.scale shared by a coupling, rates \[0.1, 0.1, 0.1\] here, for sums of bits",
        ),
        (replace(SYSTEM, memory=Metaplastic((1.0,) * 3, STILL)), r"memory\.kind metaplastic"),
        (replace(SYSTEM, messages=Messages("changes")), "set messages.kind to values"),
        (replace(SYSTEM, dynamics=Dynamics("synchronous", "outside")), "dynamics.nudge outside"),
        (small_rate_system(), r"neuron\.kind rate"),
    ],
)
def test_what_is_refused(system: RateSystem, said: str) -> None:
    with pytest.raises(UnsupportedError, match=said):
        BitSession(system)


def test_images_and_labels_that_do_not_fit() -> None:
    with BitSession(SYSTEM) as session:
        with pytest.raises(ConfigError, match="images must be uint8"):
            session.scores(IMAGES[:, :8], KEYS)
        with pytest.raises(ConfigError, match="labels must be from 0 to"):
            session.fit(IMAGES, LABELS + 12, KEYS, 1.0, 0)
        session.scores(IMAGES, KEYS)
        with pytest.raises(UnsupportedError, match=r"call take_counts\(\)"):
            session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
