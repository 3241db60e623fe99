"""In low precision, difference form keeps the gradient where two states lose it."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from eqspike.analysis.gradients.rates import at_rest
from eqspike.analysis.gradients.spikes import compare
from eqspike.core.learner import Arrays
from eqspike.core.network import layered
from eqspike.engines.torch import TorchSession
from eqspike.nn import PrecisionWarning
from eqspike.rules import Equilibrium, Nudging
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights
from eqspike.testing import small_rate_system

SIZES = (20, 24, 24, 24, 24, 5)
SEEDS = (0, 1, 2)
"""A claim of a form must hold for each."""


def make(form: str, precision: str, beta: float) -> RateSystem:
    couplings = len(SIZES) - 1
    return replace(
        small_rate_system(form=form),
        network=layered(SIZES),
        rule=Equilibrium(Nudging(60, 20, beta)),
        precision=precision,
        learning_rates=(0.1,) * couplings,
        initial_gain=(1.0,) * couplings,
    )


def samples(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (16, SIZES[0])).astype(np.uint8)
    return images, random.integers(0, SIZES[-1], 16), np.arange(16, dtype=np.uint64)


def least_cosines(form: str, precision: str, beta: float, seed: int) -> dict[str, float]:
    """Of each layer's incoming weights, to the limit of small nudges in float64."""
    weights = initial_rate_weights(make("two-states", "float64", beta), seed)
    limit = at_rest(make("difference", "float64", 1e-6), weights, samples(seed)[0])

    def changes(system: RateSystem) -> Arrays:
        with TorchSession(system) as session:
            session.load(weights)
            return session.changes(*samples(seed))

    found = compare(changes(make(form, precision, beta)), changes(limit))
    return {name: each.cosine for name, each in found.items() if "." not in name}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("precision", "beta"), [("bfloat16", 0.01), ("float32", 1e-6)])
def test_differences_keep_what_two_states_lose(seed: int, precision: str, beta: float) -> None:
    kept = least_cosines("difference", precision, beta, seed)
    lost = least_cosines("two-states", precision, beta, seed)
    assert min(kept.values()) > 0.97
    assert min(lost.values()) < 0.6


@pytest.mark.parametrize("seed", SEEDS)
def test_two_states_of_which_rounding_is_left_are_warned_of_once(seed: int) -> None:
    with TorchSession(make("two-states", "bfloat16", 0.01), seed) as session:
        with pytest.warns(PrecisionWarning, match="'hidden1'.*what these layers learn is noise"):
            session.fit(*samples(seed), 1.0, 0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for key in range(1, 102):
                session.fit(*samples(seed), 1.0, key)


@pytest.mark.parametrize(
    ("form", "precision"), [("difference", "bfloat16"), ("two-states", "float32")]
)
def test_what_keeps_its_digits_is_not_warned_of(form: str, precision: str) -> None:
    with TorchSession(make(form, precision, 0.01)) as session, warnings.catch_warnings():
        warnings.simplefilter("error")
        session.fit(*samples(0), 1.0, 0)
