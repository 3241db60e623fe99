"""Chips: their limits, weights and energy per event, read from the profiles of `chips/`."""

from eqspike.chips.figures import Figure, IncludedIn
from eqspike.chips.profile import (
    EVENTS,
    ChipProfile,
    Learning,
    Timestep,
    Weights,
    load_profile,
)

__all__ = [
    "EVENTS",
    "ChipProfile",
    "Figure",
    "IncludedIn",
    "Learning",
    "Timestep",
    "Weights",
    "load_profile",
]
