"""A neuron that sends one bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from eqspike.core.config import Section
from eqspike.core.neurons.protocol import Vector
from eqspike.core.registry import RATES


@dataclass(frozen=True)
class BinaryNeuron:
    """A neuron that sends 1 while its filtered drive is one half or more, else 0; see `core.rates`.

        s <- clip((1 - g) s + g (d + n), 0, 1)        v = 1 where s >= 1/2, else 0

    A nudge moves its bit only where it carries the state over one half, so a class needs several outputs
    (`Readout.replicas`) to be told how far it is from its target.

    Source: Laydevant, Ernoult, Querlioz and Grollier, CVPR Workshops 2021, arXiv:2103.08953.

    Attributes:
        filter: g, above 0, at most 1.
        initial: s of every free neuron at the start of each sample.
    """

    filter: float = 0.5
    initial: float = 1.0
    kind: ClassVar[str] = "binary"
    signal: ClassVar[str] = RATES
    sends_bits: ClassVar[bool] = True

    @staticmethod
    def read(section: Section) -> BinaryNeuron:
        """Read a model's `neuron` section of kind `binary`."""
        section.explain(
            filter="share of the drive that enters the filtered state in each step",
        )
        section.choice("kind", ("binary",))
        neuron = BinaryNeuron(
            section.number("filter", 0.5, above=0, high=1),
            section.number("initial", 1.0, low=0, high=1),
        )
        section.close()
        return neuron

    def value(self, state: Vector) -> Vector:
        """The bit of each state."""
        return np.where(state >= 0.5, 1.0, 0.0)

    def updated(self, state: Vector, drive: Vector, nudge: Any, inside: bool) -> Vector:
        """See `AnyRateNeuron`; `Dynamics.refuse` has seen to it that the nudge is inside."""
        del inside
        filtered = (1 - self.filter) * state + self.filter * (drive + nudge)
        return np.asarray(np.clip(filtered, 0.0, 1.0))

    def brian2_value(self) -> str:
        """See `AnyRateNeuron`."""
        return "int(s >= 0.5)"

    def brian2_update(self, drive: str, nudge: str, inside: bool) -> str:
        """See `AnyRateNeuron`."""
        del inside
        return f"clip((1 - {self.filter!r})*s + {self.filter!r}*({drive} + {nudge}), 0, 1)"
