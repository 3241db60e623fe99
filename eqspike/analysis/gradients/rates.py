"""Does a rule of rate networks follow the gradient? The theorems it rests on, numerically.

1. *Sum*: at the fixed point, with long phases and weights held, the rule's change divided by beta tends to minus
   the gradient of L = |y - s_L|^2 / 2 as beta -> 0, with an error of order beta one-sided and beta^2 centered.
2. *Placement*: with the nudge outside the activation this fails, at every beta.
3. *Step by step*: each step of the nudged phase gives minus the gradient of one step of backpropagation through
   time (`analysis.gradients.processes`), for continual rules in the limit of a vanishing learning rate.
4. *Own settings*: the rule with the model's own beta and phases, as it is used; reported, no bound asked of it.

Weights that differ between the two directions have such a theorem only under asymmetric Equilibrium Propagation
(`rules.asymmetric`), at any angle; otherwise what follows is only reported, as angles.
A kinked activation is replaced by the smooth one of equal slope.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from eqspike.analysis.gradients.processes import Processes, update_processes
from eqspike.analysis.gradients.resting import at_rest, free_states, smooth, with_steps
from eqspike.analysis.gradients.spikes import NudgeError, Similarities, compare
from eqspike.analysis.gradients.unrolled import Unrolled, unroll
from eqspike.core.learner import Arrays, Images, Labels
from eqspike.rules.known import nudging_of, with_nudging
from eqspike.rules.readings import EndField, writes_steps
from eqspike.systems import RateSystem

BETAS = (1e-1, 1e-2, 1e-3)
FACTORS = (1e-3, 1e-4, 1e-5)
"""Of the model's learning rates, in the step-by-step comparison of continual rules."""

THEOREM_ERROR = 1e-5
"""Largest relative error of the centered change at the smallest of `BETAS`."""

PROCESS_ERROR = 1e-4
"""Largest relative error of a process at the smallest of `BETAS` and of `FACTORS`, centered."""

BIAS = 1e-2
"""Least relative error of the nudge outside at the smallest of `BETAS` that shows that its place matters."""


@dataclass(frozen=True)
class RateGradientCheck:
    """Result of `check_rate_gradient`.

    Attributes:
        samples: number of images; free_steps: after which the network rests.
        symmetric: whether backward weights are the transposed forward ones.
        proved: whether the theorems speak of such weights and such a rule.
        inside: whether the model's nudge stands inside the activation.
        beta: the model's.
        theorem: largest relative errors, from the largest beta to the smallest; outside: with the nudge outside.
        own: the rule at the model's own beta and phases against minus the gradient; angle: of all parameters
            together, in degrees.
        processes: relative error over all steps, by layer and parameter, centered at the smallest beta and, where
            the rule is continual, the smallest factor of the learning rates.
        factors: for continual rules, largest error of `processes` by factor of the learning rates.
        updates, gradients: the processes themselves.
        moving: for continual rules, the processes at the model's own learning rates and beta.
    """

    samples: int
    free_steps: int
    symmetric: bool
    proved: bool
    inside: bool
    beta: float
    theorem: tuple[NudgeError, ...]
    outside: tuple[NudgeError, ...]
    own: Similarities
    angle: float
    processes: Mapping[str, float]
    factors: Mapping[float, float]
    updates: Processes
    gradients: Processes
    moving: Processes | None

    @property
    def steps(self) -> int:
        """Steps of the processes."""
        return len(next(iter(self.updates.neurons.values())))

    def failures(self) -> tuple[str, ...]:
        """What does not hold, in words; empty if the check holds or nothing is proved of such a network."""
        if not self.proved:
            return ()
        found = []
        smallest = self.theorem[-1]
        if smallest.centered > THEOREM_ERROR:
            found.append(
                f"centered at beta {smallest.beta:g}: relative error {smallest.centered:.1e} (needed: at most "
                f"{THEOREM_ERROR:g}){'' if self.inside else '; the nudge stands outside the activation'}"
            )
        for name, error in self.processes.items():
            if error > PROCESS_ERROR:
                found.append(
                    f"process of {name}: relative error {error:.1e} (needed: at most {PROCESS_ERROR:g})"
                )
        if self.outside[-1].centered < BIAS:
            found.append(
                f"nudge outside: relative error {self.outside[-1].centered:.1e} (expected: above {BIAS:g})"
            )
        return tuple(found)


def check_rate_gradient(
    system: RateSystem, images: Images, labels: Labels, weights: Arrays
) -> RateGradientCheck:
    """Compare a rule's changes with the exact gradient, summed and step by step.

    Args:
        images: levels 0..255, (samples, pixels); labels: (samples,).
        weights: by name.

    Raises:
        ConvergenceError: if the network does not come to rest.
        ActivityError: if a gradient is zero, so that there is nothing to compare.
        MissingPackageError: without PyTorch.
        UnsupportedError: for binary neurons.
    """
    system = smooth(system)
    rested = at_rest(system, weights, images)
    inputs, targets = images / 255.0, system.targets(labels)
    weights = {name: weights[name] for name in weights if name.count(".") == name.endswith(".bias")}
    steps = nudging_of(system.rule).nudged_steps
    states = free_states(rested, weights, images)
    exact = unroll(
        rested, weights, inputs, targets, states,
        steps=max(nudging_of(rested.rule).free_steps, steps), apart=steps,
    )  # fmt: skip
    downhill = {name: -array for name, array in exact.total.items()}

    def errors(nudge: str) -> tuple[NudgeError, ...]:
        placed = replace(rested, dynamics=replace(rested.dynamics, nudge=nudge))
        return tuple(nudge_error(placed, weights, images, labels, beta, downhill) for beta in BETAS)

    gradients = _gradients(exact)

    def processes(beta: float, factor: float, centered: bool) -> Processes:
        return update_processes(
            with_steps(rested, nudged=steps), weights, images, labels, beta,
            centered=centered, rate_factor=factor,
        )  # fmt: skip

    continual = writes_steps(system.rule.reading)
    by_step = system.dynamics.updates == "synchronous"
    updates = processes(BETAS[-1], FACTORS[-1] if continual else 0.0, True)
    own = own_changes(system, weights, images, labels)
    symmetric = is_symmetric(system, weights)
    return RateGradientCheck(
        len(images),
        nudging_of(rested.rule).free_steps,
        symmetric,
        symmetric or isinstance(system.rule.reading, EndField),
        system.dynamics.nudge == "inside",
        nudging_of(system.rule).beta,
        errors(system.dynamics.nudge),
        errors("outside"),
        compare(own, downhill),
        angle_between(own, downhill),
        updates.errors(gradients) if by_step else {},
        _by_factor(processes, gradients) if continual else {},
        updates,
        gradients,
        processes(nudging_of(system.rule).beta, 1.0, False) if continual else None,
    )


def is_symmetric(system: RateSystem, weights: Arrays) -> bool:
    """Whether backward weights are the transposed forward ones."""
    return not system.feedback.separate or all(
        np.array_equal(weights[f"{c.post.name}-{c.pre.name}"], weights[c.name].T)
        for c in system.network.couplings
        if c.bidirectional
    )


def held_changes(
    system: RateSystem, weights: Arrays, images: Images, labels: Labels, beta: float
) -> Arrays:
    """The rule's change from one nudge of strength beta, divided by it, weights held."""
    from eqspike.engines.torch import TorchSession

    nudging = replace(nudging_of(system.rule), beta=beta, sign="positive")
    nudged = replace(system, rule=with_nudging(system.rule, nudging))
    with TorchSession(nudged) as session:
        session.load(weights)
        return session.changes(images, labels, np.arange(len(images), dtype=np.uint64))


def centered_changes(
    system: RateSystem, weights: Arrays, images: Images, labels: Labels, beta: float
) -> Arrays:
    """Mean of the changes from nudges of both signs."""
    forth, back = (held_changes(system, weights, images, labels, s * beta) for s in (1, -1))
    return {name: (forth[name] + back[name]) / 2 for name in forth}


def own_changes(system: RateSystem, weights: Arrays, images: Images, labels: Labels) -> Arrays:
    """The change the rule asks at its own beta and phases; both signs where it draws or compares them."""
    nudging = nudging_of(system.rule)
    changes = held_changes if nudging.sign == "positive" else centered_changes
    return changes(system, weights, images, labels, nudging.beta)


def angle_between(change: Arrays, reference: Arrays) -> float:
    """Angle of two sets of arrays, each as one vector, in degrees."""
    product = sum(float((change[name] * reference[name]).sum()) for name in reference)
    sizes = [
        np.sqrt(sum(float((a[name] ** 2).sum()) for name in reference)) for a in (change, reference)
    ]
    return float(np.rad2deg(np.arccos(np.clip(product / (sizes[0] * sizes[1]), -1.0, 1.0))))


def nudge_error(
    system: RateSystem, weights: Arrays, images: Images, labels: Labels, beta: float, downhill: Arrays
) -> NudgeError:  # fmt: skip
    """Largest relative errors of the changes at one beta."""
    one_sided, centered = (
        max(s.relative_error for s in compare(of(system, weights, images, labels, beta), downhill).values())
        for of in (held_changes, centered_changes)
    )  # fmt: skip
    return NudgeError(beta, one_sided, centered)


def _gradients(exact: Unrolled) -> Processes:
    """Minus the gradient processes."""
    return Processes(
        {name: -array for name, array in exact.drives.items()},
        {name: -array for name, array in exact.parameters.items()},
    )


def _by_factor(
    processes: Callable[[float, float, bool], Processes], wanted: Processes
) -> dict[float, float]:
    return {
        factor: max(processes(BETAS[-1], factor, True).errors(wanted).values())
        for factor in FACTORS
    }
