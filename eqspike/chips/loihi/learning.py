"""What Loihi's learning engine does to the synapses of one coupling in one time step, in NumPy: the definition.

In this order, after the neurons have advanced and this step's spikes have been delivered with the old weights:

    traces       decay with a stochastic carry, then + impulse where the neuron spiked, at most 127
    weights      a <- W << 7; for each product in its order a <- sat16(a + product); W <- round(a / 128), clipped
    tag          in steps that are multiples of 2^k, to its next value (the weights saw the old one)

Every product holds a spike of this step, a trace that contains this step's spikes, and the gate's factors of
the tag. All random numbers are handed in: one for each trace and each synapse. Lava hands one number to all traces
of a side and one to all synapses, which these functions follow if given equal numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi.arithmetic import Integers
from eqspike.chips.loihi.rule_text import LoihiRule
from eqspike.chips.loihi.traces import (
    Floats,
    accumulator,
    added,
    decayed_trace,
    learnt_weights,
    raised_trace,
    scaled_product,
)

Spiked = NDArray[np.bool_]


@dataclass
class Traces:
    """Traces of both sides of a coupling: (traces, neurons) each."""

    pre: Integers
    post: Integers

    @staticmethod
    def silent(rule: LoihiRule, pre: int, post: int) -> Traces:
        """All zero."""
        count = len(rule.traces)
        return Traces(np.zeros((count, pre), np.int64), np.zeros((count, post), np.int64))

    def advance(
        self, rule: LoihiRule, pre: Spiked, post: Spiked, pre_chance: Floats, post_chance: Floats
    ) -> None:
        """One step; the chances are uniform in [0, 1), of the traces' shapes."""
        self.pre = _advanced(self.pre, rule, pre, pre_chance)
        self.post = _advanced(self.post, rule, post, post_chance)


def changed_weights(
    rule: LoihiRule, weights: Integers, gate: int, pre: Spiked, post: Spiked, traces: Traces, chance: Floats
) -> Integers:  # fmt: skip
    """Weights after one step.

    Args:
        weights: (presynaptic, postsynaptic) mantissas.
        gate: value of the gate's factors at the tags' present value, common to all synapses.
        pre, post: which neurons spiked; traces: advanced already.
        chance: uniform in [0, 1), of the weights' shape.
    """
    sums = accumulator(weights)
    for product in rule.products:
        if product.spike == "pre":
            factor = pre[:, None] * traces.post[product.trace][None, :]
        else:
            factor = traces.pre[product.trace][:, None] * post[None, :]
        change = scaled_product(
            factor * gate, rule.gate.factor_bits, product.mantissa, product.exponent
        )
        sums = added(sums, change)
    return learnt_weights(sums, "mixed", chance)


def block_of(step: int, rule: LoihiRule) -> int:
    """Number of the block of 2^k steps that a step is in; steps count from 0."""
    return step >> rule.decimation


def _advanced(trace: Integers, rule: LoihiRule, spiked: Spiked, chance: Floats) -> Integers:
    rows = [
        np.where(
            spiked,
            raised_trace(decayed_trace(row, kind.tau, draws), kind.impulse),
            decayed_trace(row, kind.tau, draws),
        )
        for row, kind, draws in zip(trace, rule.traces, chance, strict=True)
    ]
    return np.array(rows)
