"""A page of all keys of a kind of description, in Markdown: a table for each mapping, outer ones first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from eqspike.core.allowed import Allowed
from eqspike.core.config import REQUIRED
from eqspike.experiment.schemas.keys import ANY_NAME, VARIES, Form, Key, Keys

_HEAD = ("| key | value | default | meaning |", "|---|---|---|---|")


@dataclass
class _Page:
    """What was written, and where mappings with equal keys are shown.

    Attributes:
        shown: title of the section of each sort of mapping.
    """

    lines: list[str] = field(default_factory=list)
    shown: dict[object, str] = field(default_factory=dict)


def reference(noun: str, keys: Keys) -> str:
    """The page.

    Args:
        noun: such as `model`; keys: of its descriptions.
    """
    page = _Page([f"# Keys of a {noun}"])
    _mapping(page, "", f"A {noun}", keys)
    return "\n".join(page.lines) + "\n"


def _mapping(page: _Page, path: str, title: str, keys: Keys) -> None:
    """Sections of a mapping and, after each, of those inside it, unless equal ones were shown before."""
    page.shown[_sort(keys)] = title
    for form in _grouped(keys.forms):
        heading = title + (f": {_or(form.kinds)}" if form.kinds else "")
        page.lines += ["", f"{'#' * min(2 + path.count('.'), 4)} {heading}", ""]
        page.lines += [*_HEAD, *(_row(page, form, key) for key in form.keys)]
        page.lines += _options(form)
        for key in form.keys:
            inner = key.inner
            if inner is not None and inner.forms and _sort(inner) not in page.shown:
                place = f"{path}.{key.name}" if path else key.name
                again = f"`{place}`" in page.shown.values() and form.kinds
                of = f" for {_or(form.kinds)}" if again else ""
                _mapping(page, place, f"`{place}`{of}", inner)


def _sort(keys: Keys) -> object:
    """Equal for mappings that are read in the same way."""
    return tuple(
        (form.kinds, tuple((key.name, key.about) for key in form.keys)) for form in keys.forms
    )


def _grouped(forms: Sequence[Form]) -> Iterator[Form]:
    """Forms with the same keys as one."""
    groups: dict[object, list[Form]] = {}
    for form in forms:
        same = tuple(replace(key, allowed=()) for key in form.keys if key.name != "kind")
        groups.setdefault(repr(same), []).append(form)
    for those in groups.values():
        yield replace(those[0], kinds=tuple(kind for form in those for kind in form.kinds))


def _row(page: _Page, form: Form, key: Key) -> str:
    known = "" if key.inner is None else page.shown.get(_sort(key.inner), "")
    value = " or ".join(_value(allowed) for allowed in key.allowed) + (" or `null`" * key.null)
    about = key.about + (f"; keys as in {known}" if known else "")
    if key.name == "kind" and form.kinds:
        value, about = _or(form.kinds), _told(key).get(form.kinds[0], about)
        about = about if len(form.kinds) == 1 else "see below"
    return f"| `{key.name}` | {value} | {_default(key)} | {about.replace('|', '&#124;')} |"


def _value(allowed: Allowed) -> str:
    if allowed.kind == "choice":
        return _or(allowed.options)
    if allowed.kind in ("section", "sections"):
        return "a mapping" if allowed.kind == "section" else "a list of mappings"
    return str(allowed).replace("a finite number", "a number")


def _default(key: Key) -> str:
    if key.name == ANY_NAME:
        return ""
    if key.required:
        return "required"
    if key.default is REQUIRED or key.default in ("", (), {}):
        return "none"
    if key.default is VARIES:
        return "depends on other keys"
    if isinstance(key.default, dict):
        return ", ".join(f"`{name}: {value}`" for name, value in key.default.items())
    text = str(key.default).lower() if isinstance(key.default, bool) else f"{key.default}"
    return f"`{text}`"


def _options(form: Form) -> list[str]:
    """What each of several kinds with the same keys is."""
    told = [_told(key) for key in form.keys if key.name == "kind"]
    if len(form.kinds) < 2 or not told:
        return []
    return ["", *(f"- `{kind}`: {told[0].get(kind, '')}" for kind in form.kinds)]


def _told(key: Key) -> dict[str, str]:
    """What each option is in its own words."""
    return {
        option: meaning.rstrip(".")
        for allowed in key.allowed
        for option, meaning in zip(allowed.options, allowed.meanings, strict=False)
        if meaning
    }


def _or(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
