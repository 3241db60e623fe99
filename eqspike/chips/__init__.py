"""Chips: their limits, weights and energy per event, read from the profiles of `chips/`."""

from eqspike.chips.coverage import coverage
from eqspike.chips.figures import EVENTS, Figure, IncludedIn
from eqspike.chips.profile import (
    ChipProfile,
    Learning,
    Timestep,
    Weights,
)
from eqspike.chips.reading import load_profile
from eqspike.chips.supplied import with_figures

__all__ = [
    "EVENTS",
    "ChipProfile",
    "Figure",
    "IncludedIn",
    "Learning",
    "Timestep",
    "Weights",
    "coverage",
    "load_profile",
    "with_figures",
]
