"""Documents about runs: energy reports and comparisons, as JSON, Markdown and pages."""

from eqspike.reports.comparison import ComparedSystem, SystemComparison, build_comparison
from eqspike.reports.comparison_document import write_comparison
from eqspike.reports.contents import EnergyReport, build_report
from eqspike.reports.export import comparison_json, report_json
from eqspike.reports.report import write_report

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
