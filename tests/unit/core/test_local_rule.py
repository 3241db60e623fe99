"""The rule of EqSpike as data."""

from __future__ import annotations

import pytest

from eqspike.core.local_rule import LocalRule, Product, Trace, derivative_rule


def test_coefficients_are_those_of_a_derivative() -> None:
    """(fast - slow) / (tau_slow - tau_fast), the same for spikes of both sides."""
    rule = derivative_rule(10, 30)
    assert [(trace.name, trace.tau) for trace in rule.traces] == [("fast", 10), ("slow", 30)]
    assert rule.coefficients("pre") == rule.coefficients("post") == (0.05, -0.05)


def test_coefficients_of_one_side_are_its_own_and_add_up() -> None:
    """Products of the other side do not count; two products of one trace do."""
    rule = LocalRule(
        (Trace("a", 2), Trace("b", 3)),
        (Product(1.0, "pre", "a"), Product(0.5, "pre", "a"), Product(4.0, "post", "b")),
    )
    assert rule.coefficients("pre") == (1.5, 0)
    assert rule.coefficients("post") == (0, 4.0)


@pytest.mark.parametrize(("spike", "other"), [("pre", "post"), ("post", "pre")])
def test_a_product_reads_the_trace_of_the_other_side(spike: str, other: str) -> None:
    """A spike of one side times a trace of the other."""
    assert Product(1.0, spike, "fast").trace_side == other  # type: ignore[arg-type]


def test_the_formula_is_printed_with_every_term() -> None:
    """For reports."""
    assert derivative_rule(10, 30).as_text() == (
        "dw = (+0.05*pre_spike*post_fast -0.05*pre_spike*post_slow "
        "+0.05*post_spike*pre_fast -0.05*post_spike*pre_slow) / beta"
    )
