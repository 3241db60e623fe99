"""What no engine understands is refused by every engine, by name and before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from eqspike.core.activations import HARD_SIGMOID
from eqspike.core.errors import UnsupportedError
from eqspike.core.messages import VALUES
from eqspike.core.neurons import CurrentBased
from eqspike.core.rates import Dynamics, RateNeuron
from eqspike.engines.brian2 import Brian2RateSession, Brian2Session
from eqspike.engines.fast import FastSession
from eqspike.engines.fast.graded import open_graded
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.fast.rates import FastRateSession
from eqspike.engines.lava import open_lava, open_lava_rates
from eqspike.engines.offers import OFFERS
from eqspike.engines.torch.session import TorchSession
from eqspike.experiment.sessions import ENGINES, check_engine, open_session
from eqspike.memory import Binary, Ideal, Scale
from eqspike.rules import AsymmetricEquilibrium, EqSpike, Equilibrium, RateRule
from eqspike.systems.requirements import Parts, require
from eqspike.testing.rate_systems import small_rate_system
from eqspike.testing.systems import fixed_memory, small_system


@dataclass(frozen=True)
class Adaptive(CurrentBased):
    """A neuron whose threshold would rise with each spike."""

    rise: float = 0.1


class Unrelated:
    """A neuron of nobody."""


class Drift(Ideal):
    """A memory that would forget."""


class Hebb(Equilibrium):
    """A rule of rates that would do without the free phase."""


class Triplet(EqSpike):
    """A rule of spikes that would count three of them."""


SPIKES = small_system(neuron=CurrentBased(0.3, 0.1, 0.9))
RATES = small_rate_system(threshold=0.0)
RULE = SPIKES.rule
SIGNS = Binary((0.3,) * 3, (0.002,) * 3, Scale("unit", (0.02, 0.0, 0.01)))

UNKNOWN: dict[str, Any] = {
    "a neuron derived from one that is known": replace(SPIKES, neuron=Adaptive()),
    "a neuron of no known class": replace(SPIKES, neuron=Unrelated()),  # type: ignore[arg-type]
    "a memory of spikes": replace(SPIKES, memory=Drift()),
    "a memory of rates": replace(RATES, memory=Drift()),
    "a rule of spikes": replace(SPIKES, rule=Triplet(**vars(RULE))),
    "a rule of rates": replace(RATES, rule=Hebb(RATES.rule.nudging)),
    "an activation of a known name": replace(
        RATES, neuron=RateNeuron(replace(HARD_SIGMOID, rate=np.sin))
    ),
    "a class of systems": type("Other", (type(SPIKES),), {})(**vars(SPIKES)),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_unknown_is_refused_everywhere(engine: str, case: str) -> None:
    with pytest.raises(UnsupportedError, match=f"engine '{engine}' does not run .*no engine can"):
        open_session(UNKNOWN[case], 0, engine)


SESSIONS: list[Callable[[Any], object]] = [
    FastSession, FastRateSession, FastIntSession, Brian2Session, Brian2RateSession, TorchSession,
    lambda system: open_graded(system, 0), lambda system: open_lava(system, 0),
    lambda system: open_lava_rates(system, 0),
]  # fmt: skip


@pytest.mark.parametrize("case", UNKNOWN)
def test_sessions_made_directly_refuse_too(case: str) -> None:
    for session in SESSIONS:
        with pytest.raises(UnsupportedError, match="does not run"):
            session(UNKNOWN[case])


def test_a_message_says_what_came_what_is_run_and_by_whom() -> None:
    with pytest.raises(UnsupportedError) as found:
        check_engine(replace(RATES, messages=VALUES), "fast")
    assert str(found.value) == (
        "engine 'fast' does not run messages.kind values: set messages.kind to changes; "
        "engine torch can run the system as it is"
    )
    with pytest.raises(UnsupportedError) as found:
        check_engine(UNKNOWN["a neuron derived from one that is known"], "fast-int")
    assert str(found.value) == (
        "engine 'fast-int' does not run neuron of class Adaptive: for neuron.kind it has current-based; "
        "no engine can run the system as it is"
    )


def test_an_engine_that_declares_nothing_runs_nothing() -> None:
    with pytest.raises(
        UnsupportedError, match=r"engine 'new' does not run neuron\.kind .*, which sends spikes"
    ):
        require(SPIKES, "new", OFFERS)


def test_a_method_counts_where_the_class_itself_brings_it() -> None:
    """What is derived from it may do something else, which the method knows nothing of."""

    class Own:
        def step(self) -> None: ...

    class Derived(Own):
        rise = 0.1

    offered = Parts((CurrentBased,), ("step",))
    assert offered.hold(Own())
    assert offered.hold(CurrentBased())
    assert not offered.hold(Derived())
    assert not offered.hold(Adaptive())
    assert str(offered) == "current-based and one of your own that defines 'step'"


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_known_is_not_refused(engine: str) -> None:
    """Or all the tests above would be of no worth."""
    if engine != "torch":
        check_engine(SPIKES, engine)
        check_engine(replace(SPIKES, memory=fixed_memory(5, "floor", 2)), engine)
    check_engine(RATES, engine)


@pytest.mark.parametrize("engine", ["brian2", "fast-int", "lava"])
@pytest.mark.parametrize("rule", [Equilibrium, AsymmetricEquilibrium])
def test_difference_form_is_refused_by_name(engine: str, rule: type[RateRule]) -> None:
    system = small_rate_system(rule, form="difference", threshold=0.0)
    said = (
        "dynamics.form difference"
        if rule is Equilibrium
        else "rule.kind a-ep: for rule.kind it has"
    )
    others = "engines fast, torch and reference can run"
    with pytest.raises(
        UnsupportedError, match=rf"engine '{engine}' does not run .*{said}.*{others}"
    ):
        check_engine(system, engine)
    for able in ("fast", "torch", "reference"):
        check_engine(system, able)


@pytest.mark.parametrize("engine", ["fast", "torch", "reference"])
def test_backward_weights_have_an_ideal_memory(engine: str) -> None:
    system = small_rate_system(AsymmetricEquilibrium, threshold=0.0, memory=SIGNS)
    with pytest.raises(UnsupportedError, match="kept by an ideal memory alone"):
        check_engine(system, engine)


def test_differences_are_those_of_rate_neurons() -> None:
    class Own(RateNeuron):
        def updated(self, state: Any, drive: Any, nudge: Any, inside: bool) -> Any:
            return drive

    own = small_rate_system(form="difference", threshold=0.0, neuron=Own(HARD_SIGMOID))
    with pytest.raises(UnsupportedError, match="known of rate neurons alone"):
        check_engine(own, "reference")
    check_engine(replace(own, dynamics=Dynamics()), "reference")
