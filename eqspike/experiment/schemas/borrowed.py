"""Figures that a new chip has from the one it was begun as: marked in its file, and told of until replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eqspike.core.yaml_lines import line_of
from eqspike.experiment.schemas.findings import Finding

MARK = "replace-me"
"""Source that borrowed figures name beside their own."""

_SHOWN = 4


def marked(data: dict[str, Any], origin: str) -> dict[str, Any]:
    """A chip's description whose figures all name the source `MARK`.

    Args:
        origin: name of the chip whose figures they are.
    """
    found: dict[str, Any] = _with_mark(data)
    text = f"Figures of '{origin}', not of this chip; give its own, and their source in place of {MARK}."
    return {**found, "sources": {MARK: text, **data.get("sources", {})}}


def _with_mark(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_mark(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: [MARK, *inner]
        if key == "sources" and isinstance(inner, list)
        else _with_mark(inner)
        for key, inner in value.items()
    }  # fmt: skip


def borrowed(data: Any, text: str) -> tuple[Finding, ...]:
    """What to tell of a description with borrowed figures; nothing if it has none.

    Args:
        text: of its file.
    """
    places = list(_places(data, ""))
    if not places:
        return ()
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    said = (
        f"{', '.join(places[:_SHOWN])}{more}: not of this chip, but of the one that the file was begun as; give "
        f"its own figures, and their source in place of '{MARK}'"
    )
    return (Finding(line_of(text, places[0]), said),)


def _places(value: Any, path: str) -> Iterator[str]:
    """Dotted paths of the figures and facts that name the mark."""
    if not isinstance(value, dict):
        return
    sources = value.get("sources")
    if isinstance(sources, list) and MARK in sources:
        yield path
    for key, inner in value.items():
        yield from _places(inner, f"{path}.{key}" if path else str(key))
