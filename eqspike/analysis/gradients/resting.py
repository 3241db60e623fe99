"""A rate-based network whose phases are so long that it rests at their end, as the theorems ask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eqspike.core.activations import SIGMOID_4
from eqspike.core.errors import ConvergenceError
from eqspike.core.learner import Arrays, Images
from eqspike.core.rates import differentiable
from eqspike.rules.known import nudging_of, with_nudging
from eqspike.systems import RateSystem

AT_REST = 1e-12
"""Largest change of a rate in one more step."""

LONGEST = 4096
"""Steps of a phase, at most."""


def smooth(system: RateSystem) -> RateSystem:
    """The system with a smooth activation, in float64.

    Raises:
        UnsupportedError: for binary neurons.
    """
    neuron = differentiable(system.neuron)
    if not neuron.activation.smooth:
        neuron = replace(neuron, activation=SIGMOID_4)
    return replace(system, neuron=neuron, precision="float64")


def at_rest(system: RateSystem, weights: Arrays, images: Images) -> RateSystem:
    """The system with phases so long that the network rests at their end.

    Raises:
        ConvergenceError: if that takes more than `LONGEST` steps.
    """
    steps = nudging_of(system.rule).free_steps
    while steps <= LONGEST:
        long = with_steps(system, free=steps, nudged=steps)
        now, then = (
            free_states(with_steps(long, free=steps + more), weights, images) for more in (0, 1)
        )
        moved = max(float(np.abs(then[name] - now[name]).max()) for name in now)
        if moved <= AT_REST:
            return long
        steps *= 2
    raise ConvergenceError(
        f"gradient check: a step still changes rates by {moved:.1e} after {steps // 2} steps (needed: "
        f"{AT_REST:g}); use smaller weights, or dynamics.updates even-odd if they oscillate"
    )


def free_states(system: RateSystem, weights: Arrays, images: Images) -> Arrays:
    """Rates at the end of the free phase, by layer."""
    from eqspike.engines.torch import TorchSession

    with TorchSession(system) as session:
        session.load(weights)
        return session.rates(images)


def with_steps(
    system: RateSystem, free: int | None = None, nudged: int | None = None
) -> RateSystem:
    """The system with phases of these lengths; None keeps its own."""
    nudging = nudging_of(system.rule)
    nudging = replace(
        nudging,
        free_steps=free or nudging.free_steps,
        nudged_steps=nudged or nudging.nudged_steps,
    )
    return replace(system, rule=with_nudging(system.rule, nudging))
