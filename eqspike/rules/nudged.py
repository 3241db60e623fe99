"""What rules of rate-based networks that compare a free phase with nudged ones have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeVar

from eqspike.core.config import Section
from eqspike.core.phases import Phase
from eqspike.core.registry import RATES
from eqspike.rules.nudging import Nudging

Kind = TypeVar("Kind", bound="NudgedRule")


@dataclass(frozen=True)
class NudgedRule:
    """A free phase and nudged ones; how they are read is each rule's own.

    Attributes:
        nudging: phases and the sign of the nudge.
        continual: whether weights change at every nudged step instead of once for each batch.
    """

    nudging: Nudging
    signal: ClassVar[str] = RATES
    continual: ClassVar[bool] = False

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Free relaxation, then one nudged phase, or two."""
        return self.nudging.phases(continual=self.continual)

    @property
    def beta(self) -> float:
        """Nudging strength."""
        return self.nudging.beta

    @classmethod
    def read(cls: type[Kind], section: Section) -> Kind:
        """Read a model's `rule` section."""
        rule = cls(Nudging.read(section))
        section.close()
        return rule
