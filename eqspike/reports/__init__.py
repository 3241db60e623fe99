"""Documents about runs: energy reports and comparisons, as JSON, Markdown and pages."""

from eqspike.reports.comparison import ComparedSystem, SystemComparison, build_comparison
from eqspike.reports.comparison_report import comparison_json, write_comparison
from eqspike.reports.report import EnergyReport, build_report, report_json, write_report

__all__ = [
    "ComparedSystem",
    "EnergyReport",
    "SystemComparison",
    "build_comparison",
    "build_report",
    "comparison_json",
    "report_json",
    "write_comparison",
    "write_report",
]
