"""YAML as descriptions use it: one document of mappings, lists and plain values of the core schema of YAML 1.2.

No aliases, merge keys or tags, no key given twice, and limits on size and depth: a small text cannot become large
data. Plain values are `null`, `true`, `false`, whole numbers (also `0x1F`, `0o17`), numbers (also `1e-3`, `.inf`,
`.nan`) and texts; nothing else is guessed: `1:30`, `yes` and `2001-01-01` are texts, `040` is forty.

Source: YAML 1.2.2, 2021, section 10.3 (core schema).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from eqspike.core.errors import ConfigError
from eqspike.core.reading import read_bytes
from eqspike.core.yaml_errors import RuleError, said_of

LARGEST = 1024**2
"""Bytes of a description."""

DEEPEST = 32
"""Levels of mappings and lists inside one another."""

_LONGEST_NUMBER = 400
_NULL = re.compile(r"|~|null|Null|NULL")
_TRUE, _FALSE = re.compile("true|True|TRUE"), re.compile("false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY, _NAN = re.compile(r"[-+]?\.(inf|Inf|INF)"), re.compile(r"\.(nan|NaN|NAN)")


def load_yaml(path: Path) -> Any:
    """Parse one YAML file.

    Raises:
        ConfigError: if it cannot be read or is not such YAML, naming the file and the line.
    """
    content = read_bytes(path, LARGEST, ConfigError)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not valid YAML: it is no text in UTF-8") from error
    return read_yaml(text, str(path))


def read_yaml(text: str, source: str) -> Any:
    """Data of a YAML text.

    Raises:
        ConfigError: if it is not YAML as described above, naming `source` and the line.
    """
    if len(text) > LARGEST:
        raise ConfigError(f"{source}: must have at most {LARGEST:,} characters, got {len(text):,}")
    try:
        return _document(yaml.parse(text, Loader=yaml.SafeLoader))
    except (
        Exception
    ) as error:  # PyYAML lets errors of many kinds through, such as for ill-formed escapes
        line, said = said_of(error, text)
        place = f"{source}:{line}" if "\n" in text else source
        raise ConfigError(f"{place}: is not valid YAML: {said}") from error


def write_yaml(data: Any, *, one_line: bool = False) -> str:
    """Plain data as YAML that `read_yaml`, and readers of YAML 1.1, read back as the same data."""
    if not one_line:
        return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True))
    text = str(yaml.dump(data, Dumper=_Dumper, default_flow_style=True, width=10**6))
    return text.removesuffix("\n").removesuffix("\n...")


class _Dumper(yaml.SafeDumper):
    """Quotes texts that either version of YAML would take for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        """Whether data are written out wherever they occur: always, for aliases are not read."""
        return True


for _tag, _pattern, _first in (
    ("int", _INTEGER, "-+0123456789"),
    ("float", _FLOAT, "-+.0123456789"),
):
    _whole = re.compile(f"^(?:{_pattern.pattern})$")
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _whole, list(_first))


class _Place:
    """A mapping or list that is being read."""

    def __init__(self, value: dict[Any, Any] | list[Any]) -> None:
        self.value = value
        self.key: Any = _NO_KEY

    def take(self, item: Any, event: Event) -> None:
        """Add an item: of a list, or in turn a key and its value."""
        if isinstance(self.value, list):
            self.value.append(item)
            return
        if self.key is _NO_KEY:
            self.key = _key(item, self.value, event)
            return
        self.value[self.key] = item
        self.key = _NO_KEY


_NO_KEY = object()


def _document(events: Iterator[Event]) -> Any:
    """Data of the events of a parser, without recursion."""
    root = _Place([])
    open_places = [root]
    documents = 0
    for event in events:
        documents += isinstance(event, DocumentStartEvent)
        if documents > 1:
            raise _error(event, "there must be one document, got a second")
        _refuse(event)
        if isinstance(event, ScalarEvent):
            open_places[-1].take(_scalar(event), event)
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            if len(open_places) > DEEPEST:
                raise _error(event, f"there must be at most {DEEPEST} levels inside one another")
            place = _Place({} if isinstance(event, MappingStartEvent) else [])
            open_places[-1].take(place.value, event)
            open_places.append(place)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            open_places.pop()
    return root.value[0] if root.value else None


def _refuse(event: Event) -> None:
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
        raise _error(event, "aliases (& and *) are not read; write the value out")
    tag = getattr(event, "tag", None)
    if tag is not None and tag != "!":
        raise _error(event, f"tags are not read, got {str(tag)[:80]!r}; leave it out")


def _key(item: Any, known: dict[Any, Any], event: Event) -> Any:
    if isinstance(item, (dict, list)):
        raise _error(event, "a key must be a name, got a mapping or list")
    if item == "<<":
        raise _error(event, "merge keys (<<) are not read; write the values out")
    if item in known:
        raise _error(event, f"the key '{str(item)[:80]}' is given twice")
    return item


def _scalar(event: ScalarEvent) -> Any:
    text = event.value
    if not event.implicit[0]:  # quoted, or a block of text
        return text
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return text[0] in "tT"
    return _number(event, text)


def _number(event: ScalarEvent, text: str) -> Any:
    whole, real = _INTEGER.fullmatch(text), _FLOAT.fullmatch(text)
    if (whole or real) and len(text) > _LONGEST_NUMBER:
        raise _error(event, f"a number must have at most {_LONGEST_NUMBER} digits")
    if whole:
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if real:
        return float(text)
    if _INFINITY.fullmatch(text):
        return float(text.replace(".", "", 1))
    return float("nan") if _NAN.fullmatch(text) else text


def _error(event: Event, problem: str) -> RuleError:
    mark: Any = event.start_mark
    return RuleError(problem=problem, problem_mark=mark)
