"""Documents as pages of HTML, each one file that needs no script, no font and no network."""

from __future__ import annotations

from importlib import resources

from eqspike.core.errors import MissingPackageError
from eqspike.core.showing import visible
from eqspike.reports.document import Document
from eqspike.reports.evidence import CONFIDENCE_MARKS


def render_page(document: Document) -> str:
    """The document as a page.

    Raises:
        MissingPackageError: without the package `jinja2`.
    """
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    except ImportError as error:
        raise MissingPackageError(
            "writing a report needs the package 'jinja2', which eqspike installs by default "
            "and which is missing here; install it with: pip install jinja2"
        ) from error
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.get_template("page.html.j2")
    return template.render(document=document, marks=CONFIDENCE_MARKS).lstrip()


def _template(name: str) -> str:
    return resources.files("eqspike.reports").joinpath(name).read_text(encoding="utf-8")


def _visible(value: object) -> object:
    """Show characters that could reorder or hide text; markup that is already safe stays."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return visible(value)
