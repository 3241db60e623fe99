"""Any sum of products of spikes and traces, and any nudged phases: fast, Brian2 and the reference agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from eqspike.core.errors import UnsupportedError
from eqspike.core.local_rule import LocalRule, Product, Trace, derivative_rule
from eqspike.core.phases import Phase
from eqspike.core.random_stream import stream_key
from eqspike.experiment.parity import compare
from eqspike.experiment.sessions import check_engine, open_session
from eqspike.rules.known import require_eqspike
from eqspike.rules.readings import Products
from eqspike.systems import System
from eqspike.systems.weights import initial_weights
from eqspike.testing import SIZES, fixed_memory, flattened, present, samples, small_system

pytest.importorskip("brian2")


@dataclass(frozen=True)
class Own:
    """A rule of somebody else: phases and one reading, nothing more."""

    phases: tuple[Phase, ...]
    reading: Products
    online: bool = False
    beta: float = 0.3
    readout_steps: int = 9
    target_rate: float = 0.8
    kind: ClassVar[str] = "own"


FREE = Phase("free", 17, start="rest")
NUDGED = Phase("nudged", 11, "drawn", learns=True)
FAST, SLOW, LONG = Trace("fast", 3.0), Trace("slow", 8.0), Trace("v", 20.0)

RULES = {
    "asymmetric": LocalRule((FAST, SLOW), (Product(0.3, "pre", "fast"), Product(-0.1, "post", "slow"))),
    "negated": LocalRule(
        (FAST, SLOW),
        tuple(
            replace(product, coefficient=-product.coefficient) if product.spike == "post" else product
            for product in derivative_rule(3.0, 8.0).products
        ),
    ),
    "three traces": LocalRule(
        (FAST, SLOW, LONG),
        (
            Product(0.2, "pre", "fast"), Product(-0.3, "pre", "v"), Product(0.07, "post", "slow"),
            Product(0.11, "post", "v"), Product(-0.05, "post", "fast"),
        ),
        rate="slow",
    ),
    "one trace": LocalRule((LONG,), (Product(0.2, "pre", "v"), Product(0.2, "post", "v"))),
}  # fmt: skip
PHASES = {
    "drawn": (FREE, NUDGED),
    "plus and minus": (FREE, Phase("up", 11, 1, learns=True), Phase("down", 7, -1, learns=True)),
    "settling": (FREE, Phase("settle", 4, -1), Phase("learn", 9, -1, learns=True), Phase("rest", 3)),
}  # fmt: skip


def made(rule: str, phases: str, *, online: bool = False, encoder: str = "poisson") -> System:
    memory = fixed_memory(9, "stochastic", 3) if online else None
    system = small_system(SIZES[1], encoder=encoder, memory=memory, online=online)
    own: Any = Own(PHASES[phases], Products(RULES[rule]), online)
    return replace(system, rule=own)


CASES = [(rule, "drawn") for rule in RULES] + [
    ("three traces", phases) for phases in PHASES if phases != "drawn"
]


@pytest.mark.parametrize(
    ("rule", "phases", "encoder"),
    [
        *((*case, "poisson") for case in CASES),
        ("asymmetric", "plus and minus", "integrate-and-fire"),
        ("three traces", "settling", "constant-current"),
    ],
)
def test_fast_and_brian2_are_equal(rule: str, phases: str, encoder: str) -> None:
    """Every spike and count; weights after a batch."""
    system = made(rule, phases, encoder=encoder)
    parity = compare(system, initial_weights(system, 1), samples(system, 3), ("fast", "brian2"))
    assert parity.differing_events == 0
    assert parity.max_weight_error <= 1e-12
    assert parity.counts_equal
    assert parity.events > 0


@pytest.mark.parametrize("online", [False, True], ids=["batch", "online"])
@pytest.mark.parametrize(("rule", "phases"), CASES)
def test_fast_is_the_reference(rule: str, phases: str, online: bool) -> None:
    """Changes asked for, or weights written event by event; counts of both."""
    system = made(rule, phases, online=online)
    images, labels, keys = samples(system, 3)
    counts: Counter[tuple[str, str, str]] = Counter()
    with open_session(system, 4, "fast") as session:
        weights, start = session.weights(), session.weights()
        signs = np.sign(session._betas(keys)[:, 1])  # type: ignore[attr-defined]
        drawn = signs if phases == "drawn" else np.ones(3)
        asked = {name: np.zeros_like(array) for name, array in weights.items()}
        for n in range(3):
            write_keys = [stream_key(8, n, index) for index in range(3)] if online else None
            seen = present(
                system, weights, images[n], int(labels[n]), drawn[n] * system.rule.beta, int(keys[n]),
                write_keys=write_keys,
            )  # fmt: skip
            counts += seen.counts
            for name, change in seen.changes.items():
                asked[name] += change / 3
        if not online:
            for name, change in session.changes(images, labels, keys).items():  # type: ignore[attr-defined]
                np.testing.assert_allclose(change, asked[name], atol=1e-12, rtol=0)
                assert abs(change).max() > 0
            session.take_counts()
        session.fit(images, labels, keys, 1.0, 8)
        found = {
            key: n for key, n in flattened(session.take_counts()).items() if key[0] != "update"
        }
        assert found == {key: n for key, n in counts.items() if n}
        learnt = session.weights()
    if online:
        for name, stored in weights.items():
            np.testing.assert_allclose(learnt[name], stored, atol=1e-12, rtol=0)
            assert (stored != start[name]).any()


def test_online_in_brian2() -> None:
    for phases in PHASES:
        system = made("three traces", phases, online=True)
        images, labels, keys = samples(system, 2)
        results = []
        for engine in ("fast", "brian2"):
            with open_session(system, 4, engine) as session:
                session.fit(images, labels, keys, 1.0, 8)
                results.append((session.weights(), session.take_counts()))
        assert results[0][1] == results[1][1]
        for name, stored in results[0][0].items():
            np.testing.assert_allclose(stored, results[1][0][name], atol=1e-12, rtol=0)


def test_what_the_sides_ask_for_matters() -> None:
    """The postsynaptic products are not the presynaptic ones over again."""
    found = []
    for rule in ("negated", "asymmetric"):
        system = made(rule, "drawn")
        with open_session(system, 4, "fast") as session:
            found.append(session.changes(*samples(system, 3))["hidden2-output"])  # type: ignore[attr-defined]
    assert abs(found[0] - found[1]).max() > 1e-3


@dataclass(frozen=True)
class Triplet(Product):
    """A product with a third factor, which no engine knows."""

    factor: str = "third"


@pytest.mark.parametrize("engine", ["fast", "brian2", "fast-int", "lava"])
def test_products_of_another_class_are_refused(engine: str) -> None:
    system = made("asymmetric", "drawn")
    local = LocalRule((FAST,), (Triplet(1.0, "pre", "fast"),))
    own: Any = replace(system.rule, reading=Products(local))
    with pytest.raises(UnsupportedError, match=f"engine '{engine}' does not run"):
        check_engine(replace(system, rule=own), engine)


@pytest.mark.parametrize("phase", [Phase("held", 5, "clamp"), Phase("again", 5, 1, "free end")])
def test_phases_that_no_spiking_engine_has_are_refused(phase: Phase) -> None:
    system = made("asymmetric", "drawn")
    own: Any = replace(system.rule, phases=(FREE, phase, NUDGED))
    for engine in ("fast", "brian2", "fast-int", "lava"):
        with pytest.raises(UnsupportedError, match=f"a phase '{phase.name}'|current-based"):
            check_engine(replace(system, rule=own), engine)


def test_lava_refuses_phases_that_its_schedule_does_not_have() -> None:
    for phases in PHASES:
        with pytest.raises(UnsupportedError, match=r"engine 'lava' does not run rule.phases"):
            check_engine(made("three traces", phases), "lava")


def test_figures_of_eqspike_refuse_other_rules() -> None:
    """What rests on the keys of EqSpike says so, and no attribute is missed half way."""
    with pytest.raises(UnsupportedError, match=r"a rule of class Own; use rule.kind eqspike"):
        require_eqspike(made("negated", "drawn").rule)
    require_eqspike(small_system().rule)
