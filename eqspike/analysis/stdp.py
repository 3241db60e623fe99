"""Weight change against spike lag: of isolated pairs, and of every evaluation of the rule in a network at work.

A lag is the time of the postsynaptic spike minus that of the presynaptic one, in time steps. The rule (see
`core.local_rule`) changes a weight only when one of its two neurons spikes, by what the traces of the other say
at that step.

*An isolated pair.* One spike leaves in a trace, k steps later and that step's update included,
(1 - 1/tau)^k / tau. The later spike of the pair reads it through the coefficients c of the rule's products, so with
the derivative rule it meets

    kernel(k) = [(1 - 1/tau_fast)^k / tau_fast - (1 - 1/tau_slow)^k / tau_slow] / (tau_slow - tau_fast)

and the earlier spike meets nothing. The pair changes the weight by kernel(|lag|), and by 2 kernel(0) at lag 0, where
each spike meets the other. The rule is a product of the two spike trains: a baseline of other spikes adds terms
with either spike alone, none with both, so the pair's own change is the same at any baseline rate.

An input neuron is clamped and has no traces: its synapses keep only the half that an input spike triggers
(lag <= 0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eqspike.core.local_rule import LocalRule, Side
from eqspike.core.network import Coupling
from eqspike.core.random_stream import draws, stream_key
from eqspike.engines.protocol import Arrays, Images, Labels, System

Array = NDArray[np.float64]

LARGEST_LAG = 60
"""Lags run from minus this to this, in time steps."""

LAGS = np.arange(-LARGEST_LAG, LARGEST_LAG + 1)

SPREAD = (0.1, 0.9)
"""Quantiles of the reported spread."""

BASELINES = ((0.0, "silent"), (0.1, "regular"), (0.3, "regular"), (0.1, "poisson"), (0.3, "poisson"))
"""Rate in spikes per step, of both neurons, and pattern of the spikes around the pair."""

_SETTLED = 5
"""Baselines start and end this many of the slowest time constant away from the pair."""

_BLOCK = 20


@dataclass(frozen=True)
class Window:
    """Weight change by lag; arrays of shape (lags,), for `LAGS`.

    Attributes:
        mean: mean weight change; not a number where nothing was seen.
        low, high: bounds of the spread (quantiles `SPREAD`).
        events: number of observations.
    """

    mean: Array
    low: Array
    high: Array
    events: Array


@dataclass(frozen=True)
class PairProtocol:
    """Change caused by one extra spike on each side, on top of a baseline.

    Attributes:
        rate, pattern: of the baseline, as in `BASELINES`.
        pair: change that needs both spikes: with both, minus with either alone, plus with neither; (lags,).
        total: change with both extra spikes minus with neither, over trials: what a single experiment sees.
    """

    rate: float
    pattern: str
    pair: Array
    total: Window


@dataclass(frozen=True)
class InSitu:
    """Every evaluation of the rule at one coupling, for one sign of the nudge.

    Attributes:
        coupling: its name; sign: of beta, 1 or -1.
        window: weight change (divided by beta) against the lag to the nearest spike of the other neuron.
        total: sum of all changes, also of those with no spike of the other neuron within `LARGEST_LAG`.
        events: number of evaluations.
        explained: share of the variance of single changes that their lag accounts for, 0 to 1.
    """

    coupling: str
    sign: int
    window: Window
    total: float
    events: int
    explained: float


def follow(spikes: Array, tau: float) -> Array:
    """The trace after each step, that step's spike included; (steps, ...), starting from 0."""
    value = np.zeros(spikes.shape[1:])
    values = np.empty(spikes.shape)
    for step, spike in enumerate(spikes):
        value = value + (spike - value) / tau
        values[step] = value
    return values


def increments(rule: LocalRule, spike: Side, other: Array) -> Array:
    """Change a spike of one side causes in each step (beta = 1), given the spikes of the other: (steps, ...)."""
    result = np.zeros(other.shape)
    for coefficient, trace in zip(rule.coefficients(spike), rule.traces, strict=True):
        result += coefficient * follow(other, trace.tau)
    return result


def summed_change(rule: LocalRule, pre: Array, post: Array) -> Array:
    """Weight change over all steps (beta = 1); spikes (steps, ...), result (...)."""
    by_pre = pre * increments(rule, "pre", post)
    by_post = post * increments(rule, "post", pre)
    return np.asarray((by_pre + by_post).sum(0))


def pair_term(rule: LocalRule, lags: NDArray[np.int64], sides: Sequence[Side] = ("pre", "post")) -> Array:
    """Closed form of the change caused by an isolated pair (beta = 1), see the module.

    Args:
        lags: post minus pre, in steps.
        sides: whose spikes evaluate the rule: only "pre" at the synapses of a clamped input.
    """
    result = np.zeros(lags.shape)
    for side in sides:
        age = -lags if side == "pre" else lags
        past = np.maximum(age, 0)
        for coefficient, trace in zip(rule.coefficients(side), rule.traces, strict=True):
            result += (age >= 0) * coefficient * (1 - 1 / trace.tau) ** past / trace.tau
    return result
