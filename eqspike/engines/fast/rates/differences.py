"""Nudged phases in difference form on all cores: to rules, what the simulator is that they start from."""

from __future__ import annotations

import numpy as np

from eqspike.engines.fast.rates.differing import FreeEnd, relax_differences
from eqspike.engines.fast.rates.layout import Floats, RateWeights, make_state
from eqspike.engines.fast.rates.simulator import Lesson, Moment, RateSimulator
from eqspike.engines.tally import RateTally


class Differences:
    """What a batch differs by from the end of its free phase.

    Args:
        simulator: stands at that end.

    Attributes:
        free: q there, (samples, free neurons).
    """

    def __init__(self, simulator: RateSimulator) -> None:
        self._simulator, system, batch = simulator, simulator.system, simulator.batch
        self.free = batch.sent
        drive = batch.drive + simulator.weights.bias
        rate = system.neuron.updated(drive, drive, 0.0, inside=True)
        self._end = FreeEnd(drive, rate.astype(drive.dtype, copy=False), simulator.values())
        self._batch = make_state(simulator.layout, len(drive), system.precision)
        self._weights = _transposed(simulator) if system.feedback.separate else simulator.weights
        parameters = simulator.physics.parameters.copy()
        parameters[0] = system.messages.threshold_of_differences
        self._physics = simulator.physics._replace(parameters=parameters)

    @property
    def sent(self) -> Floats:
        """e of the free neurons, (samples, free neurons)."""
        return self._batch.sent

    def values(self) -> Floats:
        """v + delta of the free neurons, (samples, free neurons)."""
        return np.asarray(self._end.value + self._batch.state)

    def shown(self) -> Floats:
        """q + e of the free neurons, (samples, free neurons)."""
        return np.asarray(self.free + self._batch.sent)

    def relax(self, steps: int, lesson: Lesson | None = None) -> None:
        """Steps, nudged if there is a lesson."""
        simulator, samples = self._simulator, len(self.free)
        taught, lesson = lesson is not None, lesson or simulator.no_lesson()
        betas, sent = simulator.betas(lesson), simulator.messages["nudged"]

        def work(thread: int, first: int, last: int) -> None:
            relax_differences(
                first, last, steps, taught, betas, lesson.targets, simulator.layout, self._weights,
                self._physics, self._end, self._batch, simulator.outboxes[thread], sent[thread],
            )  # fmt: skip

        simulator.workers.share(samples, work)

    def keep(self) -> Moment:
        """What a phase starts from."""
        return Moment.of(self._batch)

    def put_back(self, moment: Moment) -> None:
        """Stand again where `keep` was called."""
        moment.restore(self._batch)

    def count(self, tally: RateTally) -> None:
        """Add the messages since the free phase to a tally."""
        simulator = self._simulator
        filled = simulator.filled
        if simulator.system.feedback.separate:
            couplings = range(1, len(filled))
            filled = filled[:1] + [
                (np.count_nonzero(simulator.down(c), 0), np.count_nonzero(simulator.up(c), 0))
                for c in couplings
            ]
        simulator.count(tally, ("nudged",), filled)


def _transposed(simulator: RateSimulator) -> RateWeights:
    """Up by the backward weights, down by the forward ones; the input's are not used."""
    weights, at = simulator.weights, simulator.layout.weights_at
    up, down = np.zeros_like(weights.up), np.zeros_like(weights.down)
    for coupling in range(1, len(at) - 1):
        part = slice(at[coupling], at[coupling + 1])
        up[part] = simulator.down(coupling).T.ravel()
        down[part] = simulator.up(coupling).T.ravel()
    return RateWeights(up, down, weights.bias)
