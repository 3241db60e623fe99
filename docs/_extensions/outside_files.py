"""Links to reports, which are no pages of the site: the file itself is offered."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

_REPORT = re.compile(r"\]\((\.\./energy_reports/[^)]+)\)")


def offer(app: Sphinx, name: str, source: list[str]) -> None:
    """Mark such links as files."""
    del app, name
    source[0] = _REPORT.sub(r"](path:\1)", source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Do it before a page is read."""
    app.connect("source-read", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
