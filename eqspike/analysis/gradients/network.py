"""The rate network that the spiking network approaches when its filters are slow and its phases are long.

A sigma-delta neuron fires at the rate clip(s, 0, 1) of its relaxed drive s. With rates instead of spikes,

    s <- s + step (drive + nudge - s)        r = rho(s)
    drive of a layer = (rates below) W_below + W_above (rates above) + b
    nudge of the output = beta (y - r)       inside the nonlinearity; 0 elsewhere

The input's rate is clamped. At a fixed point r = rho(drive + nudge), and the update of Equilibrium Propagation is

    dW = mean over samples of (r_pre r_post at beta - r_pre r_post at 0) / beta      one-sided
    dW = mean over samples of (r_pre r_post at beta - r_pre r_post at -beta) / (2 beta)      centered
    db = the same with r

to be *added* to the parameters.

What is proved. Where rho increases strictly, a fixed point is a stationary point in r of

    F = sum of the integral of rho^-1 - Phi + beta C,    Phi = sum of r_pre W r_post + b r
    C = |y - r_out|^2 / 2

so dF/dbeta = C and dF/dW = - r_pre r_post. Equality of the mixed derivatives gives dW -> - dC/dW as beta -> 0
(Scellier and Bengio, Front. Comput. Neurosci. 11:24, 2017, theorem 1), with an error of order beta one-sided and
beta^2 centered. Integrating instead: at any beta, for which the fixed point follows the nudge continuously, the
centered update is minus the exact gradient of C averaged over nudges from -beta to beta, and the one-sided
update that of C averaged from 0 to beta (Scellier, Ernoult, Kendall and Kumar, NeurIPS 2023). The factor rho'
of rules written in s is absent because the nudge stands inside rho; outside, a bias remains at every beta.

What is measured (tests/reference/test_gradient.py), with a smooth rho: both orders, and the average over nudges to
rounding. With the hard clip the limit holds wherever no drive stands on a kink, but a nudge of finite size makes
neurons cross kinks, and the update then differs from - dC/dW by more than any power of beta.

Shapes: inputs (samples, pixels), targets (samples, outputs), states and rates: for each layer an array
(samples, neurons).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eqspike.core.activations import HARD_SIGMOID, Activation
from eqspike.core.errors import ConvergenceError
from eqspike.core.learner import Arrays
from eqspike.core.network import Network

Array = NDArray[np.float64]
States = tuple[Array, ...]

STEP = 0.5
TOLERANCE = 1e-12
LONGEST = 50_000
"""Relaxation steps after which there is no hope of a fixed point."""

_TINY = 1e-300  # keeps the relative change of states that are all zero from being undefined


@dataclass(frozen=True)
class RateNetwork:
    """A layered rate-based network.

    Attributes:
        network: what is wired.
        weights: weights and biases by name, as sessions give them: `input-hidden` (pre, post), `hidden.bias`...
        activation: rho.
    """

    network: Network
    weights: Arrays
    activation: Activation = HARD_SIGMOID

    def rates(self, inputs: Array, states: States) -> States:
        """Rates of all layers, the clamped input first."""
        return (inputs, *(self.activation.rate(state) for state in states))

    def neighbours(self, activities: Sequence[Array]) -> list[Array]:
        """What each free layer receives through its couplings when the layers have these activities."""
        received = [np.zeros_like(activity) for activity in activities[1:]]
        for index, coupling in enumerate(self.network.couplings):
            weights = self.weights[coupling.name]
            received[index] += activities[index] @ weights
            if coupling.bidirectional:
                received[index - 1] += activities[index + 1] @ weights.T
        return received

    def silent(self, samples: int) -> States:
        """States of zero: where every presentation starts."""
        return tuple(np.zeros((samples, layer.size)) for layer in self.network.free_layers)

    def products(self, rates: States) -> Arrays:
        """Mean over samples of r_pre r_post for each coupling, and of r for each bias, by name."""
        result: Arrays = {}
        for index, coupling in enumerate(self.network.couplings):
            result[coupling.name] = rates[index].T @ rates[index + 1] / len(rates[0])
        for layer, rate in zip(self.network.free_layers, rates[1:], strict=True):
            result[f"{layer.name}.bias"] = rate.mean(0)
        return result


def relax(
    network: RateNetwork, inputs: Array, targets: Array, beta: float = 0.0, start: States | None = None,
    *, step: float = STEP, tolerance: float = TOLERANCE, longest: int = LONGEST,
) -> States:  # fmt: skip
    """States of the free layers at the fixed point, all samples together.

    Args:
        inputs: rates of the clamped layer; targets: y.
        beta: nudging strength; 0 is the free phase.
        start: states to start from, by default silence.
        step: of the relaxation, in (0, 1].
        tolerance: change of a step relative to the states below which they are at rest.
        longest: steps allowed.

    Raises:
        ConvergenceError: if the states are not at rest after `longest` steps.
    """
    states = network.silent(len(inputs)) if start is None else start
    biases = [network.weights[f"{layer.name}.bias"] for layer in network.network.free_layers]
    change = np.inf
    for _ in range(longest):
        rates = network.rates(inputs, states)
        drives = network.neighbours(rates)
        drives[-1] += beta * (targets - rates[-1])
        moves = [step * (d + b - s) for d, b, s in zip(drives, biases, states, strict=True)]
        states = tuple(s + move for s, move in zip(states, moves, strict=True))
        change = _size(moves) / max(_size(states), _TINY)
        if change < tolerance:
            return states
    raise ConvergenceError(
        f"rate network at beta {beta:g}: a step still changes the states by {change:.1e} of their size after "
        f"{longest} steps (needed: {tolerance:g}); use a smaller step or smaller weights"
    )


def update(
    network: RateNetwork, inputs: Array, targets: Array, beta: float, *, centered: bool,
    free: States | None = None,
) -> Arrays:  # fmt: skip
    """The update of Equilibrium Propagation by name, to be added to the parameters: see the module.

    Args:
        inputs, targets, beta: as for `relax`; beta is not 0.
        centered: nudge both ways instead of comparing with the free phase.
        free: states of the free fixed point, if known.

    Raises:
        ConvergenceError: if a phase does not come to rest.
    """
    free = relax(network, inputs, targets) if free is None else free
    nudged = relax(network, inputs, targets, beta, free)
    other = relax(network, inputs, targets, -beta, free) if centered else free
    after = network.products(network.rates(inputs, nudged))
    before = network.products(network.rates(inputs, other))
    span = 2.0 * beta if centered else beta
    return {name: (after[name] - before[name]) / span for name in after}


def _size(arrays: Sequence[Array]) -> float:
    return float(np.sqrt(sum(float((array**2).sum()) for array in arrays)))
