"""What each rule does with a batch whose free phase has ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eqspike.engines.tally import RateTally
from eqspike.engines.torch.continual import Following, add_each_way
from eqspike.engines.torch.contrast import Contrast, Differences, bias_changes
from eqspike.engines.torch.counting import active, asked_writes
from eqspike.engines.torch.differences import (
    ChangeDifferences,
    DifferenceRelaxation,
    Moving,
    after_free,
)
from eqspike.engines.torch.events import ChangeRelaxation
from eqspike.engines.torch.precision import PrecisionGuard
from eqspike.engines.torch.relaxation import Relaxation
from eqspike.engines.torch.writing import Writer
from eqspike.memory import Writes
from eqspike.nn.couplings import Coupling
from eqspike.rules import RateRule
from eqspike.rules.readings import EndContrast, EndField, StepField, of_receiver
from eqspike.systems import RateSystem

AnyRelaxation = Relaxation | ChangeRelaxation


@dataclass(frozen=True)
class Lesson:
    """What a batch is taught.

    Attributes:
        targets: (samples, outputs); betas: signed nudging strengths, (samples, 1), by name of a phase.
        width: (samples, 1) what contrasts of sums are divided by: a difference of these strengths.
    """

    targets: Tensor
    betas: Mapping[str, Tensor]
    width: Tensor

    @property
    def weight(self) -> Tensor:
        """1 / (width samples): turns sums of contrasts into the mean the rule asks."""
        return 1.0 / (self.width * len(self.width))

    @staticmethod
    def of(rule: RateRule, targets: Tensor, betas: Mapping[str, Tensor]) -> Lesson:
        """With the width that the rule's reading has."""
        reading = rule.reading
        if isinstance(reading, EndContrast | EndField):
            return Lesson(targets, betas, betas[reading.first] - betas[reading.second])
        return Lesson(targets, betas, betas[next(p.name for p in rule.phases if p.learns)])


@dataclass(frozen=True)
class Rates:
    """Learning rates of one batch: of the weights of each coupling, and of the biases it ends in."""

    weights: Sequence[float]
    biases: Sequence[float]

    @staticmethod
    def of(system: RateSystem, factor: float) -> Rates:
        """Those of a system times a factor."""
        both = system.learning_rates, system.rates_of_biases
        return Rates(*([rate * factor for rate in rates] for rates in both))


def nudged(
    system: RateSystem, moving: Moving, lesson: Lesson, tally: RateTally | None = None,
    after: Callable[[int], None] | None = None,
) -> Contrast | Differences:  # fmt: skip
    """Run the phases after the free one, from its end, and say what to compare.

    Args:
        moving: what `after_free` gives.
    """
    phases, reading = system.rule.phases, system.rule.reading
    start = moving.keep()
    ends = {phases[0].name: start[: len(moving.states)]}
    for number, phase in enumerate(phases[1:]):
        if number and phase.start == "free end":
            moving.put_back(start)
        moving.nudge(lesson.targets, lesson.betas[phase.name])
        moving.run(phase.steps, after)
        if tally is not None:
            tally.add_steps(phase.kind, len(lesson.width) * phase.steps)
        last = number == len(phases) - 2
        ends[phase.name] = moving.states if last else [s.clone() for s in moving.states]
    first, second = moving.states, ends[phases[0].name]
    if isinstance(reading, EndContrast | EndField):
        first, second = ends[reading.first], ends[reading.second]
    if isinstance(moving, DifferenceRelaxation | ChangeDifferences):
        each_way = of_receiver(reading)
        return Differences.of(moving.free, first, second, lesson.weight, moving.couplings, each_way)
    return Contrast.of(first, second, lesson.weight, exact=not moving.resends)


class Learning:
    """One learning session's tools: the system, the memory's writer and the tally of events."""

    def __init__(
        self, system: RateSystem, couplings: Sequence[Coupling], biases: Sequence[Tensor], writer: Writer,
        tally: RateTally,
    ) -> None:  # fmt: skip
        self._system, self._couplings, self._biases = system, couplings, biases
        self._writer, self._tally = writer, tally
        self._guard = PrecisionGuard(system)

    def at_the_end(self, relaxation: AnyRelaxation, lesson: Lesson, rates: Rates, key: int) -> None:
        """Rules of the ends of phases: one write after the nudged ones."""
        moving = after_free(self._system, relaxation)
        found = nudged(self._system, moving, lesson, self._tally)
        if isinstance(found, Contrast):
            self._guard.check(found)
        if isinstance(moving, DifferenceRelaxation | ChangeDifferences):
            moving.count(self._tally)

        def add_change(arrays: Sequence[Tensor]) -> None:
            found.add(self._couplings, relaxation.inputs, arrays, rates.weights)

        writes = self._writer.write(self._couplings, add_change, key)
        backs = [coupling.back for coupling in self._couplings]
        found.add_backward(self._couplings, backs, rates.weights)
        self._write_biases(found, rates)
        marks = [(change != 0)[None] for change in found.changes]
        names = [coupling.name for coupling in self._system.network.couplings]
        self._count(relaxation, marks, dict(zip(names, writes, strict=False)))

    def continually(self, relaxation: AnyRelaxation, lesson: Lesson, rates: Rates) -> None:
        """C-EP and C-VF: writes after every nudged step; those of the input are summed until the end."""
        system, steps = self._system, self._system.rule.phases[1].steps
        following = self.follow(relaxation, lesson, rates)
        marks = [
            torch.empty((steps, *state.shape), dtype=torch.bool, device=state.device)
            for state in relaxation.states
        ]

        by_step = list(zip(*(mark.unbind() for mark in marks), strict=True))

        def after(number: int) -> None:
            following.after()
            for layer, mark in enumerate(by_step[number]):
                torch.ne(relaxation.states[layer], relaxation.previous[layer], out=mark)

        found = nudged(system, relaxation, lesson, self._tally, after)
        change = found.changes[0].mul_(found.weight)
        lowest = relaxation.couplings[0]
        lowest.accumulate(relaxation.inputs, change, lowest.weight, rates.weights[0])
        self._write_biases(found, rates)
        self._count(relaxation, marks, {})

    def follow(self, relaxation: AnyRelaxation, lesson: Lesson, rates: Rates) -> Following:
        """What lets weights follow the nudged phase that starts now."""
        each_way = isinstance(self._system.rule.reading, StepField)
        return Following(relaxation, lesson.weight, rates.weights, rates.biases, each_way)

    def wanted(
        self, relaxation: AnyRelaxation, lesson: Lesson
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Mean changes of forward weights, backward weights and biases with rates 1 and weights held."""
        couplings, ones = self._couplings, [1.0] * len(self._couplings)
        forward = [torch.zeros_like(coupling.weight) for coupling in couplings]
        backward = [torch.zeros_like(coupling.back) for coupling in couplings]
        each_way = isinstance(self._system.rule.reading, StepField)

        def after(number: int) -> None:
            del number
            for upper in range(1, len(couplings)):
                add_each_way(relaxation, upper, lesson.weight, forward[upper], backward[upper], 1.0)

        moving = after_free(self._system, relaxation)
        found = nudged(self._system, moving, lesson, after=after if each_way else None)
        held = slice(0, 1) if each_way else slice(None)
        found.add(couplings[held], relaxation.inputs, forward[held], ones[held])
        found.add_backward(couplings, backward, ones)
        return forward, backward, bias_changes(found, self._biases)

    def _count(
        self, relaxation: AnyRelaxation, marks: Sequence[Tensor], known: Mapping[str, Writes]
    ) -> None:
        """Count the writes: those the memory has counted, else those it was asked for."""
        lit = active(relaxation.inputs, self._system.network.couplings[0].shape[0])
        asked = asked_writes(self._system, lit, marks)
        for name, writes in {**asked, **known}.items():
            self._tally.add_writes(name, writes)

    def _write_biases(self, found: Contrast | Differences, rates: Rates) -> None:
        changes = bias_changes(found, self._biases)
        for bias, change, rate in zip(self._biases, changes, rates.biases, strict=True):
            bias.add_(change, alpha=rate)
