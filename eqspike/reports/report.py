"""Energy report of one run on one or several chips: data, JSON, Markdown and one HTML page.

Equal inputs give files of equal bytes: nothing is stamped with a time or a place.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eqspike.reports.contents import ChipEnergy, EnergyReport, build_report
from eqspike.reports.export import report_data
from eqspike.reports.files import write_texts
from eqspike.reports.render import render_html, render_markdown

__all__ = ["ChipEnergy", "EnergyReport", "build_report", "report_json", "write_report"]


def report_json(report: EnergyReport) -> dict[str, Any]:
    """The report as JSON data, schema `eqspike-energy-report-1`, described in `docs/energy.md`."""
    return report_data(report)


def write_report(report: EnergyReport, folder: Path | str) -> tuple[Path, Path, Path]:
    """Write `energy.json`, `energy.md` and `energy.html`.

    Args:
        report: from `build_report`.
        folder: made if need be; existing reports in it are replaced.

    Returns:
        Paths of the three files, in that order.

    Raises:
        RunError: if the folder or a file cannot be written.
        MissingPackageError: without the package `jinja2`.
    """
    texts = {
        "energy.json": json.dumps(report_json(report), indent=2, ensure_ascii=False) + "\n",
        "energy.md": render_markdown(report),
        "energy.html": render_html(report),
    }
    json_path, markdown_path, html_path = write_texts(Path(folder), texts)
    return json_path, markdown_path, html_path
