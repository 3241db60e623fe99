"""Neuron models: what a membrane does in one time step. Parameters only; engines hold the dynamics.

Legend: `I` synaptic current of the step plus bias, `n` nudge, `V` membrane potential, `S` spike (0 or 1).
Rates are in spikes per time step, in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eqspike.core.config import Section
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

    @staticmethod
    def read(section: Section) -> SigmaDelta:
        """Read the `neuron` section of a model."""
        return SigmaDelta(
            section.number("synaptic_filter", 0.5, above=0, high=1),
            section.number("relaxation", 0.5, above=0, high=1),
            section.number("initial_potential", 0.5, low=0, high=0.999),
        )


@dataclass(frozen=True)
class CurrentBased:
    """Current-based leaky integrate-and-fire with reset to zero: the neuron Loihi has.

        u <- u (1 - current_decay) + I_syn
        V <- V (1 - voltage_decay) + u + bias + n
        S = [V > threshold];  V <- 0 where S = 1

    Source: Davies et al., IEEE Micro 38(1):82-99, 2018; Lava's floating-point LIF has the same update.

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


Neuron = SigmaDelta | CurrentBased
