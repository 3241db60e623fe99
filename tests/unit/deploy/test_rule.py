"""The learning rule of a deployed run, as text."""

from __future__ import annotations

import pytest

from eqspike.deploy.rule import learning_rule_text
from eqspike.experiment.model import load_model


def test_a_rule_the_chip_can_run_is_given_in_its_own_notation() -> None:
    text = learning_rule_text(load_model("eqspike-digits-chip").system)
    assert "its sign alternating from sample to sample" in text
    assert text.count("  dw = 2*2^-7*x0*y1*(t+160)*(t-160) -2*2^-7*x0*y2") == 2
    assert text.count("y0*x1") == 1, "the input's rates do not change"
    assert "t starts at 160" in text


@pytest.mark.parametrize("model", ["eqspike-digits-online", "eqspike-digits-loihi"])
def test_of_another_rule_the_formula_alone(model: str) -> None:
    text = learning_rule_text(load_model(model).system)
    assert "pre_spike*post_fast" in text
    assert "its sign drawn for each sample" in text
    assert "dw = 2" not in text
