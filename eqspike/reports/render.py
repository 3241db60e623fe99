"""The report of one run as Markdown and as HTML."""

from __future__ import annotations

from typing import Any

from eqspike.energy.wording import EXCLUSIONS
from eqspike.reports import charts, tables, views
from eqspike.reports.contents import EnergyReport
from eqspike.reports.evidence import CONFIDENCE_MARKS, CONFIDENCE_MEANING
from eqspike.reports.templates import fill_html, fill_markdown


def render_html(report: EnergyReport) -> str:
    """The report as one page that needs no script, no font and no network.

    Raises:
        MissingPackageError: without the package `jinja2`.
    """
    return fill_html("report.html.j2", _context(report))


def render_markdown(report: EnergyReport) -> str:
    """The report as Markdown; texts from outside cannot become markup.

    Raises:
        MissingPackageError: without the package `jinja2`.
    """
    return fill_markdown("report.md.j2", _context(report))


def _context(report: EnergyReport) -> dict[str, Any]:
    accuracy = report.provenance.get("accuracy")
    counted = (("Inference", report.inference), ("Training", report.training))
    rate = report.samples_per_second
    return {
        "title": report.title,
        "accuracy": None if accuracy is None else f"{100.0 * accuracy:.2f} %",
        "chips": [views.chip_view(i, entry, rate) for i, entry in enumerate(report.chips, start=1)],
        "comparison": views.comparison(report, reference=False),
        "references": views.comparison(report, reference=True),
        "doubts": views.doubt_lines(report),
        "parts": charts.PARTS,
        "counts": [tables.count_table(name, each) for name, each in counted if each is not None],
        "activity": tables.activity_views(report.activity),
        "bar_height": tables.BAR_HEIGHT,
        "conditions": tables.provenance_lines(report.conditions.to_json()),
        "provenance": tables.provenance_lines(report.provenance),
        "rate": f"{rate:g}",
        "exclusions": EXCLUSIONS,
        "confidences": CONFIDENCE_MEANING,
        "marks": CONFIDENCE_MARKS,
    }
