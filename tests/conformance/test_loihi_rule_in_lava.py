"""Lava reads the text of a learning rule, and computes what the definition and the local rule say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from eqspike.chips.loihi.gates import ALTERNATING, ONE_SIDED, Gate
from eqspike.chips.loihi.learning import Traces, changed_weights
from eqspike.chips.loihi.rule_text import print_rule
from eqspike.core.local_rule import LocalRule, Product, derivative_rule

RULE = derivative_rule(5.0, 20.0)
GATES = pytest.mark.parametrize("gate", [ONE_SIDED, ALTERNATING])


@GATES
def test_lava_moves_the_tag_as_said(lava: SimpleNamespace, gate: Gate) -> None:
    """Lava's own arithmetic, without its runtime."""
    rule = lava.Loihi2FLearningRule(
        **print_rule(RULE, 0.04, 1800.0, gate, 6, clamped=False).arguments()
    )
    moved = lava.LearningRuleApplierBitApprox(rule.dt)
    for tag, following in zip(gate.tags, np.roll(gate.tags, -1), strict=True):
        for fires in (0, 1):
            start = np.array([[tag]]) << 7
            after = moved.apply(start, shape=(1, 1), u=fires, tag_1=np.array([[tag]]))
            assert after == (following if fires else tag) << 7


@GATES
@pytest.mark.parametrize("scale", [0.008, 0.04, 0.2])
def test_on_random_traces_lava_the_definition_and_the_local_rule_agree(
    lava: SimpleNamespace, gate: Gate, scale: float
) -> None:
    """Lava and the definition to the last bit; the local rule within the rounding that is reported."""
    generator = np.random.default_rng(0)
    rule = print_rule(RULE, scale, 1800.0, gate, 6, clamped=False)
    reader = lava.LearningRuleApplierBitApprox(lava.Loihi2FLearningRule(**rule.arguments()).dw)
    weights = generator.integers(-100, 100, (6, 5))
    pre, post = generator.random(6) < 0.6, generator.random(5) < 0.6
    traces = Traces(generator.integers(0, 128, (2, 6)), generator.integers(0, 128, (2, 5)))
    gate_value = gate.value(1)
    sums = reader.apply(
        weights.T << 7,
        shape=(5, 6),
        x0=pre[None, :],
        y0=post[:, None],
        tag_1=np.full((5, 6), gate.tags[1]),
        **lava_traces(traces),
    ).T
    never, always = np.ones((6, 5)), np.zeros((6, 5))
    assert np.array_equal(
        changed_weights(rule, weights, gate_value, pre, post, traces, never), sums >> 7
    )
    assert np.array_equal(
        changed_weights(rule, weights, gate_value, pre, post, traces, always), -(-sums >> 7)
    )
    wanted = scale * local_change(RULE, pre, post, traces, rule.area) * 1800.0
    error = max(abs(entry.got / entry.wanted - 1) for entry in rule.report)
    size = scale * local_change(magnitudes(RULE), pre, post, traces, rule.area) * 1800.0
    assert np.all(abs((sums - (weights << 7)) / 128 - wanted) <= (error + 1e-9) * size)
    assert error < 0.06


def lava_traces(traces: Traces) -> dict[str, Any]:
    """By Lava's names."""
    named = {}
    for spike in ("x0", "y0"):
        for index in range(2):
            named[f"x{index + 1}_{spike}"] = traces.pre[index][None, :]
            named[f"y{index + 1}_{spike}"] = traces.post[index][:, None]
    return named


def local_change(rule: LocalRule, pre: Any, post: Any, traces: Traces, area: int) -> Any:
    """The local rule's value at traces that stand for trace / area."""
    total = np.zeros((len(pre), len(post)))
    names = [trace.name for trace in rule.traces]
    for product in rule.products:
        index = names.index(product.trace)
        if product.spike == "pre":
            total += product.coefficient * np.outer(pre, traces.post[index] / area)
        else:
            total += product.coefficient * np.outer(traces.pre[index] / area, post)
    return total


def magnitudes(rule: LocalRule) -> LocalRule:
    turned = (Product(abs(p.coefficient), p.spike, p.trace) for p in rule.products)
    return LocalRule(rule.traces, tuple(turned))
