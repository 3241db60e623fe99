"""A description to begin with: one of the library, every key of it explained by what its readers say."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from eqspike import library
from eqspike.core.config import REQUIRED, Section
from eqspike.core.showing import visible
from eqspike.core.yaml_text import write_yaml
from eqspike.experiment.schemas.borrowed import MARK, marked
from eqspike.experiment.schemas.keys import VARIES, Form, Key, Keys
from eqspike.experiment.schemas.kinds import keys_of, reader_at

BEGINNINGS = {"model": "eqspike-digits", "task": "digits", "chip": "generic-45nm-int8"}
"""Descriptions of the library that templates are made from, unless another is named."""

_WIDTH = 100


def template(noun: str, name: str, source: str | None = None) -> str:
    """Text of a YAML file that is valid as it stands, each key under a comment that says what it means.

    Args:
        noun: `model`, `task` or `chip`.
        name: of the new description, for its title.
        source: name in the library, or path, of the description that it begins as.

    Raises:
        ConfigError: if there is no such description, or it is not valid.
    """
    folder, source = f"{noun}s", source or BEGINNINGS[noun]
    path = library.find(folder, source)
    data = library.load_yaml(path)
    reader_at(noun, path)(Section(data, str(path)))
    begun, data = visible(" ".join(source.split())), dict(data)
    data["title"] = name
    head = [f"# A {noun} of your own, begun as '{begun}'. Check it with: eqspike check FILE"]
    if noun == "chip":
        data = marked(data, source)
        head.append(f"# Its figures are of '{begun}': replace each, and '{MARK}' in its sources.")
    return "\n".join([*head, *_mapping(data, keys_of(noun), "")]) + "\n"


def _mapping(data: dict[str, Any], keys: Keys | None, indent: str) -> Iterator[str]:
    known = _known(data, keys)
    for name, value in data.items():
        key = known.get(name)
        yield from _comment(key, indent)
        if isinstance(value, dict) and value:
            yield f"{indent}{write_yaml(name, one_line=True)}:"
            yield from _mapping(value, key.inner if key else None, indent + "  ")
        else:
            yield f"{indent}{write_yaml(name, one_line=True)}: {write_yaml(value, one_line=True)}"


def _known(data: dict[str, Any], keys: Keys | None) -> dict[str, Key]:
    """Keys of a mapping by name: those of its kind, where kinds differ."""
    forms = keys.forms if keys else ()
    kind = data.get("kind")
    fitting: list[Form] = [form for form in forms if not form.kinds or kind in form.kinds]
    found = [key for form in fitting or forms for key in form.keys]
    return {key.name: key for key in reversed(found)}


def _comment(key: Key | None, indent: str) -> Iterator[str]:
    """What a key means, the values it takes and its default."""
    if key is None:
        return
    allowed = " or ".join(
        str(each) for each in key.allowed if each.kind not in ("section", "sections", "any", "text")
    )
    words = [key.about, allowed, _default(key)]
    text = "; ".join(word for word in words if word)
    for line in textwrap.wrap(text, _WIDTH - len(indent), break_long_words=False):
        yield f"{indent}# {line}"


def _default(key: Key) -> str:
    if key.required or key.inner is not None or key.default in (REQUIRED, VARIES, "", (), {}):
        return ""
    return f"default {write_yaml(key.default, one_line=True)}"
