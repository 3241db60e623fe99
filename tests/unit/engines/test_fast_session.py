"""What a session of the fast engine refuses, keeps and gives away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.learner import Arrays
from eqspike.engines.fast import FastSession
from eqspike.memory import Fixed
from eqspike.systems.weights import expected_shapes, initial_weights
from eqspike.testing import SIZES, samples, small_system

SYSTEM = small_system()


@pytest.fixture
def session() -> Iterator[FastSession]:
    with FastSession(SYSTEM, seed=1, threads=1) as opened:
        yield opened


def without(weights: Arrays, name: str) -> Arrays:
    return {key: value for key, value in weights.items() if key != name}


def test_wrong_weights_are_refused(session: FastSession) -> None:
    """By name, and the weights held before are kept."""
    before = session.weights()
    name, shape = "input-hidden", (30, 12)
    cases = {
        "must be named": without(before, name),
        "must be named .*'extra'": {**before, "extra": np.zeros(3)},
        r"'input-hidden' must have shape \(30, 12\), got \(12, 30\)": {
            **before,
            name: np.zeros(shape[::-1]),
        },
        r"'hidden.bias' must have shape \(12,\)": {**before, "hidden.bias": np.zeros(13)},
        "'input-hidden' must be finite": {**before, name: np.full(shape, np.nan)},
        "'output.bias' must be finite": {**before, "output.bias": np.full(4, np.inf)},
    }
    for message, weights in cases.items():
        with pytest.raises(ConfigError, match=message):
            session.load(weights)
    for key, array in session.weights().items():
        np.testing.assert_array_equal(array, before[key])


def test_weights_are_copies_and_come_back(session: FastSession) -> None:
    """Neither what was loaded nor what was given away is held."""
    loaded = initial_weights(SYSTEM, 9)
    session.load(loaded)
    loaded["input-hidden"][:] = 0
    given = session.weights()
    given["hidden.bias"][:] = 5
    expected = initial_weights(SYSTEM, 9)
    for name, array in session.weights().items():
        np.testing.assert_array_equal(array, expected[name])
        assert array.shape == expected_shapes(SYSTEM)[name]


def test_a_memory_holds_what_it_can() -> None:
    """Loaded weights are stored, not kept as they came."""
    memory = Fixed(2, (1.0, 1.0), "nearest")
    with FastSession(small_system(memory=memory), seed=1, threads=1) as session:
        weights = session.weights()
        weights["input-hidden"][:] = np.linspace(-3, 3, 360).reshape(30, 12)
        session.load(weights)
        held = session.weights()["input-hidden"]
    assert set(np.unique(held)) == {-1.0, 0.0, 1.0}
    np.testing.assert_array_equal(held, memory.store(weights["input-hidden"], 0))


def test_counts_of_training_and_inference_never_mix(session: FastSession) -> None:
    """Until they are taken; both orders."""
    images, labels, keys = samples(SYSTEM, 2)
    session.fit(images, labels, keys, 1.0, 0)
    with pytest.raises(UnsupportedError, match=r"take_counts\(\)"):
        session.scores(images, keys)
    assert session.take_counts().samples == 2
    session.scores(images, keys)
    with pytest.raises(UnsupportedError, match=r"take_counts\(\)"):
        session.fit(images, labels, keys, 1.0, 0)
    assert session.take_counts().samples == 2
    session.fit(images, labels, keys, 1.0, 0)


@pytest.mark.parametrize(
    ("system", "message"),
    [
        (
            small_system(precision="float32", online=True),
            "float32 here, for .*set training.precision to float64",
        ),
        (
            small_system(encoder="constant-current", online=True),
            "constant-current here, for rule.update online writes at each spike",
        ),
    ],
)
def test_impossible_online_learning_is_refused(system: object, message: str) -> None:
    """Before anything is compiled."""
    with pytest.raises(UnsupportedError, match=message):
        FastSession(system)  # type: ignore[arg-type]


def test_images_that_do_not_fit_are_refused(session: FastSession) -> None:
    """Compiled code reads memory unchecked: a wrong shape or type must not get there."""
    images, labels, keys = samples(SYSTEM, 2)
    for wrong in (images[:, :-1], images.astype(np.int64), images[0]):
        for call in (
            lambda wrong=wrong: session.fit(wrong, labels, keys, 1.0, 0),
            lambda wrong=wrong: session.scores(wrong, keys),
            lambda wrong=wrong: session.changes(wrong, labels, keys),
            lambda wrong=wrong: session.trace(wrong, labels, keys),
        ):
            with pytest.raises(ConfigError, match=r"images must be uint8 of shape \(samples, 30\)"):
                call()
    assert session.take_counts().samples == 0


def test_fit_returns_the_read_out_before_learning(session: FastSession) -> None:
    """What `scores` says with the weights before the batch."""
    images, labels, keys = samples(SYSTEM, 40)
    expected = session.scores(images, keys)
    session.take_counts()
    np.testing.assert_array_equal(session.fit(images, labels, keys, 1.0, 0), expected)


def test_the_rate_factor_scales_what_is_learnt(session: FastSession) -> None:
    """Down to nothing: no learning rate, no change."""
    images, labels, keys = samples(SYSTEM, 4)
    start = session.weights()
    learnt = []
    for factor in (0.0, 1.0, 2.0):
        session.load(start)
        session.fit(images, labels, keys, factor, 0)
        learnt.append(session.weights()["input-hidden"] - start["input-hidden"])
    assert not learnt[0].any()
    np.testing.assert_allclose(learnt[2], 2 * learnt[1], atol=1e-12)
    assert abs(learnt[1]).max() > 1e-3


def test_initial_weights_depend_on_the_seed_alone() -> None:
    """Uniform in +- gain / sqrt(fan-in), biases zero."""
    system = small_system(SIZES[1])
    first, again, other = (initial_weights(system, seed) for seed in (3, 3, 4))
    for coupling in system.network.couplings:
        array = first[coupling.name]
        bound = 3.0 / np.sqrt(coupling.pre.size)
        assert 0.9 * bound < abs(array).max() <= bound
        np.testing.assert_array_equal(array, again[coupling.name])
        assert (array != other[coupling.name]).any()
    assert not first["hidden1.bias"].any()


def test_signs_of_beta_are_drawn_per_presentation(session: FastSession) -> None:
    """From its key: about as many of each, and always the same."""
    keys = samples(SYSTEM, 400)[2]
    betas = session._betas(keys)[:, 1]
    assert set(np.unique(betas)) == {-SYSTEM.rule.beta, SYSTEM.rule.beta}
    assert 140 < (betas > 0).sum() < 260
    np.testing.assert_array_equal(session._betas(keys[::-1])[:, 1], betas[::-1])
