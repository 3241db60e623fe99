"""What a profile knows, at a glance: the confidence of each figure, or why it has none."""

from __future__ import annotations

from eqspike.chips.figures import EVENTS, Figure, IncludedIn
from eqspike.chips.profile import ChipProfile

INCLUDED, UNKNOWN = "included", "unknown"

COLUMNS = (*EVENTS, "static_w", "step_time", "endurance")
"""What is covered: energies of events, static power, length of a time step, endurance of a weight."""


def coverage(profile: ChipProfile) -> dict[str, str]:
    """For each of `COLUMNS`: `high`, `medium` or `low` confidence, `included` (in another figure) or `unknown`."""
    figures: dict[str, Figure] = {
        **profile.energy,
        "static_w": profile.static,
        "step_time": profile.timestep.duration,
        "endurance": profile.weights.endurance,
    }
    return {name: _state(figures[name]) for name in COLUMNS}


def _state(figure: Figure) -> str:
    if figure is None:
        return UNKNOWN
    return INCLUDED if isinstance(figure, IncludedIn) else figure.confidence
