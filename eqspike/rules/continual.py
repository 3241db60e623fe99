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

from eqspike.rules.nudged import NudgedRule
from eqspike.rules.readings import StepContrast, StepField


@dataclass(frozen=True)
class ContinualEquilibrium(NudgedRule):
    """C-EP: the change of the product of both states, at every nudged step."""

    kind: ClassVar[str] = "c-ep"
    continual: ClassVar[bool] = True

    @property
    def reading(self) -> StepContrast:
        """Of every nudged step."""
        return StepContrast()


@dataclass(frozen=True)
class ContinualVectorField(NudgedRule):
    """C-VF: the change of the receiving state times the sending one, at every nudged step."""

    kind: ClassVar[str] = "c-vf"
    continual: ClassVar[bool] = True

    @property
    def reading(self) -> StepField:
        """Of every nudged step."""
        return StepField()
