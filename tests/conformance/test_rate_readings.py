"""Rules of rates that nobody has named: other contrasts and phases, alike in torch, fast and Brian2."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from eqspike.core.errors import ConfigError, EqspikeError, UnsupportedError
from eqspike.core.phases import Phase
from eqspike.experiment.sessions import check_engine, open_session
from eqspike.rules import Equilibrium
from eqspike.rules.known import nudging_of
from eqspike.rules.readings import EndContrast, Reading, StepContrast
from eqspike.systems import RateSystem
from eqspike.testing import flattened
from eqspike.testing.rate_events import PlainRates
from eqspike.testing.rate_systems import rate_samples, small_rate_system

pytest.importorskip("brian2")


@dataclass(frozen=True)
class Own:
    """A rule of somebody else: phases and one reading, nothing more."""

    phases: tuple[Phase, ...]
    reading: Reading
    beta: float = 0.4
    kind: ClassVar[str] = "own"


FREE = Phase("free", 9, start="rest")
UP, DOWN = Phase("up", 5, 1, "free end"), Phase("down", 4, -1, "free end")
RULES = {
    "pushed away": Own((FREE, DOWN), EndContrast("down", "free")),
    "through zero": Own((FREE, replace(UP, start="on"), replace(DOWN, start="on")), EndContrast("up", "down")),
    "unequal phases": Own((FREE, DOWN, UP), EndContrast("up", "down")),
    "in turn": Own((FREE, Phase("turned", 5, "alternating")), EndContrast("turned", "free")),
}  # fmt: skip
IMAGES, LABELS, KEYS = rate_samples()


def made(name: str) -> RateSystem:
    own: Any = RULES[name]
    return replace(small_rate_system(threshold=0.02), rule=own)


def learnt(system: RateSystem, engine: str) -> tuple[dict[str, Any], Counter[tuple[str, str, str]]]:
    with open_session(system, 2, engine) as session:
        session.fit(IMAGES, LABELS, KEYS, 1.0, 5)
        return session.weights(), flattened(session.take_counts())


@pytest.mark.parametrize("name", RULES)
def test_engines_learn_alike(name: str) -> None:
    system = made(name)
    with open_session(system, 2, "fast") as session:
        start = session.weights()
    reference = PlainRates(system, start)
    reference.fit(IMAGES, LABELS, KEYS, 1.0, 5)
    counts = {key: number for key, number in reference.counts.items() if number}
    for engine in ("torch:cpu", "fast", "brian2"):
        weights, counted = learnt(system, engine)
        assert counted == counts, engine
        for array, stored in weights.items():
            np.testing.assert_allclose(stored, reference.weights[array], atol=1e-12, rtol=0)
    assert any(abs(reference.weights[n] - start[n]).max() > 1e-4 for n in start)


def test_a_contrast_of_unequal_nudges_is_that_of_ep() -> None:
    """The same phases under other names are the same rule."""
    ep = small_rate_system(Equilibrium, sign="both", threshold=0.02)
    phases = (FREE, replace(UP, steps=5), replace(DOWN, steps=5))
    own: Any = Own(phases, EndContrast("up", "down"))
    for engine in ("torch:cpu", "fast", "brian2"):
        expected, found = learnt(ep, engine), learnt(replace(ep, rule=own), engine)
        assert expected[1] == found[1]
        for name, stored in expected[0].items():
            np.testing.assert_array_equal(found[0][name], stored)


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (Own((FREE, UP, DOWN), EndContrast("up", "sideways")), ConfigError),
        (Own((FREE, UP, replace(UP, name="again")), EndContrast("up", "again")), ConfigError),
        (Own((UP, FREE), EndContrast("up", "free")), ConfigError),
        (Own((FREE, replace(UP, nudge="clamp")), EndContrast("up", "free")), UnsupportedError),
        (Own((FREE, UP, Phase("again", 6)), EndContrast("up", "again")), UnsupportedError),
        (Own((FREE, replace(UP, start="rest")), EndContrast("up", "free")), UnsupportedError),
        (Own((FREE, UP), StepContrast()), UnsupportedError),
    ],
)
def test_what_no_engine_reads_is_refused(rule: Any, error: type[EqspikeError]) -> None:
    for engine in ("torch", "fast", "brian2", "fast-int", "lava"):
        with pytest.raises(error):
            check_engine(replace(small_rate_system(threshold=0.02), rule=rule), engine)


@pytest.mark.parametrize("engine", ["fast-int", "lava"])
def test_integers_refuse_other_phases(engine: str) -> None:
    with pytest.raises(UnsupportedError, match=f"engine '{engine}' does not run"):
        check_engine(made("pushed away"), engine)


def test_what_needs_the_nudge_of_a_known_rule_refuses_others() -> None:
    with pytest.raises(UnsupportedError, match="a rule that nudges once, or once with each sign"):
        nudging_of(made("in turn").rule)
    assert nudging_of(small_rate_system().rule).beta == 0.4
