"""Binary Equilibrium Propagation in integers, as the engines share it: which systems learn, and their rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.graded import GradedNetwork
from eqspike.chips.graded.learning import FlipRule, flip_rule
from eqspike.chips.graded.network import INPUT_UNITY
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays
from eqspike.engines.integers.graded import Batch, Presented, Presenter, nudged_passes
from eqspike.memory import Binary, Writes
from eqspike.rules.known import nudging_of
from eqspike.systems import RateSystem

Counters = list[NDArray[np.int64]]
"""N of each coupling, (pre, post)."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a batch is learnt with.

    Attributes:
        batch: its samples, presented one after the other; each is a write.
        rules: of each coupling; counters: before the first sample.
    """

    batch: Batch
    rules: tuple[FlipRule, ...]
    counters: Counters


@dataclass(frozen=True, eq=False)
class Taught:
    """What became of it.

    Attributes:
        presented: as without learning, nothing traced.
        counters: of each coupling, after the last sample; flips: how often each weight changed its sign.
        candidates: counters that were not 0, summed over the writes of each coupling.
    """

    presented: Presented
    counters: Counters
    flips: Counters
    candidates: list[int]

    def writes(self) -> list[Writes]:
        """Of each coupling."""
        return [
            Writes(candidates, int(flips.sum()))
            for candidates, flips in zip(self.candidates, self.flips, strict=True)
        ]


class Teacher(Presenter, Protocol):
    """A presenter that also learns."""

    def learn(self, lesson: Lesson) -> Taught:
        """Present samples through all phases, and flip weights after each; what is loaded stays as it was."""
        ...


def flip_rules(
    system: RateSystem, network: GradedNetwork, rate_factor: float
) -> tuple[FlipRule, ...]:
    """Rules of each coupling of a system that integers learn with (`engines.offers`).

    Raises:
        UnsupportedError: for a learning rate of 0, which leaves the counters without a unit.
    """
    memory = cast(Binary, system.memory)
    beta = nudging_of(system.rule).beta * nudged_passes(system)
    found = []
    for index, rate in enumerate(system.learning_rates):
        if rate * rate_factor <= 0:
            raise UnsupportedError(
                "integer counters need a learning rate above 0 in every coupling, got "
                f"{rate * rate_factor:g} for {system.network.couplings[index].name}"
            )
        below = INPUT_UNITY if index == 0 else network.neuron.unity
        found.append(
            flip_rule(
                memory.inertia_rates[index],
                memory.threshold(index),
                rate * rate_factor / beta,
                below * network.neuron.unity,
            )
        )
    return tuple(found)


def counters_of(system: RateSystem, stored: Arrays, rules: Sequence[FlipRule]) -> Counters:
    """Counters of stored inertias."""
    return [
        np.rint(stored[f"{coupling.name}.inertia"] / rule.unit).astype(np.int64)
        for coupling, rule in zip(system.network.couplings, rules, strict=True)
    ]


def relearnt(system: RateSystem, stored: Arrays, lesson: Lesson, taught: Taught) -> Arrays:
    """Stored weights, inertias and numbers of writes after learning; biases stay."""
    result = dict(stored)
    for index, coupling in enumerate(system.network.couplings):
        name = coupling.name
        turned = np.where(taught.flips[index] % 2 == 1, -1.0, 1.0)
        result[name] = stored[name] * turned
        result[f"{name}.inertia"] = taught.counters[index] * lesson.rules[index].unit
        result[f"{name}.writes"] = stored[f"{name}.writes"] + taught.flips[index]
    return result
