"""Texts of the user's for messages: cut before they are built, and with nothing in them that acts."""

from __future__ import annotations

import itertools
import re
import reprlib
from typing import Any

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


class _Shown(reprlib.Repr):
    """Texts of values, cut before they are built: a value may be far larger than its message."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = 8
        self.maxstring = self.maxlong = self.maxother = 60

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        """A mapping, its keys in the order of the file."""
        if level <= 0:
            return "{...}" if x else "{}"
        shown = [
            f"{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}"
            for key, value in itertools.islice(x.items(), self.maxdict)
        ]
        return "{" + ", ".join([*shown, *(["..."] if len(x) > self.maxdict else [])]) + "}"

    def repr_int(self, x: int, level: int) -> str:
        """A whole number; Python refuses to print those of thousands of digits."""
        if x.bit_length() > 10_000:
            return "a number too long to print"
        return super().repr_int(x, level)


_SHOWN = _Shown()


def show(value: object) -> str:
    """A value for a message, at most 80 characters long."""
    if value is None:
        return "None (nothing is written there)"
    text = _SHOWN.repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def counted(number: float, noun: str) -> str:
    """A number of things, such as `1 minute` and `2.5 minutes`."""
    amount = f"{number:g}" if isinstance(number, float) else str(number)
    return f"{amount} {noun}" if number == 1 else f"{amount} {noun}s"


def shorten(text: str, longest: int = 120) -> str:
    """A text of the user for a message, cut in the middle."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]} ... {text[-half:]}"


def visible(value: str) -> str:
    """The text with its invisible control characters written out, such as `‹U+202E›`.

    Among them are those that turn the direction of what follows; letters of any script, spaces and line breaks
    stay. Halves of surrogate pairs, which no file can hold, are written out too.
    """
    return _INVISIBLE.sub(lambda found: f"‹U+{ord(found[0]):04X}›", value)


def docstring_text(value: str) -> str:
    """A text for one line of a docstring of a Python file, which it neither ends nor leaves."""
    return visible(" ".join(value.split())).replace("\\", "\\\\").replace('"', '\\"')


def spreadsheet_cell(value: Any) -> Any:
    """A value for a CSV file: a text that a spreadsheet would take for a formula gets an apostrophe.

    Source: OWASP, CSV Injection: texts that begin with `=`, `+`, `-`, `@`, a tab or a carriage return.
    """
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


_BREAKS = re.compile("[^\\S\u00a0\u202f]+")
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]|#~$])")
# What makes a list, a rule or a heading of a text that begins a line.
_MARKDOWN_START = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+](?:\s|$)|[-=\s]+$))")


def markdown_text(value: str) -> str:
    """A text for one line of Markdown, in which nothing is markup or HTML."""
    flat = visible(_BREAKS.sub(" ", value).strip())
    escaped = _MARKDOWN_SPECIAL.sub(r"\\\1", flat)
    escaped = _MARKDOWN_START.sub(r"\1\\", escaped)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
