"""One thing that is said of a description."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """An error, or a notice.

    Attributes:
        line: of the key, or of the mapping that lacks it, from 1; None if it is of no one key.
        text: where, the rule, the value received, what to do.
    """

    line: int | None
    text: str
