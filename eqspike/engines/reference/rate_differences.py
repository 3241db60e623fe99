"""Nudged phases in difference form (`core.messages`), message by message in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from eqspike.core.rates import differentiable
from eqspike.engines.reference.rate_synapses import Named, Synapses, Vector, update_groups
from eqspike.systems import RateSystem


class PlainDifferences:
    """What the rates of a batch differ by from those at the end of its free phase.

    Args:
        values, drives, sent: v, a + b and q of each free layer by name, at that end, (samples, neurons).

    Attributes:
        drive, state, sent: x, delta and e of each free layer, 0 at first; free: q.
    """

    def __init__(
        self, system: RateSystem, synapses: Synapses, values: Named, drives: Named, sent: Named
    ) -> None:
        self._system, self._synapses, self._values, self._drives = system, synapses, values, drives
        self.free = {name: array.copy() for name, array in sent.items()}
        self.drive, self.state, self.sent = (
            {name: np.zeros_like(array) for name, array in self.free.items()} for _ in range(3)
        )

    def value(self, layer: str) -> Vector:
        """v + delta of each neuron of a layer."""
        return np.asarray(self._values[layer] + self.state[layer])

    def shown(self) -> Named:
        """q + e of each layer."""
        return {name: array + self.sent[name] for name, array in self.free.items()}

    def keep(self) -> list[Named]:
        """Copies of all that a phase starts from."""
        return [
            {n: a.copy() for n, a in kind.items()} for kind in (self.drive, self.state, self.sent)
        ]

    def put_back(self, kept: list[Named]) -> None:
        """Stand again where `keep` was called."""
        self.drive, self.state, self.sent = (
            {n: a.copy() for n, a in kind.items()} for kind in kept
        )

    def step(self, phase: str, teacher: tuple[Vector, Vector] | None = None) -> Named:
        """One step of all layers; see `PlainRates.step`."""
        senders: Named = {}
        for group in update_groups(self._system):
            changed = {name: self._updated(name, teacher) for name in group}
            self.state.update(changed)
            messages = {}
            for name in group:
                moved = self.state[name] - self.sent[name]
                senders[name] = abs(moved) > self._system.messages.threshold_of_differences
                messages[name] = np.where(senders[name], moved, 0.0)
                self.sent[name] = np.where(senders[name], self.state[name], self.sent[name])
            self._synapses.deliver(messages, phase, self.drive, transposed=True)
        self._synapses.count_updates(phase, self.state)
        return senders

    def _updated(self, name: str, teacher: tuple[Vector, Vector] | None) -> Vector:
        """New differences of a layer."""
        change = differentiable(self._system.neuron).activation.change
        taught = teacher is not None and name == self._system.network.output.name
        nudge: Any = 0.0
        if teacher is not None and taught:
            nudge = teacher[0] * (teacher[1] - self.value(name))
        if self._system.dynamics.nudge == "inside":
            return change(self._drives[name], self.drive[name] + nudge)
        return np.asarray(change(self._drives[name], self.drive[name]) + nudge)
