"""What each rule does with a batch whose free phase has ended, and how its changes reach the memory."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays
from eqspike.core.random_stream import stream_key
from eqspike.engines.fast.rates.differences import Differences
from eqspike.engines.fast.rates.following import write_hidden, write_input
from eqspike.engines.fast.rates.layout import Floats
from eqspike.engines.fast.rates.simulator import Lesson, RateSimulator
from eqspike.engines.tally import RateTally, asked_writes
from eqspike.memory import Ideal, Writes
from eqspike.rules.readings import Ends, StepField, of_receiver, width
from eqspike.systems import RateSystem


class RateLearner:
    """The rule and the memory of a system at work on a simulator's weights.

    Attributes:
        kept: what the memory keeps beside the weights of each coupling, by name.
    """

    def __init__(self, system: RateSystem, simulator: RateSimulator, tally: RateTally) -> None:
        self._system, self._simulator, self._tally = system, simulator, tally
        self.kept: list[Arrays] = []
        self._spare = np.zeros_like(simulator.weights.up)
        self._change = np.zeros_like(simulator.weights.up)

    def at_the_end(self, lesson: Lesson, rate_factor: float, key: int) -> None:
        """Rules of the ends of phases: one write after the nudged ones."""
        simulator, reading = self._simulator, cast(Ends, self._system.rule.reading)
        samples, phases = len(lesson.signs), self._system.rule.phases
        moving = after_free(simulator)
        start = moving.keep()
        ends = {phases[0].name: start.sent}
        for number, phase in enumerate(phases[1:], start=1):
            if number > 1 and phase.start == "free end":
                moving.put_back(start)
            moving.relax(phase.steps, lesson.at(number) if phase.nudge else None)
            self._tally.add_steps(phase.kind, samples * phase.steps)
            ends[phase.name] = moving.sent.copy()
        after, before = ends[reading.first], ends[reading.second]
        # Messages are counted with the weights that carried them.
        if isinstance(moving, Differences):
            simulator.count(self._tally, ("free",))
            moving.count(self._tally)
        else:
            simulator.count(self._tally, ("free", "nudged"))
        scale = rate_factor / (abs(width(reading, phases)) * lesson.beta * samples)
        rates, bias_rates = self._rates(scale)
        places = {phase.name: place for place, phase in enumerate(phases)}
        by_phase = lesson.by_phase
        signs = np.sign(by_phase[:, places[reading.first]] - by_phase[:, places[reading.second]])
        partners = _partners(moving, before, after, of_receiver(reading))
        known = self._write(before, after, partners, signs, rates, key)
        change = signs @ (after - before)
        simulator.weights.bias[:] += self._by_neuron(bias_rates) * change
        moved = (before != after).any(0)
        layers = range(1, len(simulator.layout.sizes))
        self._count([simulator.layer(moved, n).sum(keepdims=True) for n in layers], known)

    def continually(self, lesson: Lesson, rate_factor: float) -> None:
        """C-EP and C-VF: writes after every nudged step; those of the input are summed until the end."""
        simulator, steps = self._simulator, self._system.rule.phases[1].steps
        samples = len(lesson.signs)
        rates, bias_rates = self._rates(rate_factor / (lesson.beta * samples))
        before = simulator.batch.sent.copy()
        each_way = isinstance(self._system.rule.reading, StepField)
        moved = simulator.follow(steps, lesson, rates, bias_rates, each_way)
        self._tally.add_steps("nudged", samples * steps)
        simulator.count(self._tally, ("free", "nudged"))
        self._write_input(before, simulator.batch.sent, lesson.signs, rates[0], simulator.up(0))
        for coupling in range(1, len(rates)):
            simulator.refresh(coupling)
        self._count(list(moved[1:]), {})

    def _write(
        self, before: Floats, after: Floats, partners: tuple[Floats, Floats], signs: Floats,
        rates: Floats, key: int,
    ) -> dict[str, Writes]:  # fmt: skip
        """Change all weights; returns the writes that the memory has counted itself."""
        simulator, memory = self._simulator, self._system.memory
        weights = simulator.weights
        by_memory = type(memory) is not Ideal
        self._change[:] = 0
        up, down = (self._change, self._spare) if by_memory else (weights.up, weights.down)
        rows = up[: simulator.layout.weights_at[1]].reshape(simulator.up(0).shape)
        self._write_input(before, after, signs, rates[0], rows)
        write_hidden(
            before, after, *partners, signs, rates, of_receiver(self._system.rule.reading),
            simulator.layout, up, down, simulator.moved, simulator.by_post, simulator.by_pre,
        )  # fmt: skip
        done: dict[str, Writes] = {}
        for index, coupling in enumerate(self._system.network.couplings):
            if by_memory:
                done[coupling.name] = self._program(index, key)
            if by_memory or index > 0:
                simulator.refresh(index)
        return done

    def _program(self, index: int, key: int) -> Writes:
        """Hand the wanted change of one coupling to the memory."""
        memory, stored = self._system.memory, self._simulator.up(index)
        at = self._simulator.layout.weights_at
        change = self._change[at[index] : at[index + 1]].reshape(stored.shape).astype(np.float64)
        held = stored.astype(np.float64)
        written = memory.write(held, self.kept[index], change, index, stream_key(key, index))
        stored[:], self.kept[index] = written.stored, dict(written.kept)
        return written.writes

    def _write_input(
        self, before: Floats, after: Floats, signs: Floats, rate: float, into: Floats
    ) -> None:
        simulator = self._simulator
        moves = np.ascontiguousarray(
            signs[:, None] * (simulator.layer(after, 1) - simulator.layer(before, 1))
        )
        inputs, filled = simulator.batch.inputs, simulator.filled[0][0]

        def work(thread: int, first: int, last: int) -> None:
            del thread
            write_input(first, last, inputs, moves, rate, into, filled)

        if moves.any():
            simulator.workers.share(len(into), work)

    def _rates(self, scale: float) -> tuple[Floats, Floats]:
        """Learning rates of weights and of biases, times a scale."""
        system = self._system
        both = system.learning_rates, system.rates_of_biases
        weights, of_biases = (np.array(rates) * scale for rates in both)
        return weights.astype(system.precision), of_biases.astype(system.precision)

    def _by_neuron(self, by_layer: Floats) -> Floats:
        return np.repeat(by_layer, self._simulator.layout.sizes[1:])

    def _count(self, moved: list[NDArray[np.int64]], known: dict[str, Writes]) -> None:
        active = int(np.count_nonzero(self._simulator.batch.inputs.any(0)))
        for name, writes in {**asked_writes(self._system, active, moved), **known}.items():
            self._tally.add_writes(name, writes)


def after_free(simulator: RateSimulator) -> RateSimulator | Differences:
    """What runs the phases after the free one, at whose end a batch stands."""
    return Differences(simulator) if simulator.system.dynamics.of_differences else simulator


def _partners(
    moving: RateSimulator | Differences, before: Floats, after: Floats, each_way: bool
) -> tuple[Floats, Floats]:
    """What moves of receivers above, and of those below, are multiplied by."""
    if not isinstance(moving, Differences):
        return after, before
    values = moving.free if each_way else moving.free + (before + after) / 2
    return values, values
