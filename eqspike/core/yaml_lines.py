"""Where in a YAML file a key stands."""

from __future__ import annotations

import re
from typing import Any

import yaml

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def line_of(text: str, path: str, key: str = "") -> int:
    """Line, from 1, of a key of the mapping at a dotted path such as `blocks[0].layers[1]`.

    Where there is no such key, or none is named, the line of the innermost mapping on the way to it.
    """
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 1
    for name, index in (*_STEP.findall(path), *([(key, "")] if key else [])):
        found = _inside(node, name, index)
        if found is None:
            return line
        line, node = found
    return line


def _inside(node: Any, name: str, index: str) -> tuple[int, Any] | None:
    """Line and node of an item of a list, or of a key of a mapping."""
    if index:
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        if int(index) >= len(items):
            return None
        return items[int(index)].start_mark.line + 1, items[int(index)]
    for known, value in node.value if isinstance(node, yaml.MappingNode) else []:
        if known.value == name:
            return known.start_mark.line + 1, value
    return None
