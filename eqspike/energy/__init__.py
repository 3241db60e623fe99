"""Energy of a run: counted events times the sourced figures of a chip, and the report of it."""

from eqspike.energy.conditions import Conditions
from eqspike.energy.endurance import Wear, wear
from eqspike.energy.events import CATEGORIES, Event, Gap, Row
from eqspike.energy.model import Estimate, estimate
from eqspike.energy.report import EnergyReport, build_report, report_json, write_report
from eqspike.energy.sensitivity import Swing, swings

__all__ = [
    "CATEGORIES",
    "Conditions",
    "EnergyReport",
    "Estimate",
    "Event",
    "Gap",
    "Row",
    "Swing",
    "Wear",
    "build_report",
    "estimate",
    "report_json",
    "swings",
    "wear",
    "write_report",
]
