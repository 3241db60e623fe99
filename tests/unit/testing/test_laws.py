"""The laws for parts of one's own: they hold for all parts of the package, and each can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from eqspike.core.neurons import CurrentBased, Neuron, NeuronText
from eqspike.engines.brian2 import Brian2Session  # noqa: F401
from eqspike.memory import (
    Binary,
    Fixed,
    Ideal,
    Metaplastic,
    Scale,
    WeightMemory,
    Writes,
    Written,
)
from eqspike.memory.fixed import ROUNDINGS
from eqspike.testing import NEURONS
from eqspike.testing.laws import LawError, check_memory, check_neuron

MEMORIES: tuple[WeightMemory, ...] = (
    Ideal(),
    *(Fixed(4, (1.0,), rounding) for rounding in ROUNDINGS),
    Binary((0.5,), (0.1,), Scale("unit", (0.1,))),
    Metaplastic((1.0,), Scale("coupling", (0.0,))),
)


@pytest.mark.parametrize("memory", MEMORIES, ids=lambda memory: memory.kind)
def test_memories_of_the_package(memory: WeightMemory) -> None:
    for seed in range(5):
        check_memory(memory, seed)


@pytest.mark.parametrize("neuron", NEURONS, ids=lambda neuron: type(neuron).__name__)
def test_neurons_of_the_package(neuron: Neuron) -> None:
    check_neuron(neuron)


def test_worked_examples(plugin: Callable[[str], ModuleType]) -> None:
    for kind in plugin("dead_zone_memory").MEMORIES.values():
        check_memory(kind((0.1,)))
    for kind in plugin("adaptive_neuron").NEURONS.values():
        check_neuron(kind())


@dataclass(frozen=True)
class Broken(Ideal):
    """An ideal memory with one fault."""

    fault: str = ""

    def store(self, weights: Any, coupling: int) -> Any:
        return weights * 0.9 if self.fault == "store" else weights

    def start(self, weights: Any) -> Any:
        return {"more": weights} if self.fault == "kept" else {}

    def write(self, stored: Any, kept: Any, change: Any, coupling: int, key: int) -> Written:
        if self.fault == "in place":
            stored += change
            return Written(stored, {}, Writes(0, 0))
        moved = 1e-3 if self.fault == "drift" else 0.0
        chance = np.random.default_rng().random() if self.fault == "chance" else 0.0
        result = stored + change * (1 + chance) + moved
        asked = np.count_nonzero(change)
        lost = np.nan if self.fault == "nan" and asked else 0.0
        return Written(result + lost, {}, Writes(asked, asked + (self.fault == "count" and asked)))


@pytest.mark.parametrize(
    ("fault", "law"),
    [
        ("store", "storing what is stored"),
        ("kept", "what is kept is named"),
        ("in place", "leaves its arguments"),
        ("drift", "without a change asked for"),
        ("chance", "the same write gives"),
        ("count", "applied <= candidate"),
        ("nan", "stored weights are finite"),
    ],
)
def test_a_broken_memory_is_found(fault: str, law: str) -> None:
    check_memory(Broken())
    with pytest.raises(LawError, match=law):
        check_memory(Broken(fault=fault))


@dataclass(frozen=True)
class Leaning(CurrentBased):
    """A neuron of Loihi with one fault."""

    fault: str = ""

    def step(self, state: Any, drive: Any, bias: Any, nudge: Any) -> Any:
        if self.fault == "in place":
            drive *= 0.5
        if self.fault == "coupled":
            drive = drive + drive.mean()
        spikes = super().step(state, drive, bias, nudge)
        if self.fault == "wide":
            state["u"] = state["u"].astype("f2")
        return spikes * 2 if self.fault == "two" else spikes

    def brian2_text(self, nudged: bool) -> NeuronText:
        text = super().brian2_text(nudged)
        if self.fault != "text":
            return text
        return replace(text, step=text.step.replace("u *= keep_current", "u *= 0.99*keep_current"))


@pytest.mark.parametrize(
    ("fault", "law"),
    [
        ("in place", "step leaves drive"),
        ("coupled", "neurons are independent"),
        ("wide", "u is float32, got float16"),
        ("two", "spikes are 0 or 1"),
        ("text", "step and text give the same"),
    ],
)
def test_a_broken_neuron_is_found(fault: str, law: str) -> None:
    with pytest.raises(LawError, match=law):
        check_neuron(Leaning(fault=fault))


def test_the_neuron_without_a_fault_passes() -> None:
    """So it is the fault that is found above."""
    check_neuron(Leaning())


def test_a_neuron_that_brings_nothing() -> None:
    class Nothing:
        kind = "nothing"
        full_potential = 1.0

    with pytest.raises(LawError, match="brings `start` and `step`"):
        check_neuron(Nothing())
