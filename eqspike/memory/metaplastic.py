"""Binary weights with a hidden one each, the harder to turn the larger it has grown.

    H <- H + dW           where dW makes |H| larger
    H <- H + f(H) dW      where dW makes |H| smaller,    f(H) = 1 - tanh^2(m |H|)
    W  = alpha sign(H)

With m = 0 this is a hidden weight that takes all changes, as binary networks are usually trained.

Legend: H hidden weight, W stored weight, dW change asked (learning rate x mean contrast), m metaplasticity.

Source: Laborieux, Ernoult, Hirtzlin and Querlioz, Nat. Commun. 12:2549, 2021, arXiv:2003.03533. There dW is a
step of Adam and networks learn by backpropagation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eqspike.core.config import Section
from eqspike.memory.protocol import Kept, Weights, Writes, Written
from eqspike.memory.scale import Scale, signs_of


@dataclass(frozen=True)
class Metaplastic:
    """The sign of a hidden weight, times a scale.

    A candidate write is a change that is not 0; an applied one turns the stored sign. `writes` counts the latter.

    Attributes:
        metaplasticity: m of each coupling from the input, 0 or more.
        scale: of the signs.
    """

    metaplasticity: tuple[float, ...]
    scale: Scale
    kind: ClassVar[str] = "metaplastic"
    kept: ClassVar[tuple[str, ...]] = ("hidden", "writes")

    @staticmethod
    def read(section: Section, couplings: int) -> Metaplastic:
        """Read a model's `memory` section for a network with that many couplings."""
        memory = Metaplastic(
            section.numbers("metaplasticity", length=couplings, low=0, high=1e6),
            Scale.read(section.section("scale", {}), couplings),
        )
        section.close()
        return memory

    def share(self, hidden: Weights, coupling: int) -> Weights:
        """f: the share of a change towards 0 that a hidden weight takes."""
        return np.asarray(1 - np.tanh(self.metaplasticity[coupling] * np.abs(hidden)) ** 2)

    def store(self, weights: Weights, coupling: int) -> Weights:
        """Signs times the scale of the weights given."""
        del coupling
        return signs_of(weights) * self.scale.of(weights)

    def start(self, weights: Weights) -> dict[str, Weights]:
        """The weights given are the hidden ones."""
        return {"hidden": weights.copy(), "writes": np.zeros_like(weights)}

    def write(
        self, stored: Weights, kept: Kept, change: Weights, coupling: int, key: int
    ) -> Written:
        """Move the hidden weights and store their signs."""
        del key
        hidden, signs = kept["hidden"], signs_of(stored)
        shrinks = signs * change < 0
        hidden = hidden + np.where(shrinks, self.share(hidden, coupling) * change, change)
        turned = signs_of(hidden)
        flips = turned != signs
        magnitude = self.scale.learnt(self.scale.of(stored), signs, change, coupling)
        return Written(
            turned * magnitude,
            {"hidden": hidden, "writes": kept["writes"] + flips},
            Writes(int(np.count_nonzero(change)), int(np.count_nonzero(flips))),
        )
