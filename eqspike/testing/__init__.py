"""Plain reference simulators and small systems: the definition of what the engines must reproduce."""

from eqspike.testing.graded_rates import PlainGraded
from eqspike.testing.loihi import LoihiPresentation, present_loihi, random_network
from eqspike.testing.rate_events import PlainRates
from eqspike.testing.rate_systems import rate_samples, small_rate_system
from eqspike.testing.reference import Counts, Presentation, flattened, present
from eqspike.testing.systems import NEURONS, SIZES, fixed_memory, samples, small_system

__all__ = [
    "NEURONS",
    "SIZES",
    "Counts",
    "LoihiPresentation",
    "PlainGraded",
    "PlainRates",
    "Presentation",
    "fixed_memory",
    "flattened",
    "present",
    "present_loihi",
    "random_network",
    "rate_samples",
    "samples",
    "small_rate_system",
    "small_system",
]
