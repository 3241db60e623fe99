"""Asymmetric Equilibrium Propagation: the gradient of a network whose two directions have weights of their own.

Of a free phase and one or two nudged ones, in difference form (`core.rates`), whose differences delta the
*transposed* couplings carry: up by the backward weights, down by the forward ones. At rest, delta / beta then
tends to the adjoint state of the free fixed point as beta -> 0, whatever the angle between the weights, and

    dW(pre to post) = mean over samples of delta_post s_pre / beta            positive or random sign
    dW(pre to post) = the same of (delta_post at beta - delta_post at -beta) / (2 beta)       both signs
    db = the same with s_pre = 1

is minus the gradient of |y - s_L|^2 / 2 by every forward weight, every backward weight and every bias, with an
error of order beta, of order beta^2 with both signs. It holds at a fixed point: where the free dynamics have none,
which separate weights do not exclude, it says nothing.

Source of the idea: Scurria, Vanden Abeele, Mognetti and Massar, arXiv:2602.03670 (2026). The difference form is
ours.

Legend: s states at the end of the free phase, delta what nudged ones differ by, beta nudging strength.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eqspike.rules.nudged import NudgedRule
from eqspike.rules.readings import EndField


@dataclass(frozen=True)
class AsymmetricEquilibrium(NudgedRule):
    """Differences of the receivers times free states of the senders, written once for each batch."""

    kind: ClassVar[str] = "a-ep"

    @property
    def reading(self) -> EndField:
        """The ends of the nudged and the free phase, or of both nudged ones."""
        compared = self.nudging.contrast
        return EndField(compared.first, compared.second)
