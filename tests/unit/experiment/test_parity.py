"""Comparing engines that compute in integers or do not learn."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from eqspike.core.learner import Arrays
from eqspike.core.neurons import CurrentBased
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.offers import OFFERS
from eqspike.experiment import ENGINES, Engine, parity
from eqspike.experiment.parity import Parity, compare
from eqspike.systems import System
from eqspike.systems.weights import initial_weights
from eqspike.testing import samples, small_system

DAY = 86400.0
SYSTEM = small_system(neuron=CurrentBased(0.3, 0.1, 0.9))


class Off(FastIntSession):
    """One bias is one integer step off, by less than what makes a spike."""

    def load(self, weights: Arrays) -> None:
        """Round as usual, then add one."""
        super().load(weights)
        self.network.layers[0].bias_mantissas[0] += 1
        self.load_network(self.network)


def of(second: type[FastIntSession], monkeypatch: pytest.MonkeyPatch) -> Parity:
    """The integer engine compared with a variant of itself."""

    def opened(system: System, seed: int, *options: str) -> FastIntSession:
        return second(system, seed, threads=1)

    monkeypatch.setitem(ENGINES.built_in, "second", Engine(opened))  # type: ignore[arg-type]
    monkeypatch.setitem(OFFERS, "second", OFFERS["fast-int"])
    return compare(SYSTEM, initial_weights(SYSTEM, 1), samples(SYSTEM, 2), ("fast-int", "second"))


def test_integer_engines_are_compared_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without weights, which neither changes; float64 is not claimed."""
    found = of(FastIntSession, monkeypatch)
    assert found.holds
    assert found.arithmetic == ("integers", "integers")
    assert found.max_weight_error is None
    assert found.max_state_difference == 0
    assert found.events > 0


def test_one_integer_step_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where all spikes agree."""
    found = of(Off, monkeypatch)
    assert found.max_state_difference is not None
    assert found.max_state_difference >= 1
    assert not found.holds


def test_compilation_is_no_time_of_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that takes a day over its first sample, as one that compiles may, on a clock of its own."""
    clock = SimpleNamespace(perf_counter=lambda: time.perf_counter() + DAY * len(Compiling.used))
    monkeypatch.setattr(parity, "time", clock)

    class Compiling(FastIntSession):
        used: set[str] = set()  # noqa: RUF012

        def trace(self, *batch: Any) -> Any:
            self.compile("trace")
            return super().trace(*batch)

        def scores(self, *batch: Any) -> Any:
            self.compile("scores")
            return super().scores(*batch)

        def compile(self, what: str) -> None:
            self.used.add(what)

    found = of(Compiling, monkeypatch)
    assert Compiling.used == {"trace", "scores"}
    assert found.holds
    assert found.seconds[1] < DAY


def test_floats_and_integers_have_no_common_potentials() -> None:
    """Their spikes are compared all the same."""
    batch = samples(SYSTEM, 2)
    found = compare(SYSTEM, initial_weights(SYSTEM, 1), batch, ("fast", "fast-int"))
    assert found.arithmetic == ("float64", "integers")
    assert found.max_state_difference is None
    assert found.max_weight_error is None
    assert 0 < found.differing_events < found.events
    assert np.isfinite(found.seconds).all()
