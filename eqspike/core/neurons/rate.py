"""A neuron whose state is its rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from eqspike.core.activations import ACTIVATIONS, Activation
from eqspike.core.config import Section
from eqspike.core.neurons.protocol import Vector
from eqspike.core.registry import RATES


@dataclass(frozen=True)
class RateNeuron:
    """A neuron whose state is its rate: s <- rho(d + n), or rho(d) + n; see `core.rates`.

    Attributes:
        activation: rho.
        initial: state of every free neuron at the start of each sample.
    """

    activation: Activation
    initial: float = 0.0
    kind: ClassVar[str] = "rate"
    signal: ClassVar[str] = RATES
    sends_bits: ClassVar[bool] = False

    @staticmethod
    def read(section: Section) -> RateNeuron:
        """Read a model's `neuron` section of kind `rate`."""
        section.explain(
            activation="rate as a function of the drive",
        )
        section.choice("kind", ("rate",))
        neuron = RateNeuron(
            ACTIVATIONS[section.choice("activation", tuple(ACTIVATIONS))],
            section.number("initial", 0.0, low=-1, high=1),
        )
        section.close()
        return neuron

    def value(self, state: Vector) -> Vector:
        """The state itself."""
        return state.copy()

    def updated(self, state: Vector, drive: Vector, nudge: Any, inside: bool) -> Vector:
        """See `AnyRateNeuron`."""
        del state
        if inside:
            return self.activation.rate(drive + nudge)
        return np.asarray(self.activation.rate(drive) + nudge)

    def brian2_value(self) -> str:
        """See `AnyRateNeuron`."""
        return "s"

    def brian2_update(self, drive: str, nudge: str, inside: bool) -> str:
        """See `AnyRateNeuron`."""
        if inside:
            return self.activation.brian2.format(x=f"({drive} + {nudge})")
        return f"{self.activation.brian2.format(x=drive)} + {nudge}"
