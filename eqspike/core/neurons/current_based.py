"""Current-based leaky integrate-and-fire with reset to zero: the neuron Loihi has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eqspike.core.config import Section
from eqspike.core.neurons.protocol import NeuronText, State, Vector
from eqspike.core.registry import SPIKES


@dataclass(frozen=True)
class CurrentBased:
    """Current-based leaky integrate-and-fire with reset to zero: the neuron Loihi has.

        u <- u (1 - current_decay) + I_syn
        V <- V (1 - voltage_decay) + u + bias + n
        S = [V > threshold];  V <- 0 where S = 1

    Source: Davies et al., IEEE Micro 38(1):82-99, 2018; Lava's floating-point LIF has the same update.

    Legend: I_syn synaptic current of the step, n nudge, V membrane potential, S spike.

    Attributes:
        current_decay: in [0, 1].
        voltage_decay: in [0, 1].
        threshold: above 0.
    """

    current_decay: float = 0.2
    voltage_decay: float = 0.05
    threshold: float = 1.0
    kind: ClassVar[str] = "current-based"
    signal: ClassVar[str] = SPIKES

    @staticmethod
    def read(section: Section) -> CurrentBased:
        """Read the `neuron` section of a model."""
        return CurrentBased(
            section.number("current_decay", 0.2, low=0, high=1),
            section.number("voltage_decay", 0.05, low=0, high=1),
            section.number("threshold", 1.0, above=0),
        )

    @property
    def full_potential(self) -> float:
        """The threshold."""
        return self.threshold

    def start(self, size: int, precision: str) -> State:
        """See `StepsInNumpy`."""
        return {"u": np.zeros(size, precision), "v": np.zeros(size, precision)}

    def step(self, state: State, drive: Vector, bias: Vector, nudge: Vector) -> Vector:
        """See `StepsInNumpy`."""
        one = state["v"].dtype.type
        state["u"] = state["u"] * one(1 - self.current_decay) + drive
        v = ((state["v"] * one(1 - self.voltage_decay) + state["u"]) + bias) + nudge
        spikes = (v > one(self.threshold)).astype(v.dtype)
        state["v"] = np.where(spikes > 0, one(0), v)
        return np.asarray(spikes)

    def brian2_text(self, nudged: bool) -> NeuronText:
        """See `WrittenForBrian2`."""
        nudge = "v += nudge" if nudged else ""
        return NeuronText(
            state="u : volt\n",
            step=f"""
u *= keep_current
u += drive
v *= keep_voltage
v += u
v += bias
{nudge}
spike = 0
drive = 0*volt
""",
            threshold="v > firing_threshold",
            reset="v = 0*volt\nspike = 1",
            onset="u = 0*volt\nv = 0*volt\nspike = 0\ndrive = 0*volt",
            parameters={
                "keep_current": 1 - self.current_decay,
                "keep_voltage": 1 - self.voltage_decay,
                "firing_threshold": self.threshold,
            },
            volts=("firing_threshold",),
        )
