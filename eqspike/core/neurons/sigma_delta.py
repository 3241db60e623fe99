"""Integrate-and-fire with a relaxed drive and a subtractive reset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eqspike.core.config import Section
from eqspike.core.neurons.protocol import NeuronText, State, Vector
from eqspike.core.registry import SPIKES


@dataclass(frozen=True)
class SigmaDelta:
    """Integrate-and-fire with a relaxed drive and a subtractive reset.

        x <- x + a (I - x)              synaptic low-pass
        s <- s + e (x + n - s)          relaxed drive; the nudge enters inside the clip
        V <- V + clip(s, 0, 1)
        S = [V >= 1];  V <- V - S

    The firing rate is exactly clip(s, 0, 1): the hard sigmoid of rate-based Equilibrium Propagation.
    Source: reconstruction for EqSpike (Martin et al., iScience 24:102222, 2021); the reset is the first-order
    sigma-delta modulation of O'Connor, Gavves and Welling (AISTATS 2019).

    Legend: I synaptic current of the step plus bias, n nudge, V membrane potential, S spike.

    Attributes:
        synaptic_filter: a, in (0, 1]; 1 means no synaptic low-pass.
        relaxation: e, in (0, 1].
        initial_potential: V at the start of each sample, in [0, 1).
    """

    synaptic_filter: float = 0.5
    relaxation: float = 0.5
    initial_potential: float = 0.5
    kind: ClassVar[str] = "sigma-delta"
    signal: ClassVar[str] = SPIKES
    full_potential: ClassVar[float] = 1.0

    @staticmethod
    def read(section: Section) -> SigmaDelta:
        """Read the `neuron` section of a model."""
        return SigmaDelta(
            section.number("synaptic_filter", 0.5, above=0, high=1),
            section.number("relaxation", 0.5, above=0, high=1),
            section.number("initial_potential", 0.5, low=0, high=0.999),
        )

    def start(self, size: int, precision: str) -> State:
        """See `StepsInNumpy`."""
        return {
            "x": np.zeros(size, precision),
            "s": np.zeros(size, precision),
            "v": np.full(size, self.initial_potential, precision),
        }

    def step(self, state: State, drive: Vector, bias: Vector, nudge: Vector) -> Vector:
        """See `StepsInNumpy`."""
        x, s, one = state["x"], state["s"], state["v"].dtype.type
        x += one(self.synaptic_filter) * ((drive + bias) - x)
        s += one(self.relaxation) * ((x + nudge) - s)
        v = state["v"] + np.clip(s, one(0), one(1))
        spikes = (v >= 1).astype(v.dtype)
        state["v"] = v - spikes
        return np.asarray(spikes)

    def brian2_text(self, nudged: bool) -> NeuronText:
        """See `WrittenForBrian2`."""
        drive = "(x + nudge)" if nudged else "x"
        return NeuronText(
            state="x : volt\ns : volt\n",
            step=f"""
x += synaptic_filter*((drive + bias) - x)
s += relaxation*({drive} - s)
v += clip(s, 0*volt, 1*volt)
spike = 0
drive = 0*volt
""",
            threshold="v >= 1*volt",
            reset="v -= 1*volt\nspike = 1",
            onset="x = 0*volt\ns = 0*volt\nv = initial_potential\nspike = 0\ndrive = 0*volt",
            parameters={
                "synaptic_filter": self.synaptic_filter,
                "relaxation": self.relaxation,
                "initial_potential": self.initial_potential,
            },
            volts=("initial_potential",),
        )
