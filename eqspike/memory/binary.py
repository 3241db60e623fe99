"""Binary weights that flip when an inertia says so: binary Equilibrium Propagation with the rule `ep`.

    m <- (1 - gamma) m + gamma dW             inertia of the changes asked
    W <- -W   where  -sign(W) m > tau         m stays as it is

There is no hidden weight of full precision. tau / gamma is the threshold in units of dW: what is kept is
m / gamma, to which a write adds dW as it is.

Legend: dW change asked (learning rate x mean contrast; a learning rate of 1 gives the paper's), gamma inertia
rate, tau threshold.

Source: Laydevant, Ernoult, Querlioz and Grollier, CVPR Workshops 2021, arXiv:2103.08953; the rule is that of
Helwegen et al., "Latent weights do not exist", NeurIPS 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eqspike.core.config import Section
from eqspike.memory.protocol import Kept, Weights, Writes, Written
from eqspike.memory.scale import Scale, signs_of


@dataclass(frozen=True)
class Binary:
    """One sign a weight, times a scale.

    A candidate write is an inertia that is not 0 once updated; an applied one is a flip. `writes` counts flips.

    Attributes:
        inertia_rates: gamma of each coupling from the input, above 0, at most 1.
        thresholds: tau of each coupling, 0 or more.
        scale: of the signs.
    """

    inertia_rates: tuple[float, ...]
    thresholds: tuple[float, ...]
    scale: Scale
    kind: ClassVar[str] = "binary"
    kept: ClassVar[tuple[str, ...]] = ("inertia", "writes")

    @staticmethod
    def read(section: Section, couplings: int) -> Binary:
        """Read a model's `memory` section for a network with that many couplings."""
        memory = Binary(
            section.numbers("inertia_rates", length=couplings, low=1e-12, high=1),
            section.numbers("thresholds", length=couplings, low=0, high=1e6),
            Scale.read(section.section("scale", {}), couplings),
        )
        section.close()
        return memory

    def threshold(self, coupling: int) -> float:
        """tau / gamma: what m / gamma is compared with."""
        return self.thresholds[coupling] / self.inertia_rates[coupling]

    def store(self, weights: Weights, coupling: int) -> Weights:
        """Signs times the scale of the weights given."""
        del coupling
        return signs_of(weights) * self.scale.of(weights)

    def start(self, weights: Weights) -> dict[str, Weights]:
        """No inertia, no writes."""
        return {name: np.zeros_like(weights) for name in self.kept}

    def write(
        self, stored: Weights, kept: Kept, change: Weights, coupling: int, key: int
    ) -> Written:
        """Add the change to the inertia and flip what it says."""
        del key
        signs = signs_of(stored)
        inertia = kept["inertia"] * (1 - self.inertia_rates[coupling]) + change
        flips = -signs * inertia > self.threshold(coupling)
        magnitude = self.scale.learnt(self.scale.of(stored), signs, change, coupling)
        return Written(
            np.where(flips, -signs, signs) * magnitude,
            {"inertia": inertia, "writes": kept["writes"] + flips},
            Writes(int(np.count_nonzero(inertia)), int(np.count_nonzero(flips))),
        )
