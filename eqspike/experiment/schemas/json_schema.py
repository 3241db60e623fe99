"""JSON schemas of descriptions, for editors that complete and check YAML; made of the keys that readers ask for.

A schema takes all that the readers take. It is not as strict: how keys depend on each other it does not say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eqspike.core.allowed import Allowed
from eqspike.core.config import REQUIRED
from eqspike.experiment.schemas.keys import ANY_NAME, VARIES, Form, Key, Keys

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def json_schema(noun: str, keys: Keys) -> Schema:
    """The schema of a kind of description.

    Args:
        noun: such as `model`; keys: of its descriptions.
    """
    return {"$schema": DIALECT, "title": f"eqspike {noun}", **_mapping(keys)}


def _mapping(keys: Keys) -> Schema:
    if keys.free:
        ((name,),) = (form.keys for form in keys.forms)
        return {"type": "object", "additionalProperties": _key(name, ())}
    if not keys.forms:
        return {"type": "object"}
    forms = [_form(form) for form in keys.forms]
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _form(form: Form) -> Schema:
    return {
        "type": "object",
        "properties": {key.name: _key(key, form.kinds) for key in form.keys},
        "required": [key.name for key in form.keys if key.required],
        "additionalProperties": False,
    }


def _key(key: Key, kinds: Sequence[str]) -> Schema:
    parts = [_value(allowed, key.inner) for allowed in key.allowed]
    if key.name == "kind" and kinds:
        parts = [{"enum": list(kinds)}]
    if key.null:
        parts.append({"type": "null"})
    schema = parts[0] if len(parts) == 1 else {"anyOf": parts}
    if key.about:
        schema = {"description": key.about, **schema}
    if key.default is not REQUIRED and key.default is not VARIES and key.name != ANY_NAME:
        schema = {**schema, "default": key.default}
    return schema


def _value(allowed: Allowed, inner: Keys | None) -> Schema:
    if allowed.kind in ("section", "sections") and inner is not None:
        mapping = _mapping(inner)
        return mapping if allowed.kind == "section" else {"type": "array", "items": mapping}
    if allowed.kind == "choice":
        return {"enum": list(allowed.options)}
    if allowed.kind in ("numbers", "integers", "texts", "shapes"):
        return _list(allowed)
    types = {"number": "number", "integer": "integer", "flag": "boolean", "text": "string"}
    named = {"type": types[allowed.kind]} if allowed.kind in types else {}
    return {**named, **_bounds(allowed)}


def _list(allowed: Allowed) -> Schema:
    if allowed.kind == "texts":
        items: Schema = {"type": "string"}
    else:
        kind = "number" if allowed.kind == "numbers" else "integer"
        items = {"type": kind, **_bounds(allowed)}
    if allowed.kind == "shapes":
        items = {"anyOf": [items, {"type": "array", "items": items, "minItems": 3, "maxItems": 3}]}
    sizes = {"minItems": allowed.length or allowed.least, "maxItems": allowed.length}
    return {"type": "array", "items": items, **{name: n for name, n in sizes.items() if n}}


def _bounds(allowed: Allowed) -> Schema:
    bounds = {
        "minimum": allowed.low,
        "maximum": allowed.high,
        "exclusiveMinimum": allowed.above,
    }
    return {name: bound for name, bound in bounds.items() if bound is not None}
