"""What is printed for Brian2: the rule and the neurons, as text."""

from __future__ import annotations

import re

from eqspike.core.local_rule import LocalRule, Product, Trace, derivative_rule
from eqspike.core.neurons import CurrentBased, SigmaDelta
from eqspike.engines.brian2.equations import neuron_text
from eqspike.engines.brian2.rule_text import (
    bias_step,
    on_spike,
    rule_parameters,
    trace_state,
    trace_step,
)

RULE = derivative_rule(5, 20)
ONE_SIDED = LocalRule((Trace("slow", 4.0),), (Product(0.5, "post", "slow"),))


def test_the_rule_of_eqspike() -> None:
    """A spike of one side reads both traces of the other."""
    assert (
        on_spike(RULE, "pre")
        == "change += gain(t)*(fast_at_pre*trace_fast_post + slow_at_pre*trace_slow_post)"
    )
    assert (
        on_spike(RULE, "post")
        == "change += gain(t)*(fast_at_post*trace_fast_pre + slow_at_post*trace_slow_pre)"
    )
    assert on_spike(RULE, "pre", "sent_pre").startswith("change += sent_pre*gain(t)*(")
    assert (
        bias_step(RULE)
        == "bias_change += gain(t)*(fast_at_pre*trace_fast + slow_at_pre*trace_slow)"
    )
    assert trace_step(RULE) == (
        "trace_fast += gain_fast*(spike - trace_fast)\ntrace_slow += gain_slow*(spike - trace_slow)"
    )
    assert rule_parameters(RULE) == {
        "gain_fast": 1 / 5,
        "gain_slow": 1 / 20,
        "fast_at_pre": 1 / 15,
        "slow_at_pre": -1 / 15,
        "fast_at_post": 1 / 15,
        "slow_at_post": -1 / 15,
    }


def test_a_rule_without_products_of_one_side() -> None:
    """Only traces with a product appear; a side without products asks for nothing."""
    assert on_spike(ONE_SIDED, "post") == "change += gain(t)*(slow_at_post*trace_slow_pre)"
    assert on_spike(ONE_SIDED, "pre") == "change += gain(t)*(0)"
    assert trace_state(ONE_SIDED).startswith("trace_slow : 1\n")


def test_only_a_nudged_layer_has_a_nudge() -> None:
    """In the sigma-delta neuron inside the relaxation, in the current-based one on the membrane."""
    for neuron, nudged in (
        (SigmaDelta(), "s += relaxation*((x + nudge) - s)"),
        (CurrentBased(), "v += nudge"),
    ):
        assert nudged in neuron_text(neuron, nudged=True).step
        assert "nudge" not in neuron_text(neuron, nudged=False).step


def test_no_statement_may_be_rearranged() -> None:
    """Brian2 rewrites `v = v + ...` through a computer algebra system, but leaves `v += ...` as it stands."""
    for neuron in (SigmaDelta(), CurrentBased()):
        text = neuron_text(neuron, nudged=True)
        for block in (text.step, text.reset, text.onset, trace_step(RULE), bias_step(RULE)):
            for statement in filter(None, block.splitlines()):
                written, _, expression = statement.partition(" = ")
                assert written not in re.findall(r"\w+", expression)


def test_a_full_membrane() -> None:
    """The remainder of the read-out is measured in spikes."""
    assert SigmaDelta().full_potential == 1
    assert CurrentBased(threshold=0.7).full_potential == 0.7
