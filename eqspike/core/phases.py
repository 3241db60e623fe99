"""What the teacher does, and for how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """One stretch of time of a sample's presentation.

    Attributes:
        name: `free`, `nudged`, ... used in counts and reports.
        steps: duration in time steps, at least 1.
        nudged: whether the output layer is nudged towards the target (strength and sign: the rule's beta).
        learns: whether the local rule is evaluated.
    """

    name: str
    steps: int
    nudged: bool = False
    learns: bool = False
