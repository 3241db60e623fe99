"""The parser of the command line: an option given twice is the same twice, and misspelt words get advice."""

from __future__ import annotations

import argparse
import difflib
import math
import os
from collections.abc import Sequence
from typing import Any, NoReturn

from eqspike.core.showing import shorten


class Parser(argparse.ArgumentParser):
    """A parser whose options may be repeated, but not contradicted."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        for name in (None, "store"):
            self.register("action", name, _Once)
        self.register("action", "append", _Gather)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        names = [str(choice) for choice in action.choices]
        close = difflib.get_close_matches(str(value), names, n=1, cutoff=0.5)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise argparse.ArgumentError(
            action,
            f"invalid choice: '{shorten(str(value))}'; {hint}(choose from {', '.join(names)})",
        )

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with status 2."""
        super().error(shorten(message, 2000))


class _Once(argparse.Action):
    """Keeps a value; another one for the same option is refused."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        given = namespace.__dict__.setdefault("_given", {})
        if option_string is not None and given.setdefault(self.dest, values) != values:
            raise argparse.ArgumentError(
                self, f"is given twice, as {given[self.dest]} and as {values}; give it once"
            )
        setattr(namespace, self.dest, values)


class _Gather(argparse.Action):
    """Keeps all values in a list; two different values for one `KEY=` are refused."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        known: Sequence[Any] = getattr(namespace, self.dest) or []
        setattr(namespace, self.dest, [*known, values])
        if "=" not in str(self.metavar):
            return
        key, equals, value = values.partition("=")
        for other in known:
            other_key, _, other_value = str(other).partition("=")
            if equals and other_key.strip() == key.strip() and other_value != value:
                raise argparse.ArgumentError(
                    self,
                    f"{shorten(key)} is given twice, as {shorten(other_value)} and as {shorten(value)}; "
                    "give it once",
                )


def path(text: str) -> str:
    """A path; `~` at its start is the home folder, also where the shell has left it."""
    if not text:
        raise argparse.ArgumentTypeError("must be the path of a file or folder, got an empty text")
    return os.path.expanduser(text)


def seconds(text: str) -> float:
    """A time: finite and above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(
            f"must be a finite number of seconds above 0, got {shorten(text)}"
        )
    return value


def share_or_number(text: str) -> float | int:
    """A number, whole where it is written so; which of them are allowed is for others to say."""
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {shorten(text)}") from None
