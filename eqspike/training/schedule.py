"""Learning-rate factor as a function of the progress of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from eqspike.core.config import Section

SCHEDULES = ("constant", "linear", "cosine")


@dataclass(frozen=True)
class Schedule:
    """Factor on all learning rates, from 1 at the start to `final` at the end.

    Attributes:
        kind: `constant` (always 1), `linear` or `cosine`.
        final: factor at the end of the run, in [0, 1].
    """

    kind: str
    final: float

    @staticmethod
    def read(section: Section) -> Schedule:
        """Read `schedule` and `final_rate` of a model's `training` section."""
        section.explain(
            final_rate="factor on the learning rates at the end of the run",
        )
        return Schedule(
            section.choice("schedule", SCHEDULES, "linear"),
            section.number("final_rate", 0.02, low=0, high=1),
        )

    def factor(self, progress: float) -> float:
        """Factor at `progress` in [0, 1], the fraction of the run's samples already seen."""
        if self.kind == "constant":
            return 1.0
        fall = progress if self.kind == "linear" else (1 - math.cos(math.pi * progress)) / 2
        return 1.0 - (1.0 - self.final) * fall
