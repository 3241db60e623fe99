"""Docstrings of this package as Sphinx reads them: indented equations stay, signs mean themselves."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

_SECTION = re.compile(r"(Args|Returns|Raises|Attributes|Yields):$")
_ALIAS = re.compile(r"TypeAliasForwardRef\('(\w+)'\)")
_SIGNS = re.compile(r"(?<!`)([*|]|_(?=\W|$))")


def prepare(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Mark indented blocks before the first section as literal, and escape signs of markup elsewhere."""
    del app, what, name, thing, options
    made: list[str] = []
    literal = section = False
    for line in lines:
        section = section or _SECTION.match(line) is not None
        indented = line.startswith("    ") and not section
        if indented and not literal:
            made += ["::", ""]
        literal = indented or (literal and not line.strip())
        made.append(line if literal else _escaped(line))
    lines[:] = made


def _escaped(line: str) -> str:
    """The line with signs of markup escaped, but not between backticks."""
    parts = line.split("`")
    return "`".join(_SIGNS.sub(r"\\\1", p) if n % 2 == 0 else p for n, p in enumerate(parts))


def names(
    app: Sphinx,
    what: str,
    name: str,
    thing: Any,
    options: Any,
    signature: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    """Call types by their names, also those that are one of several."""
    del app, what, name, thing, options
    return signature and _ALIAS.sub(r"\1", signature), returned and _ALIAS.sub(r"\1", returned)


def setup(app: Sphinx) -> dict[str, bool]:
    """Run before Napoleon reads the sections."""
    app.connect("autodoc-process-docstring", prepare, priority=400)
    app.connect("autodoc-process-signature", names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
