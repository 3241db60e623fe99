"""Energy of a run: counted events times the sourced figures of a chip, and the report of it."""

from eqspike.energy.comparison import ComparedSystem, SystemComparison, build_comparison
from eqspike.energy.comparison_report import comparison_json, write_comparison
from eqspike.energy.conditions import Conditions
from eqspike.energy.endurance import Wear, first_failure, wear
from eqspike.energy.events import CATEGORIES, Event, Gap, Row
from eqspike.energy.model import Estimate, estimate
from eqspike.energy.report import EnergyReport, build_report, report_json, write_report
from eqspike.energy.sensitivity import Swing, swings

__all__ = [
    "CATEGORIES",
    "ComparedSystem",
    "Conditions",
    "EnergyReport",
    "Estimate",
    "Event",
    "Gap",
    "Row",
    "Swing",
    "SystemComparison",
    "Wear",
    "build_comparison",
    "build_report",
    "comparison_json",
    "estimate",
    "first_failure",
    "report_json",
    "swings",
    "wear",
    "write_comparison",
    "write_report",
]
