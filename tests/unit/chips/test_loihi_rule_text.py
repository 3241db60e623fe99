"""The text of a learning rule for the chip, its traces and its gate."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.chips.loihi.gates import ALTERNATING, ONE_SIDED, Gate, decimation
from eqspike.chips.loihi.rule_text import LARGEST_AREA, LoihiRule, print_rule
from eqspike.core.errors import UnsupportedError
from eqspike.core.local_rule import LocalRule, Product, Trace, derivative_rule

RULE = derivative_rule(5.0, 20.0)
GATES = pytest.mark.parametrize("gate", [ONE_SIDED, ALTERNATING])


def printed(gate: Gate, scale: float = 0.04, *, clamped: bool = False) -> LoihiRule:
    return print_rule(RULE, scale, 1800.0, gate, 6, clamped=clamped)


def test_the_text() -> None:
    """As in the guide to learning on the chip."""
    rule = print_rule(RULE, 0.0078, 900.0, ALTERNATING, 6, clamped=False)
    assert rule.weight_text == (
        "2*2^-7*x0*y1*(t+160)*(t-160) -2*2^-7*x0*y2*(t+160)*(t-160) "
        "+2*2^-7*y0*x1*(t+160)*(t-160) -2*2^-7*y0*x2*(t+160)*(t-160)"
    )
    one_sided = print_rule(RULE, 0.04, 1800.0, ONE_SIDED, 5, clamped=True)
    assert one_sided.tag_text == "2^5*u5*1 - 2*u5*t"
    assert one_sided.weight_text.count("*t") == 2, "the input's rates do not change"
    assert "x1" not in one_sided.weight_text


@GATES
def test_the_gate_is_shut_in_free_phases_and_has_one_size_in_nudged_ones(gate: Gate) -> None:
    values = [gate.value(block) for block in range(8)]
    assert values[::2] == [0, 0, 0, 0]
    assert len({abs(value) for value in values[1::2]}) == 1
    assert sum(values) == (0 if gate is ALTERNATING else sum(values[1::2]))


@pytest.mark.parametrize("times", [(5.0, 20.0), (4.0, 9.0), (3.3, 17.0)])
@pytest.mark.parametrize("scale", [0.003, 0.03, 0.3])
def test_both_traces_have_one_area(times: tuple[float, float], scale: float) -> None:
    """However the impulses are rounded: unequal areas would be a change of rate where there is none."""
    rule = print_rule(derivative_rule(*times), scale, 1800.0, ALTERNATING, 6, clamped=False)
    for trace, tau in zip(rule.traces, times, strict=True):
        assert trace.impulse / (1 - np.exp(-1 / trace.tau)) == pytest.approx(rule.area)
        assert rule.area / trace.impulse == pytest.approx(tau, rel=0.06)
        assert 1 <= trace.impulse <= 127
    assert rule.area <= LARGEST_AREA


def test_too_small_a_rate_gets_the_smallest_scale_and_is_reported() -> None:
    rule = printed(ALTERNATING, 1e-6)
    assert {abs(product.mantissa) * 2.0**product.exponent for product in rule.products} == {2**-6}
    assert all(abs(entry.got) > 10 * abs(entry.wanted) for entry in rule.report)


def test_rules_the_chip_cannot_hold_are_refused() -> None:
    traces = tuple(Trace(name, tau) for name, tau in (("a", 2.0), ("b", 4.0), ("c", 8.0)))
    three = LocalRule(traces, (Product(1.0, "pre", "a"),))
    with pytest.raises(UnsupportedError, match="two traces on each side on Loihi, the rule has 3"):
        print_rule(three, 0.1, 1800.0, ONE_SIDED, 6, clamped=False)
    instant = LocalRule((Trace("now", 1.0),), (Product(1.0, "pre", "now"),))
    with pytest.raises(UnsupportedError, match="no whole impulse"):
        print_rule(instant, 0.1, 1800.0, ONE_SIDED, 6, clamped=False)


@pytest.mark.parametrize("phases", [(64, 32), (60, 60), (1024, 1024)])
def test_phases_that_are_no_power_of_two_are_refused(phases: tuple[int, int]) -> None:
    assert decimation(64, 64) == 6
    with pytest.raises(UnsupportedError, match="equal and a power of two up to 512, got"):
        decimation(*phases)
