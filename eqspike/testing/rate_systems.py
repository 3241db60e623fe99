"""Small rate-based networks for tests of the engines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eqspike.core.activations import ACTIVATIONS
from eqspike.core.learner import Images, Keys, Labels
from eqspike.core.messages import VALUES, Messages
from eqspike.core.network import layered
from eqspike.core.neurons import AnyRateNeuron, RateNeuron
from eqspike.core.rates import Dynamics, Feedback, Readout
from eqspike.memory import Ideal, WeightMemory
from eqspike.rules import (
    AsymmetricEquilibrium,
    ContinualVectorField,
    Equilibrium,
    Nudging,
    RateRule,
)
from eqspike.systems import RateSystem

PIXELS, CLASSES = 12, 4


def small_rate_system(
    rule: Callable[[Nudging], RateRule] = Equilibrium, *, sign: str = "positive", updates: str = "synchronous",
    nudge: str = "inside", activation: str = "sigmoid-4", initial: float = 0.0,
    hidden: tuple[int, ...] = (7, 5), angle: float = 60.0, threshold: float | None = None,
    memory: WeightMemory | None = None, neuron: AnyRateNeuron | None = None, replicas: int = 1,
    form: str = "two-states", nudged_threshold: float | None = None,
) -> RateSystem:  # fmt: skip
    """A network that is quick to simulate message by message.

    Args:
        rule: C-VF and asymmetric EP have separate backward weights, at that angle; the latter difference form.
        neuron: instead of rate neurons of that activation.
        replicas: outputs of each class.
        threshold: of changes; None where values are sent. nudged_threshold: of differences.
        form: of nudged phases.
    """
    network = layered((PIXELS, *hidden, CLASSES * replicas))
    rates = tuple(0.3 / (1 + index) for index in range(len(network.couplings)))
    return RateSystem(
        network,
        neuron or RateNeuron(ACTIVATIONS[activation], initial),
        Dynamics(updates, nudge, "difference" if rule is AsymmetricEquilibrium else form),
        Feedback("separate", angle)
        if rule in (ContinualVectorField, AsymmetricEquilibrium)
        else Feedback(),
        rule(Nudging(9, 5, 0.4, sign)),
        memory or Ideal(),
        "float64",
        rates,
        (1.0,) * len(rates),
        Readout(replicas),
        messages=VALUES if threshold is None else Messages("changes", threshold, nudged_threshold),
    )


def rate_samples(count: int = 6) -> tuple[Images, Labels, Keys]:
    """Random images, one pixel dark in all of them; labels and presentation keys."""
    images = np.random.default_rng(5).integers(0, 256, (count, PIXELS)).astype(np.uint8)
    images[:, 3] = 0
    return images, np.arange(count) % CLASSES, np.arange(count, dtype=np.uint64)
