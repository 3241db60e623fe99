"""What may have been meant: advice for names that are not known, not there, or written without a space."""

from __future__ import annotations

import difflib
from collections.abc import Collection

_PREFIX = 4
"""Letters that a name shares with what was meant by it, at least, where the rest differs."""


def nearest(value: str, options: Collection[str], cutoff: float = 0.5) -> str:
    """The option that a text is most like; empty if it is like none.

    Options that begin as the text does come before those that only share letters with it.
    """
    very = difflib.get_close_matches(value, options, n=1, cutoff=0.75)
    same = [option for option in options if option[:_PREFIX] == value[:_PREFIX]]
    begun = difflib.get_close_matches(value, same, n=1, cutoff=0.0) if len(value) > _PREFIX else []
    found = very or begun or difflib.get_close_matches(value, options, n=1, cutoff=cutoff)
    return found[0] if found else ""


def nearest_advice(value: object, options: Collection[str], cutoff: float = 0.5) -> str:
    """`did you mean '...'?`, or nothing."""
    close = nearest(value, options, cutoff) if isinstance(value, str) else ""
    return f"did you mean '{close}'?" if close else ""


def misspelling_of(key: str, given: Collection[str]) -> str:
    """The given key that stands for a missing one; empty if none is close."""
    tight = [each for each in given if each.startswith(f"{key}:")]
    close = tight or difflib.get_close_matches(key, given, n=1, cutoff=0.75)
    return close[0] if close else ""


def misspelling_advice(key: str, instead: str) -> str:
    """What to do about a key that another is given for."""
    if instead.startswith(f"{key}:"):
        return space_advice(instead)
    return f"'{instead}' is given: did you mean '{key}'?"


def space_advice(value: object) -> str:
    """A name and a value that nothing parts are one text: say so."""
    name, colon, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not (colon and name.isidentifier() and rest and not rest[0].isspace()):
        return ""
    return f"write a space after ':', '{name}: {rest[:40]}'"


def number_advice(value: object, kind: str) -> str:
    """A number in quotation marks is a text, and so are numbers without the brackets or commas of a list: say so.

    Args:
        kind: what is wanted, of `Allowed`.
    """
    several = kind in ("numbers", "integers", "shapes")
    if kind not in ("number", "integer") and not several:
        return ""
    items = value if isinstance(value, (list, tuple)) and several else [value]
    texts = [item for item in items if isinstance(item, str)]
    if texts and all(_is_number(text) for text in texts):
        seen = "this" if isinstance(value, str) else repr(texts[0])
        return f"{seen} is a text; write the number without quotation marks"
    parts = [part for text in texts for part in text.replace(",", " ").split()]
    if several and parts and all(_is_number(part) for part in parts):
        return f"write a list in brackets, with commas between the numbers, such as [{', '.join(parts)}]"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
