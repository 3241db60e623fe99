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

from eqspike.core.config import Section
from eqspike.core.phases import Phase
from eqspike.core.registry import RATES
from eqspike.rules.nudging import Nudging
from eqspike.rules.readings import EndContrast


@dataclass(frozen=True)
class Equilibrium:
    """Contrast of the states at the end of two phases, written once for each batch."""

    nudging: Nudging
    kind: ClassVar[str] = "ep"
    signal: ClassVar[str] = RATES
    continual: ClassVar[bool] = False

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Free relaxation, then one nudged phase, or two."""
        return self.nudging.phases(continual=False)

    @property
    def reading(self) -> EndContrast:
        """The ends of the nudged and the free phase, or of both nudged ones."""
        return self.nudging.contrast

    @property
    def beta(self) -> float:
        """Nudging strength."""
        return self.nudging.beta

    @staticmethod
    def read(section: Section) -> Equilibrium:
        """Read a model's `rule` section."""
        rule = Equilibrium(Nudging.read(section))
        section.close()
        return rule
