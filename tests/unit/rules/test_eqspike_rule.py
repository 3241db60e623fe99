"""The description of the EqSpike rule."""

from __future__ import annotations

from typing import Any

import pytest

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.phases import Phase
from eqspike.rules import EqSpike

LEAST = {"free_steps": 40, "nudged_steps": 20, "beta": 0.3}


def read(**data: Any) -> EqSpike:
    return EqSpike.read(Section({**LEAST, **data}, "mine.yaml", "rule"))


def test_defaults() -> None:
    """Read-out over the whole free phase, sign of the nudge drawn per sample, written per batch."""
    rule = read()
    assert rule == EqSpike(40, 20, 40, 0.3, True, 10.0, 30.0, 1.0, False)


def test_all_keys_are_read() -> None:
    """Each into its place."""
    rule = read(
        readout_steps=15,
        beta_sign="positive",
        tau_fast=2,
        tau_slow=3,
        target_rate=0.5,
        update="online",
    )
    assert rule == EqSpike(40, 20, 15, 0.3, False, 2.0, 3.0, 0.5, True)


def test_only_the_nudged_phase_learns() -> None:
    """And it follows the free phase."""
    assert read().phases == (
        Phase("free", 40, start="rest"),
        Phase("nudged", 20, "drawn", learns=True),
    )


def test_the_local_rule_has_the_time_constants() -> None:
    """The rule every engine prints from."""
    rule = read(tau_fast=4, tau_slow=12).local_rule
    assert [trace.tau for trace in rule.traces] == [4, 12]
    assert rule.coefficients("pre") == (1 / 8, -1 / 8)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"beta": 0}, "rule.beta must be a finite number above 0"),
        ({"free_steps": 0}, "rule.free_steps must be a whole number at least 1"),
        ({"readout_steps": 41}, "rule.readout_steps must be a whole number .* at most 40, got 41"),
        ({"tau_fast": 30}, "rule.tau_slow must be greater than tau_fast, got tau_fast 30"),
        ({"tau_fast": 0.5}, "rule.tau_fast must be"),
        ({"target_rate": 1.5}, "rule.target_rate must be"),
        ({"update": "onlin"}, "rule.update must be .* did you mean 'online'"),
        ({"beta_sign": "negative"}, "rule.beta_sign must be one of random, positive, alternating"),
        ({"betas": 1}, "rule.betas is not a known key; did you mean 'beta'"),
    ],
)
def test_wrong_descriptions_are_refused(data: dict[str, Any], message: str) -> None:
    """By key."""
    with pytest.raises(ConfigError, match=message):
        read(**data)


@pytest.mark.parametrize("key", LEAST)
def test_required_keys(key: str) -> None:
    """Phase lengths and beta have no default."""
    data = {given: value for given, value in LEAST.items() if given != key}
    with pytest.raises(ConfigError, match=f"rule.{key} is required and missing; add it"):
        EqSpike.read(Section(data, "mine.yaml", "rule"))
