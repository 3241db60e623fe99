"""Equilibrium Propagation (Scellier and Bengio, Front. Comput. Neurosci. 11:24, 2017), in the discrete form of
Ernoult, Grollier, Querlioz, Bengio and Scellier (NeurIPS 2019), with the nudges of Laborieux, Ernoult, Scellier,
Bengio, Grollier and Querlioz (Front. Neurosci. 15:633674, 2021).

    dW = mean over samples of (s_post s_pre at beta - s_post s_pre at 0) / beta           positive or random sign
    dW = mean over samples of (s_post s_pre at beta - s_post s_pre at -beta) / (2 beta)   both signs
    db = the same with s_post

Legend: s states at the end of a phase, beta nudging strength.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eqspike.rules.nudged import NudgedRule
from eqspike.rules.readings import EndContrast


@dataclass(frozen=True)
class Equilibrium(NudgedRule):
    """Contrast of the states at the end of two phases, written once for each batch."""

    kind: ClassVar[str] = "ep"

    @property
    def reading(self) -> EndContrast:
        """The ends of the nudged and the free phase, or of both nudged ones."""
        return self.nudging.contrast
