"""Rendering of the report's Markdown and HTML from the templates of this folder."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, Any

from eqspike.core.errors import MissingPackageError
from eqspike.energy import charts, tables, views
from eqspike.energy.contents import EnergyReport
from eqspike.energy.evidence import CONFIDENCE_MARKS, CONFIDENCE_MEANING
from eqspike.energy.wording import EXCLUSIONS

if TYPE_CHECKING:
    from jinja2 import Environment

_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]|#])")


def render_html(report: EnergyReport) -> str:
    """The report as one page that needs no script, no font and no network.

    Raises:
        MissingPackageError: without the package `jinja2`.
    """
    environment = _environment(autoescape=True)
    return environment.get_template("report.html.j2").render(_context(report))


def render_markdown(report: EnergyReport) -> str:
    """The report as Markdown; texts from outside cannot become markup.

    Raises:
        MissingPackageError: without the package `jinja2`.
    """
    environment = _environment(autoescape=False)
    environment.finalize = _escape_markdown
    return environment.get_template("report.md.j2").render(_context(report))


def _environment(*, autoescape: bool) -> Environment:
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    except ImportError as error:
        raise MissingPackageError(
            "writing an energy report needs the package 'jinja2', which eqspike installs by default "
            "and which is missing here; install it with: pip install jinja2"
        ) from error
    return Environment(
        loader=FunctionLoader(_template),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _template(name: str) -> str:
    return resources.files("eqspike.energy").joinpath(name).read_text(encoding="utf-8")


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
        "parts": charts.PARTS,
        "counts": [tables.count_table(name, each) for name, each in counted if each is not None],
        "conditions": tables.provenance_lines(report.conditions.to_json()),
        "provenance": tables.provenance_lines(report.provenance),
        "rate": f"{rate:g}",
        "exclusions": EXCLUSIONS,
        "confidences": CONFIDENCE_MEANING,
        "marks": CONFIDENCE_MARKS,
    }


def _escape_markdown(value: object) -> object:
    """Neutralise Markdown and HTML in a text; numbers and joined lists are texts by then."""
    if not isinstance(value, str):
        return value
    flat = " ".join(value.split())
    escaped = _MARKDOWN_SPECIAL.sub(r"\\\1", flat)
    return escaped.replace("&", "&amp;").replace("<", "&lt;")
