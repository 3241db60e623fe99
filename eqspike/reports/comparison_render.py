"""The comparison of systems as Markdown and as HTML."""

from __future__ import annotations

from typing import Any

from eqspike.energy.wording import EXCLUSIONS, comparison_cautions
from eqspike.reports import comparison_view, tables
from eqspike.reports.comparison import SystemComparison
from eqspike.reports.comparison_view import QUANTITIES
from eqspike.reports.plots import HEIGHT
from eqspike.reports.precision import precision_study
from eqspike.reports.templates import fill_html, fill_markdown


def render_html(comparison: SystemComparison) -> str:
    """One page that needs no script, no font and no network.

    Raises:
        MissingPackageError: without the package `jinja2`.
    """
    return fill_html("comparison.html.j2", _context(comparison))


def render_markdown(comparison: SystemComparison) -> str:
    """Markdown; texts from outside cannot become markup.

    Raises:
        MissingPackageError: without the package `jinja2`.
    """
    return fill_markdown("comparison.md.j2", _context(comparison))


def _context(comparison: SystemComparison) -> dict[str, Any]:
    systems = comparison.systems
    tasks = dict.fromkeys(str(system.provenance.get("task", "")) for system in systems)
    titles = ("Events per inference", "Events per training sample")
    tables_of_events = [
        comparison_view.event_table(title, [(each.label, getattr(each, name)) for each in systems])
        for title, name in zip(titles, QUANTITIES, strict=True)
    ]
    return {
        "title": f"{len(systems)} systems compared"
        + (f" on {next(iter(tasks))}" if len(tasks) == 1 and "" not in tasks else ""),
        "systems": [
            comparison_view.system_line(i, each) for i, each in enumerate(systems, start=1)
        ],
        "events": [table for table in tables_of_events if table.lines],
        "panels": comparison_view.chip_panels(comparison),
        "study": precision_study(comparison),
        "plot_height": HEIGHT,
        "cautions": comparison_cautions([system.provenance for system in systems]),
        "conditions": tables.provenance_lines(comparison.conditions.to_json()),
        "exclusions": EXCLUSIONS,
    }
