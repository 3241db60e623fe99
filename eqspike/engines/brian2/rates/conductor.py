"""What changes at the steps where a sample or a phase begins; everything else is in the equations.

A sample takes 1 step and those of all phases. In the first, neurons
stand still and send what they start with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2 import volt
from numpy.typing import NDArray

from eqspike.core.learner import Arrays
from eqspike.core.phases import total_steps
from eqspike.engines.brian2.rates.circuit import RateCircuit
from eqspike.systems import RateSystem

Vector = NDArray[np.float64]

_KEPT = ("a", "s", "q")


@dataclass(frozen=True)
class Lesson:
    """What the samples of one run are shown.

    Attributes:
        inputs: rates (samples, pixels).
        targets: rates asked of the outputs (samples, outputs); betas: signed (samples, phases). None if free.
        paces: of a continual rule, by what learns: learning rate over beta of each coupling (`hidden-output`) and
            bias (`hidden.bias`).
    """

    inputs: Vector
    targets: Vector | None = None
    betas: Vector | None = None
    paces: dict[str, float] | None = None


class Conductor:
    """Leads a circuit through the samples of a lesson.

    Attributes:
        circuit: set once it is built, before the first run.
    """

    circuit: RateCircuit

    def __init__(self, system: RateSystem) -> None:
        self._system = system
        self._lesson = Lesson(np.zeros((0, 0)))
        self._step = 0
        self._kept: dict[str, Arrays] = {}

    @property
    def period(self) -> int:
        """Steps of a sample of the present lesson."""
        phases = self._system.rule.phases
        return 1 + total_steps(phases[:1] if self._lesson.betas is None else phases)

    def begin(self, lesson: Lesson) -> None:
        """Start with the first sample of a lesson."""
        self._lesson, self._step = lesson, 0

    def act(self) -> None:
        """Called at the start of every step."""
        sample, step = divmod(self._step, self.period)
        self._step += 1
        if step == 0:
            self._present(sample)
        elif step == 1:
            self._release()
        phases = self._system.rule.phases
        for number, phase in enumerate(phases[1:], start=1):
            if step == 1 + total_steps(phases[:number]):
                if number == 1:
                    self._keep()
                elif phase.start == "free end":
                    self._put_back()
                self._nudge(sample, number)

    def _present(self, sample: int) -> None:
        """Everything silent, the input clamped to the sample; it and the initial rates are sent in this step."""
        source = self.circuit.groups[self._system.network.input.name]
        source.v, source.q = self._lesson.inputs[sample], 0
        for layer in self._system.network.free_layers:
            group = self.circuit.groups[layer.name]
            group.a, group.s, group.q = 0 * volt, self._system.neuron.initial, 0
            group.beta, group.theta, group.running, group.bias_pace = 0, 0, 0, 0 * volt
        for ways in self.circuit.synapses.values():
            for way in ways:
                way.pace = 0 * volt

    def _release(self) -> None:
        for layer in self._system.network.free_layers:
            group = self.circuit.groups[layer.name]
            group.running, group.theta = 1, self._system.messages.threshold

    def _keep(self) -> None:
        self._kept = {
            layer.name: {name: np.array(getattr(self.circuit.groups[layer.name], name)) for name in _KEPT}
            for layer in self._system.network.free_layers
        }  # fmt: skip

    def _put_back(self) -> None:
        for layer, kept in self._kept.items():
            group = self.circuit.groups[layer]
            group.a, group.s, group.q = kept["a"] * volt, kept["s"], kept["q"]

    def _nudge(self, sample: int, phase: int) -> None:
        lesson, output = self._lesson, self.circuit.groups[self._system.network.output.name]
        assert lesson.betas is not None
        assert lesson.targets is not None
        output.target, output.beta = lesson.targets[sample], lesson.betas[sample, phase]
        for name, pace in (lesson.paces or {}).items():
            signed = pace * float(np.sign(lesson.betas[sample, phase])) * volt
            if name.endswith(".bias"):
                self.circuit.groups[name.removesuffix(".bias")].bias_pace = signed
            for way in self.circuit.synapses.get(name, ()):
                way.pace = signed
