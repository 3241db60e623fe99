"""What each rule does with a batch whose free phase has ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eqspike.engines.tally import RateTally
from eqspike.engines.torch.continual import Following, add_each_way
from eqspike.engines.torch.contrast import add_contrasts, add_moves, bias_contrast
from eqspike.engines.torch.counting import active, asked_writes
from eqspike.engines.torch.events import ChangeRelaxation
from eqspike.engines.torch.relaxation import Relaxation
from eqspike.engines.torch.writing import Writer
from eqspike.memory import Writes
from eqspike.nn.couplings import Coupling
from eqspike.nn.relaxation import States
from eqspike.rules import ContinualVectorField
from eqspike.systems import RateSystem

AnyRelaxation = Relaxation | ChangeRelaxation


@dataclass(frozen=True)
class Lesson:
    """What a batch is taught.

    Attributes:
        targets: (samples, outputs); betas: signed nudging strength of each sample, (samples, 1).
    """

    targets: Tensor
    betas: Tensor

    @property
    def weight(self) -> Tensor:
        """1 / (beta samples): turns sums of one-sided contrasts into the mean the rule asks."""
        return 1.0 / (self.betas * len(self.betas))


@dataclass(frozen=True)
class Rates:
    """Learning rates of one batch: of the weights of each coupling, and of the biases it ends in."""

    weights: Sequence[float]
    biases: Sequence[float]

    @staticmethod
    def of(system: RateSystem, factor: float) -> Rates:
        """Those of a system times a factor."""
        biases = system.learning_rates if system.bias_rates is None else system.bias_rates
        return Rates(
            [rate * factor for rate in system.learning_rates], [rate * factor for rate in biases]
        )


@dataclass(frozen=True)
class Contrast:
    """Two sets of states whose products are compared, and the weight of each sample."""

    first: States
    second: States
    weight: Tensor

    @staticmethod
    def of(first: States, second: States, weight: Tensor) -> Contrast:
        """With states in the format of the weight, which is that of what is stored."""
        return Contrast(
            [state.to(weight.dtype) for state in first],
            [state.to(weight.dtype) for state in second],
            weight,
        )


def nudged(
    system: RateSystem, relaxation: AnyRelaxation, lesson: Lesson, tally: RateTally | None = None,
    after: Callable[[int], None] | None = None,
) -> Contrast:  # fmt: skip
    """Run the nudged phases from the states of the free phase, and say what to compare."""
    steps, centered = system.rule.nudging.nudged_steps, system.rule.nudging.centered
    start = relaxation.keep()
    free = start[: len(relaxation.states)]
    relaxation.nudge(lesson.targets, lesson.betas)
    relaxation.run(steps, after)
    if tally is not None:
        tally.add_steps("nudged", len(lesson.betas) * steps * (2 if centered else 1))
    if not centered:
        return Contrast.of(relaxation.states, free, lesson.weight)
    forward = [state.clone() for state in relaxation.states]
    relaxation.put_back(start)
    relaxation.nudge(lesson.targets, -lesson.betas)
    relaxation.run(steps, after)
    return Contrast.of(forward, relaxation.states, lesson.weight / 2)


class Learning:
    """One learning session's tools: the system, the memory's writer and the tally of events."""

    def __init__(
        self, system: RateSystem, couplings: Sequence[Coupling], biases: Sequence[Tensor], writer: Writer,
        tally: RateTally,
    ) -> None:  # fmt: skip
        self._system, self._couplings, self._biases = system, couplings, biases
        self._writer, self._tally = writer, tally

    def at_the_end(self, relaxation: AnyRelaxation, lesson: Lesson, rates: Rates, key: int) -> None:
        """Equilibrium Propagation: one write after the nudged phases."""
        found = nudged(self._system, relaxation, lesson, self._tally)
        inputs = relaxation.inputs.to(found.weight.dtype)

        def add_change(arrays: Sequence[Tensor]) -> None:
            add = add_contrasts if relaxation.resends else add_moves
            add(
                self._couplings, inputs, found.first, found.second, found.weight, arrays, rates.weights,
            )  # fmt: skip

        writes = self._writer.write(self._couplings, add_change, key)
        self._write_biases(found, rates)
        marks = [(a != b)[None] for a, b in zip(found.first, found.second, strict=True)]
        names = [coupling.name for coupling in self._system.network.couplings]
        self._count(relaxation, marks, dict(zip(names, writes, strict=False)))

    def continually(self, relaxation: AnyRelaxation, lesson: Lesson, rates: Rates) -> None:
        """C-EP and C-VF: writes after every nudged step; those of the input are summed until the end."""
        system, steps = self._system, self._system.rule.nudging.nudged_steps
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
        change = (found.first[0] - found.second[0]).mul_(found.weight)
        lowest = relaxation.couplings[0]
        lowest.accumulate(relaxation.inputs, change, lowest.weight, rates.weights[0])
        self._write_biases(found, rates)
        self._count(relaxation, marks, {})

    def follow(self, relaxation: AnyRelaxation, lesson: Lesson, rates: Rates) -> Following:
        """What lets weights follow the nudged phase that starts now."""
        each_way = isinstance(self._system.rule, ContinualVectorField)
        return Following(relaxation, lesson.weight, rates.weights, rates.biases, each_way)

    def wanted(
        self, relaxation: AnyRelaxation, lesson: Lesson
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Mean changes of forward weights, backward weights and biases with rates 1 and weights held."""
        couplings, ones = self._couplings, [1.0] * len(self._couplings)
        forward = [torch.zeros_like(coupling.weight) for coupling in couplings]
        backward = [torch.zeros_like(coupling.back) for coupling in couplings]
        each_way = isinstance(self._system.rule, ContinualVectorField)

        def after(number: int) -> None:
            del number
            for upper in range(1, len(couplings)):
                add_each_way(relaxation, upper, lesson.weight, forward[upper], backward[upper], 1.0)

        found = nudged(self._system, relaxation, lesson, after=after if each_way else None)
        held = slice(0, 1) if each_way else slice(None)
        inputs = relaxation.inputs.to(found.weight.dtype)
        add_contrasts(
            couplings[held], inputs, found.first[held], found.second[held], found.weight,
            forward[held], ones[held],
        )  # fmt: skip
        biases = [
            bias_contrast(first, second, found.weight, len(bias))
            for bias, first, second in zip(self._biases, found.first, found.second, strict=True)
        ]
        return forward, backward, biases

    def _count(
        self, relaxation: AnyRelaxation, marks: Sequence[Tensor], known: Mapping[str, Writes]
    ) -> None:
        """Count the writes: those the memory has counted, else those it was asked for."""
        lit = active(relaxation.inputs, self._system.network.couplings[0].shape[0])
        asked = asked_writes(self._system, lit, marks)
        for name, writes in {**asked, **known}.items():
            self._tally.add_writes(name, writes)

    def _write_biases(self, found: Contrast, rates: Rates) -> None:
        for bias, first, second, rate in zip(
            self._biases, found.first, found.second, rates.biases, strict=True
        ):
            bias.add_(bias_contrast(first, second, found.weight, len(bias)), alpha=rate)
