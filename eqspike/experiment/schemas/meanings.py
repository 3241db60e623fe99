"""What keys mean, in the words of the classes that readers make: the `Attributes` of their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

_ENTRY = re.compile(r"(?P<names>[a-z_]\w*(?:, [a-z_]\w*)*): ")
_DEEPEST = 5


def meaning(made: Any, path: tuple[str, ...], key: str) -> str:
    """What a key means, or nothing.

    Args:
        made: what a reader made of a description.
        path: keys that lead to the mapping that holds `key`, from the outside.
    """
    holders, found = [made], True
    for step in path:
        inner = [value for each in holders for name, value in _parts(each) if name == step]
        holders, found = inner or holders, bool(inner)
    if key == "kind":
        return (
            ""
            if not found
            else next((attributes(type(h).__doc__).get(key, "") for h in holders), "")
        )
    for holder in holders:
        for part in (holder, *(value for _, value in _parts(holder))):
            text = attributes(type(part).__doc__).get(key)
            if text:
                return text
    return ""


def _parts(made: Any) -> Iterator[tuple[str, Any]]:
    """Objects inside an object with the names they have there, the nearest first."""
    level = [made]
    for _ in range(_DEEPEST):
        found = [pair for each in level for pair in _held(each)]
        yield from found
        level = [value for _, value in found]


def _held(made: Any) -> Iterator[tuple[str, Any]]:
    if not is_dataclass(made) or isinstance(made, type):
        return
    for field in fields(made):
        value = getattr(made, field.name)
        items = value if isinstance(value, (tuple, list)) else (value,)
        yield from ((field.name, item) for item in items if is_dataclass(item))
        if isinstance(value, Mapping):
            yield from ((str(k), item) for k, item in value.items() if is_dataclass(item))


@cache
def attributes(docstring: str | None) -> Mapping[str, str]:
    """Texts of the `Attributes` section of a docstring, by name.

    An entry may name several, as `low, high: bounds`, and a line may hold several, as `a: this; b: that`.
    """
    lines = inspect.cleandoc(docstring or "").splitlines()
    if "Attributes:" not in lines:
        return {}
    block: list[str] = []
    for line in lines[lines.index("Attributes:") + 1 :]:
        if line and not line.startswith(" "):
            break
        block.append(line)
    entries = re.split(r"\n {4}(?! )", "\n" + "\n".join(block))
    return {name: text for entry in entries for name, text in _entry(" ".join(entry.split()))}


def _entry(text: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"; (?=[a-z_]\w*(?:, [a-z_]\w*)*: )", text):
        match = _ENTRY.match(part)
        if match is not None:
            for name in match["names"].split(", "):
                yield name, part[match.end() :].strip().rstrip(".")
