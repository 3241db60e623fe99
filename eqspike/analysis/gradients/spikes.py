"""Does the spiking rule follow the gradient? A chain of three comparisons, each with its own reason.

    exact gradient  <- theorem, beta -> 0 ->  rate network's update  <- slow filters, long phases ->  spikes

1. *Theorem*: with a smooth activation, the rate network's update tends to minus the gradient of the loss as
   beta -> 0, with an error of order beta one-sided and beta^2 centered (`analysis.gradients.network`).
2. *Spikes against rates*: the change the spiking rule asks, averaged over the samples and over both signs of
   beta where the rule draws it, against the rate network's update at the same beta. That update is minus the
   exact gradient of the loss averaged over nudges from -beta to beta. Lengthening the phases and slowing the
   traces together makes the rates that the traces see less noisy, and the agreement better. Two differences
   stay: neurons average their input over few spikes, which rounds off the kinks of the clip, and the end of the
   phase cuts off the traces. In the *limit* both are removed: neurons slower, and phases much longer than traces.
3. *Spikes against the exact gradient* of the loss without a nudge, by backpropagation through time. The nudge
   is not small, so this agrees less; it is reported and no bound is asked of it.

Traces that are cut off by the end of the nudged phase see only a part of a rate's step (`kept_share`), the
same for all synapses. Hence the cosine is the measure; the relative error contains that common factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from eqspike.analysis.gradients.exact import UNROLLED_STEPS, bptt, implicit
from eqspike.analysis.gradients.expected import (
    LIMIT_PHASES,
    kept_share,
    lengthened,
    limit,
    spiking_update,
    stored_weights,
)
from eqspike.analysis.gradients.network import Array, RateNetwork, relax, update
from eqspike.core.activations import SIGMOID_4
from eqspike.core.errors import ActivityError, ConvergenceError
from eqspike.core.learner import Arrays, Images, Labels
from eqspike.core.stages import each
from eqspike.rules.known import require_eqspike
from eqspike.systems import System

FACTORS = (1, 2, 4, 8)
"""By which phases and traces are lengthened together."""

BETAS = (1e-1, 1e-2, 1e-3)

THEOREM_ERROR = 1e-3
"""Largest relative error of the smooth rate network's centered update at the smallest of `BETAS`."""

LEAST_COSINE = 0.9
"""Least cosine of spikes against rates in the limit."""

NOISE = 0.01
"""Cosine by which the longest phases may fall behind the model's own before that counts as worse."""

_LONGEST_UNROLLED = 16_000
_AGREEMENT = 1e-6


@dataclass(frozen=True)
class Similarity:
    """How an update compares with a reference.

    Attributes:
        cosine: of the angle between them, in [-1, 1].
        relative_error: |update - reference| / |reference|.
        size: |update| / |reference|.
    """

    cosine: float
    relative_error: float
    size: float


Similarities = Mapping[str, Similarity]


@dataclass(frozen=True)
class NudgeError:
    """The theorem at one beta: largest relative error over couplings and biases."""

    beta: float
    one_sided: float
    centered: float


@dataclass(frozen=True)
class PhaseLength:
    """The spiking rule with longer phases.

    Attributes:
        factor: phases, relative to the model's.
        free_steps, nudged_steps: lengths of the phases.
        against_rates: spikes against the rate network's update at the model's beta, by name.
        against_exact: spikes against minus the exact gradient of the loss without a nudge.
    """

    factor: int
    free_steps: int
    nudged_steps: int
    against_rates: Similarities
    against_exact: Similarities


@dataclass(frozen=True)
class GradientCheck:
    """Result of `check_gradient`.

    Attributes:
        samples: number of images.
        beta: the model's nudging strength.
        theorem: errors of the smooth rate network, from the largest beta to the smallest.
        rates_against_exact: the hard-clip rate network's update at the model's beta against minus the exact
            gradient.
        growth: the spiking rule from the model's own phases to the longest, traces slowed alike.
        limit: the spiking rule with slow neurons and phases much longer than its slow traces.
        kept_share: part of a rate's step that the traces have seen by the end of the nudged phase.
    """

    samples: int
    beta: float
    theorem: tuple[NudgeError, ...]
    rates_against_exact: Similarities
    growth: tuple[PhaseLength, ...]
    limit: PhaseLength
    kept_share: float

    def failures(self) -> tuple[str, ...]:
        """What does not hold, in words; empty if the check holds."""
        found = []
        smallest = self.theorem[-1]
        if smallest.centered > THEOREM_ERROR:
            found.append(
                f"smooth rate network at beta {smallest.beta:g}: relative error {smallest.centered:.1e} "
                f"(needed: at most {THEOREM_ERROR:g})"
            )
        for name, similarity in self.limit.against_rates.items():
            if similarity.cosine < LEAST_COSINE:
                found.append(
                    f"{name}: cosine {similarity.cosine:.3f} in the limit (needed: at least {LEAST_COSINE:g})"
                )
        first = self.growth[0].against_rates
        for name, similarity in self.growth[-1].against_rates.items():
            if similarity.cosine < first[name].cosine - NOISE:
                found.append(
                    f"{name}: cosine falls from {first[name].cosine:.3f} to {similarity.cosine:.3f} "
                    "with longer phases"
                )
        return tuple(found)


def check_gradient(
    system: System, images: Images, labels: Labels, weights: Arrays, seed: int = 0
) -> GradientCheck:
    """Compare the spiking rule's expected change with the rate network's update and with the exact gradient.

    Args:
        system: a system of sigma-delta neurons; its weights stay fixed also if its rule is online.
        images: levels 0..255, (samples, pixels); labels: (samples,).
        weights: by name; the comparison uses what the system's memory makes of them.
        seed: of the presentations; matters only to encoders that draw their spikes.

    Raises:
        UnsupportedError: for another neuron, whose rate is not the clip of its drive.
        ActivityError: if a gradient is zero, so that there is nothing to compare.
        ConvergenceError: if a rate network does not come to rest.
        MissingPackageError: without PyTorch, which takes the exact gradient.
    """
    require_eqspike(system.rule)
    slow = limit(system)
    rule, stored = system.rule, stored_weights(system, weights)
    inputs = images / system.encoder.full_scale
    targets = np.eye(system.network.output.size)[labels] * rule.target_rate
    network = RateNetwork(system.network, stored)
    downhill = _downhill(network, inputs, targets)
    of_rates = update(network, inputs, targets, rule.beta, centered=rule.both_signs)

    def measured(factor: int, slowed: System) -> PhaseLength:
        of_spikes = spiking_update(slowed, images, labels, stored, seed)
        against = compare(of_spikes, of_rates), compare(of_spikes, downhill)
        return PhaseLength(factor, slowed.rule.free_steps, slowed.rule.nudged_steps, *against)

    growth = tuple(measured(factor, lengthened(system, factor, factor)) for factor in FACTORS)
    return GradientCheck(
        len(images),
        rule.beta,
        nudge_errors(replace(network, activation=SIGMOID_4), inputs, targets),
        compare(of_rates, downhill),
        growth,
        measured(LIMIT_PHASES, slow),
        kept_share(rule),
    )


def nudge_errors(
    network: RateNetwork, inputs: Array, targets: Array, betas: tuple[float, ...] = BETAS
) -> tuple[NudgeError, ...]:
    """Relative error of the rate network's updates against minus the exact gradient, for each beta."""
    free = relax(network, inputs, targets)
    downhill = _downhill(network, inputs, targets)
    result = []
    for beta in each("strengths of the nudge", betas):
        one_sided, centered = (
            compare(update(network, inputs, targets, beta, centered=both, free=free), downhill)
            for both in (False, True)
        )
        result.append(NudgeError(beta, _largest(one_sided), _largest(centered)))
    return tuple(result)


def compare(change: Arrays, reference: Arrays) -> dict[str, Similarity]:
    """Similarity of two updates, array by array.

    Raises:
        ActivityError: if one of them is zero.
    """
    result = {}
    for name, wanted in reference.items():
        got = change[name]
        size, of_reference = float(np.linalg.norm(got)), float(np.linalg.norm(wanted))
        if not size or not of_reference:
            raise ActivityError(
                f"the gradient of '{name}' is zero: all neurons it reaches are silent or saturated on these "
                "samples; use more samples, other weights (--run) or a larger training.initial_gain"
            )
        cosine = float((got * wanted).sum()) / (size * of_reference)
        error = float(np.linalg.norm(got - wanted)) / of_reference
        result[name] = Similarity(cosine, error, size / of_reference)
    return result


def _downhill(network: RateNetwork, inputs: Array, targets: Array) -> Arrays:
    """Minus the exact gradient, on which its two derivations agree.

    Backpropagation takes as many steps as the relaxation of these weights needs.
    """
    free = relax(network, inputs, targets)
    other = implicit(network, inputs, targets, free)
    steps, apart = UNROLLED_STEPS, ""
    while steps <= _LONGEST_UNROLLED:
        gradient = bptt(network, inputs, targets, free, steps)
        apart = _apart(gradient, other)
        if not apart:
            return {name: -array for name, array in gradient.items()}
        steps *= 2
    raise ConvergenceError(
        f"exact gradient of {apart} between implicit differentiation and {steps // 2} steps of backpropagation "
        "through time; the relaxation is too slow for these weights, use smaller ones"
    )


def _apart(gradient: Arrays, other: Arrays) -> str:
    """The first array in which two derivations differ, and by how much; empty if none."""
    for name, array in gradient.items():
        difference = float(np.linalg.norm(array - other[name]))
        if difference > _AGREEMENT * float(np.linalg.norm(other[name])):
            return f"'{name}': {difference:.1e}"
    return ""


def _largest(similarities: Similarities) -> float:
    return max(similarity.relative_error for similarity in similarities.values())
