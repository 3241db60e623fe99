"""Energy of a run: counted events times the sourced figures of a chip, and the report of it."""

from eqspike.energy.conditions import Conditions
from eqspike.energy.endurance import Wear, first_failure, wear
from eqspike.energy.events import CATEGORIES, Event, Gap, Row
from eqspike.energy.model import Estimate, estimate
from eqspike.energy.sensitivity import Swing, swings

__all__ = [
    "CATEGORIES",
    "Conditions",
    "Estimate",
    "Event",
    "Gap",
    "Row",
    "Swing",
    "Wear",
    "estimate",
    "first_failure",
    "swings",
    "wear",
]
