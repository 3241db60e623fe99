"""Filling the templates of this folder: HTML, and Markdown in which texts from outside cannot become markup."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

from eqspike.core.errors import MissingPackageError
from eqspike.core.showing import markdown_text, visible

if TYPE_CHECKING:
    from jinja2 import Environment


def fill_html(name: str, context: Mapping[str, Any]) -> str:
    """A page that needs no script, no font and no network.

    Args:
        name: file name of the template.
        context: what the template names.

    Raises:
        MissingPackageError: without the package `jinja2`.
    """
    environment = _environment(autoescape=True, finalize=_escape_html)
    return environment.get_template(name).render(context)


def fill_markdown(name: str, context: Mapping[str, Any]) -> str:
    """Markdown; arguments as for `fill_html`.

    Raises:
        MissingPackageError: without the package `jinja2`.
    """
    environment = _environment(autoescape=False, finalize=_escape_markdown)
    return environment.get_template(name).render(context)


def _environment(*, autoescape: bool, finalize: Callable[[object], object]) -> Environment:
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
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _template(name: str) -> str:
    return resources.files("eqspike.reports").joinpath(name).read_text(encoding="utf-8")


def _escape_html(value: object) -> object:
    """Show characters that could reorder or hide text; markup that is already safe stays."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return visible(value)


def _escape_markdown(value: object) -> object:
    """Neutralise Markdown and HTML in a text; numbers and joined lists are texts by then."""
    if not isinstance(value, str):
        return value
    return markdown_text(value)
