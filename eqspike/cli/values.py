"""What the words behind options mean: paths, times, numbers; each says what it would take."""

from __future__ import annotations

import argparse
import math
import os
import re

from eqspike.core.showing import shorten


def path(text: str) -> str:
    """A path; `~` at its start is the home folder, also where the shell has left it."""
    if not text:
        raise argparse.ArgumentTypeError("must be the path of a file or folder, got an empty text")
    return os.path.expanduser(text)


_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "\u00b5s": 1e6, "\u03bcs": 1e6, "ns": 1e9}
"""Divisors of what may stand behind a time; the micro sign and the Greek letter look alike."""


def seconds(text: str) -> float:
    """A time in seconds, or with a unit: finite and above 0."""
    return _time(text, "s", "seconds above 0, such as 0.001")


def milliseconds(text: str) -> float:
    """A time in milliseconds, or with a unit: finite and above 0."""
    return _time(text, "ms", "milliseconds above 0, such as 0.1")


def _time(text: str, bare: str, words: str) -> float:
    """A number of units `bare`; one that has this unit written behind it is the same to the last digit."""
    number = text.rstrip("".join(_PER_SECOND) + " ")
    try:
        divisor = _PER_SECOND[text[len(number) :].strip() or bare] / _PER_SECOND[bare]
        value = float(number) / divisor
    except (ValueError, KeyError):
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(
            f"must be a finite number of {words}, or with a unit (s, ms, us, µs, ns), such as 1ms, "
            f"got {shorten(text)}"
        )
    return value


def share_or_number(text: str) -> float | int:
    """A number, whole where it is written so; which of them are allowed is for others to say."""
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {shorten(text)}") from None


def number(text: str) -> float:
    """A finite number; which of them are allowed is for others to say."""
    return _number(text, "a number", "0.5")


def minutes(text: str) -> float:
    """A finite number of minutes, without a unit."""
    return _number(text, "a number of minutes", "30")


def whole(text: str) -> int:
    """A whole number; which of them are allowed is for others to say."""
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text.strip()):
        raise argparse.ArgumentTypeError(
            f"must be a whole number, such as 10, got {shorten(text) or 'an empty text'}"
        )
    return int(text)


def _number(text: str, words: str, example: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(
            f"must be {words}, such as {example}, got {shorten(text) or 'an empty text'}"
        )
    return value
