"""Energy of a run: counted events times the sourced figures of a chip, and the report of it."""

from eqspike.energy.events import CATEGORIES, Event, Gap, Row
from eqspike.energy.model import Estimate, estimate
from eqspike.energy.report import EnergyReport, build_report, report_json, write_report

__all__ = [
    "CATEGORIES",
    "EnergyReport",
    "Estimate",
    "Event",
    "Gap",
    "Row",
    "build_report",
    "estimate",
    "report_json",
    "write_report",
]
