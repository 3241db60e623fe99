"""A leaky integrate-and-fire neuron with adaptive threshold: each spike makes the next one harder for a while.

Source of the model: Bellec, Salaj, Subramoney, Legenstein and Maass, NeurIPS 2018, arXiv:1803.09574; discretised
here in steps, with reset to zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eqspike.core.config import Section
from eqspike.core.neurons import NeuronText, State
from eqspike.core.neurons.protocol import Vector
from eqspike.core.registry import SPIKES


@dataclass(frozen=True)
class Adaptive:
    """v <- v (1 - leak) + I + b + n;  a <- a (1 - recovery);  S = [v > threshold + a];  S: v <- 0, a <- a + jump.

    Attributes:
        leak, recovery: in [0, 1]; threshold, jump: above 0, and 0 or more.
    """

    leak: float = 0.1
    threshold: float = 1.0
    recovery: float = 0.05
    jump: float = 0.2
    kind: ClassVar[str] = "adaptive"
    signal: ClassVar[str] = SPIKES

    @staticmethod
    def read(section: Section) -> Adaptive:
        """Read the `neuron` section of a model."""
        return Adaptive(
            section.number("leak", 0.1, low=0, high=1),
            section.number("threshold", 1.0, above=0),
            section.number("recovery", 0.05, low=0, high=1),
            section.number("jump", 0.2, low=0),
        )

    @property
    def full_potential(self) -> float:
        """The threshold at rest."""
        return self.threshold

    def start(self, size: int, precision: str) -> State:
        """At rest."""
        return {"v": np.zeros(size, precision), "a": np.zeros(size, precision)}

    def step(self, state: State, drive: Vector, bias: Vector, nudge: Vector) -> Vector:
        """One time step."""
        one = state["v"].dtype.type
        v = ((state["v"] * one(1 - self.leak) + drive) + bias) + nudge
        a = state["a"] * one(1 - self.recovery)
        spikes = (v > one(self.threshold) + a).astype(v.dtype)
        state["v"] = np.where(spikes > 0, one(0), v)
        state["a"] = a + one(self.jump) * spikes
        return np.asarray(spikes)

    def brian2_text(self, nudged: bool) -> NeuronText:
        """The same, line by line."""
        taught = "v += nudge" if nudged else ""
        return NeuronText(
            state="a : volt\n",
            step=f"v *= keep\nv += drive\nv += bias\n{taught}\na *= fade\nspike = 0\ndrive = 0*volt",
            threshold="v > rest + a",
            reset="v = 0*volt\na += jump\nspike = 1",
            onset="v = 0*volt\na = 0*volt\nspike = 0\ndrive = 0*volt",
            parameters={
                "keep": 1 - self.leak,
                "fade": 1 - self.recovery,
                "rest": self.threshold,
                "jump": self.jump,
            },
            volts=("rest", "jump"),
        )


NEURONS = {"adaptive": Adaptive}
