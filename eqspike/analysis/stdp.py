"""Weight change against spike lag: of isolated pairs, and of every evaluation of the rule in a network at work.

A lag is the time of the postsynaptic spike minus that of the presynaptic one, in time steps. The rule (see
`core.local_rule`) changes a weight only when one of its two neurons spikes, by what the traces of the other say
in that step.

*An isolated pair.* One spike leaves in a trace, k steps later and that step's update included,
(1 - 1/tau)^k / tau. The later spike of the pair reads it through the coefficients of the rule's products: with the
derivative rule,

    kernel(k) = [(1 - 1/tau_fast)^k / tau_fast - (1 - 1/tau_slow)^k / tau_slow] / (tau_slow - tau_fast)

and the earlier spike reads nothing. So the pair changes the weight by kernel(|lag|), and by 2 kernel(0) at lag 0,
where each spike reads the other. The change is a sum of products of one spike of each side: other spikes add terms
that need only one spike of the pair, never both, so the pair's own change is the same on any baseline.

The synapses of a clamped input follow only the half that a presynaptic spike triggers: lag <= 0.

*In situ.* Each spike in the nudged phase evaluates the rule at each synapse it reaches. The lag is taken to the
nearest spike of the other neuron in either phase, the earlier of two at equal distance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eqspike.core.local_rule import LocalRule, Side
from eqspike.core.network import Coupling
from eqspike.core.random_stream import stream_key, uniforms

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Simulate = Callable[[LocalRule, Array, Array], Array]
"""Weight change over all steps, from a rule and the spikes of both sides: as `summed_change`."""

LARGEST_LAG = 60
"""Lags run from minus this to this, in time steps."""

LAGS = np.arange(-LARGEST_LAG, LARGEST_LAG + 1)

SPREAD = (0.1, 0.9)
"""Quantiles of the reported spread."""

BASELINES = (
    (0.0, "silent"),
    (0.1, "regular"),
    (0.3, "regular"),
    (0.1, "Poisson"),
    (0.3, "Poisson"),
)
"""Rate (spikes per step) and pattern of both neurons' other spikes in the pair protocol."""

TRIALS = 100
"""Baselines drawn in the pair protocol; regular ones differ in their onsets."""

SYMMETRY_LAGS = 20
"""The symmetry of a curve is judged from lag 1 to this."""

_SETTLED = 5
"""A baseline begins and ends this many times the slowest time constant away from the pair."""

_RUNS = 11
"""Lags are simulated in this many groups: bounds the memory."""

_FAR = 1 << 40
"""Distance in steps of a spike that never comes."""


@dataclass(frozen=True)
class Window:
    """Weight change by lag: arrays of shape (lags,), for `LAGS`.

    Attributes:
        mean: mean weight change, not a number where nothing was seen.
        low, high: bounds of the spread (quantiles `SPREAD`).
        events: number of observations.
    """

    mean: Array
    low: Array
    high: Array
    events: Array

    @property
    def symmetry(self) -> float:
        """Even share of the curve's energy off lag 0: 1 if mean(-lag) = mean(lag), 0 if it is the opposite.

        Energy of the even part over that of both parts, lags 1 to `SYMMETRY_LAGS`.
        """
        after = self.mean[LARGEST_LAG + 1 :][:SYMMETRY_LAGS]
        before = self.mean[:LARGEST_LAG][::-1][:SYMMETRY_LAGS]
        even, odd = (float(np.nansum((after + sign * before) ** 2)) for sign in (1, -1))
        return even / (even + odd) if even + odd else float("nan")


@dataclass(frozen=True)
class Pairs:
    """What one extra spike of each side changes, added to a baseline that is silent in their steps.

    Attributes:
        rate, pattern: of the baseline, one of `BASELINES`.
        own: change that needs both spikes, (lags,): with both - with either alone + with neither, trials' mean.
        total: change with both - with neither, over trials: what a single experiment sees.
    """

    rate: float
    pattern: str
    own: Array
    total: Window


@dataclass(frozen=True)
class Evaluations:
    """Evaluations of the rule at one coupling, equal ones together; arrays of shape (kinds,).

    Attributes:
        lags: to the nearest spike of the other neuron, in steps; beyond +-`_FAR` if it never spikes.
        changes: of the weight, divided by beta.
        counts: number of synapses.
    """

    lags: Integers
    changes: Array
    counts: Array

    @property
    def total(self) -> float:
        """Sum of all changes."""
        return float(self.changes @ self.counts)

    @property
    def events(self) -> int:
        """Number of evaluations."""
        return int(self.counts.sum())

    @property
    def explained(self) -> float:
        """Share of the variance of single changes that their lag accounts for, from 0 to 1."""
        _, kind = np.unique(np.clip(self.lags, -_FAR, _FAR), return_inverse=True)
        events = np.bincount(kind, self.counts)
        means = np.bincount(kind, self.counts * self.changes) / events
        mean = self.total / self.events
        variance = float(self.counts @ (self.changes - mean) ** 2)
        return float(events @ (means - mean) ** 2) / variance if variance else 0.0

    def window(self) -> Window:
        """Mean and spread by lag."""
        columns = np.full((4, len(LAGS)), np.nan)
        columns[3] = 0
        order = np.lexsort((self.changes, self.lags))
        lags, changes, counts = self.lags[order], self.changes[order], self.counts[order]
        firsts, ends = (np.searchsorted(lags, LAGS, side) for side in ("left", "right"))
        for index, (first, end) in enumerate(zip(firsts, ends, strict=True)):
            if end > first:
                columns[:, index] = _summary(changes[first:end], counts[first:end])
        return Window(*columns)


def follow(spikes: Array, tau: float) -> Array:
    """A trace after each step, that step's spike included, starting from 0: (steps, ...)."""
    values = spikes / tau
    for step in range(1, len(values)):
        values[step] += (1 - 1 / tau) * values[step - 1]
    return values


def increments(rule: LocalRule, spike: Side, other: Array) -> Array:
    """Change that a spike of one side makes in each step (beta = 1), given the other's spikes: (steps, ...)."""
    result = np.zeros(other.shape)
    for coefficient, trace in zip(rule.coefficients(spike), rule.traces, strict=True):
        if coefficient:
            result += coefficient * follow(other, trace.tau)
    return result


def summed_change(rule: LocalRule, pre: Array, post: Array) -> Array:
    """Weight change over all steps (beta = 1): spikes (steps, ...), result (...)."""
    triggered_by_pre = pre * increments(rule, "pre", post)
    triggered_by_post = post * increments(rule, "post", pre)
    return np.asarray((triggered_by_pre + triggered_by_post).sum(0))


def input_half(rule: LocalRule) -> LocalRule:
    """The products a clamped input's synapse follows: those started by presynaptic spikes."""
    return replace(rule, products=tuple(p for p in rule.products if p.spike == "pre"))


def pair_term(rule: LocalRule, lags: Integers) -> Array:
    """Closed form of the change an isolated pair makes (beta = 1), see the module: (lags,)."""
    result = np.zeros(lags.shape)
    for age, side in ((-lags, "pre"), (lags, "post")):
        for product in rule.products:
            if product.spike == side:
                tau = next(trace.tau for trace in rule.traces if trace.name == product.trace)
                left = (1 - 1 / tau) ** np.maximum(age, 0) / tau
                result += np.where(age >= 0, product.coefficient * left, 0)
    return result


def pair_protocol(
    rule: LocalRule, rate: float, pattern: str, trials: int = TRIALS, seed: int = 0,
    simulate: Simulate = summed_change,
) -> Pairs:  # fmt: skip
    """Run the rule over spike trains with and without an extra spike on each side, at every lag (beta = 1).

    Args:
        rate, pattern: of the baseline: spikes per step; `regular`, `Poisson` or `silent`.
        simulate: what runs the rule over the trains.
    """
    around = int(np.ceil(_SETTLED * max(trace.tau for trace in rule.traces))) + LARGEST_LAG
    trials = trials if rate else 1
    baseline = _baseline(rate, pattern, (2 * around + 1, 2, trials), seed)
    own: list[float] = []
    totals: list[tuple[float, ...]] = []
    for lags in np.array_split(LAGS, _RUNS):
        pre, post = (
            np.tile(baseline[:, side, None, None], (1, len(lags), 4, 1)) for side in (0, 1)
        )
        pre[around] = np.array([1, 1, 0, 0])[:, None]
        for index, lag in enumerate(lags):
            post[around + lag, index] = np.array([1, 0, 1, 0])[:, None]
        both, pre_alone, post_alone, neither = np.moveaxis(simulate(rule, pre, post), 1, 0)
        own.extend((both - pre_alone - post_alone + neither).mean(1))
        totals.extend(_summary(np.sort(change), np.ones(trials)) for change in both - neither)
    return Pairs(rate, pattern, np.array(own), Window(*np.array(totals).T))


def _baseline(rate: float, pattern: str, shape: tuple[int, ...], seed: int) -> Array:
    """Spikes (steps, sides, trials)."""
    key = stream_key(seed)
    if pattern == "Poisson":
        positions = np.arange(np.prod(shape), dtype=np.uint64).reshape(shape)
        return (uniforms(key, positions) < rate).astype(float)
    onsets = uniforms(key, np.arange(np.prod(shape[1:]), dtype=np.uint64)).reshape(shape[1:])
    steps = np.arange(shape[0] + 1)[:, None, None]
    return np.asarray(np.diff(np.floor(onsets + rate * steps), axis=0))


def _summary(changes: Array, counts: Array) -> tuple[float, float, float, float]:
    """Mean, bounds of the spread and number, of changes in ascending order and how often each was seen."""
    reached = np.cumsum(counts)
    low, high = (changes[np.searchsorted(reached, part * reached[-1])] for part in SPREAD)
    return float(changes @ counts / reached[-1]), float(low), float(high), float(reached[-1])


def nearest(spikes: Array) -> Integers:
    """Time of each neuron's nearest spike minus the time of each step: (steps, neurons)."""
    steps = np.arange(len(spikes))[:, None]
    last = np.maximum.accumulate(np.where(spikes > 0, steps, -2 * _FAR), axis=0)
    following = np.where(spikes > 0, steps, 2 * _FAR)[::-1]
    upcoming = np.minimum.accumulate(following, axis=0)[::-1]
    return np.where(steps - last <= upcoming - steps, last - steps, upcoming - steps)


def evaluations(
    rule: LocalRule, coupling: Coupling, pre: Array, post: Array, free_steps: int, beta: float
) -> Evaluations:
    """Every evaluation at one coupling in the nudged phase of one presentation.

    Args:
        pre, post: spikes of both layers through both phases, (steps, neurons).
    """
    sides: list[tuple[Side, Array, Array, int]] = [("pre", pre, post, 1)]
    if coupling.bidirectional:
        sides.append(("post", post, pre, -1))
    parts = []
    for spike, own, other, sign in sides:
        reached = other.shape[1]
        parts.append(
            Evaluations(
                (sign * nearest(other))[free_steps:].ravel(),
                (increments(rule, spike, other) / beta)[free_steps:].ravel(),
                np.repeat(own[free_steps:].sum(1), reached),
            )
        )
    return joined(parts)


def joined(parts: Sequence[Evaluations]) -> Evaluations:
    """All evaluations together; those of no synapse are left out."""
    lags, changes, counts = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("lags", "changes", "counts")
    )
    seen = counts > 0
    return Evaluations(lags[seen], changes[seen], counts[seen])
