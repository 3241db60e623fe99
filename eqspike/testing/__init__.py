"""Plain reference simulators and small systems: the definition of what the engines must reproduce."""

from eqspike.testing.loihi import LoihiPresentation, present_loihi, random_network
from eqspike.testing.reference import (
    NEURONS,
    SIZES,
    Counts,
    Presentation,
    fixed_memory,
    flattened,
    present,
    samples,
    small_system,
)

__all__ = [
    "NEURONS",
    "SIZES",
    "Counts",
    "LoihiPresentation",
    "Presentation",
    "fixed_memory",
    "flattened",
    "present",
    "present_loihi",
    "random_network",
    "samples",
    "small_system",
]
