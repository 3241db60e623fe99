"""The learning-rate factor over a run."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.training.schedule import SCHEDULES, Schedule

FRACTIONS = st.floats(0, 1)


def read(**keys: Any) -> Schedule:
    return Schedule.read(Section(keys, "model"))


@given(st.sampled_from(SCHEDULES), FRACTIONS)
def test_it_starts_at_one_and_ends_at_final(kind: str, final: float) -> None:
    schedule = Schedule(kind, final)
    assert schedule.factor(0.0) == 1.0
    assert schedule.factor(1.0) == pytest.approx(1.0 if kind == "constant" else final, abs=1e-15)


@given(FRACTIONS, FRACTIONS)
def test_a_constant_stays_a_line_falls_evenly_and_a_cosine_as_half_a_wave(
    final: float, progress: float
) -> None:
    assert Schedule("constant", final).factor(progress) == 1.0
    assert Schedule("linear", final).factor(progress) == pytest.approx(
        (1 - progress) + final * progress
    )
    half_wave = final + (1 - final) * math.cos(math.pi * progress / 2) ** 2
    assert Schedule("cosine", final).factor(progress) == pytest.approx(half_wave, abs=1e-12)


def test_a_model_names_it() -> None:
    assert read() == Schedule("linear", 0.02)
    assert read(schedule="cosine", final_rate=0) == Schedule("cosine", 0.0)
    assert read(schedule="constant", final_rate=1) == Schedule("constant", 1.0)


@pytest.mark.parametrize("keys", [{"schedule": "steps"}, {"final_rate": -0.1}, {"final_rate": 1.1}])
def test_anything_else_is_refused_by_name(keys: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(keys))):
        read(**keys)
