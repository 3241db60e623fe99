"""Continual weight updates: C-EP and C-VF (Ernoult, Grollier, Querlioz, Bengio and Scellier, arXiv:2005.04168).

Weights change after every step t of the nudged phase. C-EP, where one weight serves both directions:

    W <- W + eta / beta  mean over samples of (s_post(t+1) s_pre(t+1) - s_post(t) s_pre(t))

C-VF, where each direction has its own weight:

    W(pre to post) <- W(pre to post) + eta / beta  mean of (s_post(t+1) - s_post(t)) s_pre(t)

Biases follow eta / beta mean of (s_post(t+1) - s_post(t)) in both. With eta -> 0 first and then beta -> 0, the
sum of C-EP's changes is that of Equilibrium Propagation. C-VF has no such theorem, for no function of the states
drives a network whose two directions differ; its angle to the gradient is measured instead.

Legend: s states, eta learning rate, beta nudging strength.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eqspike.core.config import Section
from eqspike.core.phases import Phase
from eqspike.core.registry import RATES
from eqspike.rules.nudging import Nudging
from eqspike.rules.readings import StepContrast, StepField


@dataclass(frozen=True)
class ContinualEquilibrium:
    """C-EP: the change of the product of both states, at every nudged step."""

    nudging: Nudging
    kind: ClassVar[str] = "c-ep"
    signal: ClassVar[str] = RATES
    continual: ClassVar[bool] = True

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Free relaxation, then nudging with learning."""
        return self.nudging.phases(continual=True)

    @property
    def reading(self) -> StepContrast:
        """Of every nudged step."""
        return StepContrast()

    @property
    def beta(self) -> float:
        """Nudging strength."""
        return self.nudging.beta

    @staticmethod
    def read(section: Section) -> ContinualEquilibrium:
        """Read a model's `rule` section."""
        rule = ContinualEquilibrium(Nudging.read(section))
        section.close()
        return rule


@dataclass(frozen=True)
class ContinualVectorField:
    """C-VF: the change of the receiving state times the sending one, at every nudged step."""

    nudging: Nudging
    kind: ClassVar[str] = "c-vf"
    signal: ClassVar[str] = RATES
    continual: ClassVar[bool] = True

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Free relaxation, then nudging with learning."""
        return self.nudging.phases(continual=True)

    @property
    def reading(self) -> StepField:
        """Of every nudged step."""
        return StepField()

    @property
    def beta(self) -> float:
        """Nudging strength."""
        return self.nudging.beta

    @staticmethod
    def read(section: Section) -> ContinualVectorField:
        """Read a model's `rule` section."""
        rule = ContinualVectorField(Nudging.read(section))
        section.close()
        return rule
