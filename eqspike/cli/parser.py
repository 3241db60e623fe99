"""The parser of the command line: an option given twice is the same twice, and misspelt words get advice."""

from __future__ import annotations

import argparse
import difflib
import itertools
from collections.abc import Collection, Sequence
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
        hint = _hint(str(value), names, 0.5)
        raise argparse.ArgumentError(
            action,
            f"invalid choice: '{shorten(str(value))}'; {hint}(choose from {', '.join(names)})",
        )

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str], namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Read words, and refuse those that are left over with what to do, each command its own."""
        self._refuse_option_first(args)
        found, left = super().parse_known_args(args, namespace)
        if left:
            self.error(self._left_over(left[0]))
        return found, left

    def _refuse_option_first(self, words: Sequence[str]) -> None:
        """Refuse an option of a command that stands before the command."""
        commands = self._commands()
        first = words[0] if words else ""
        own = any(option.startswith(first) for option in self._option_string_actions)
        if commands and first.startswith("-") and not own:
            name = first.partition("=")[0]
            if not any(each.startswith(name) for each in self._options()):
                self.error(self._left_over(first))
            command = next((word for word in words if word in commands), "COMMAND")
            self.error(
                f"option '{shorten(first)}' stands before the command; write it behind: "
                f"{self.prog} {command} {shorten(first)}"
            )

    def _commands(self) -> dict[str, Parser]:
        """Its commands by name; a command has none."""
        parsers = (each for each in self._actions if each.nargs == argparse.PARSER)
        return {name: of for each in parsers for name, of in dict(each.choices or {}).items()}

    def _options(self) -> list[str]:
        """Its own options, then those of its commands."""
        below = (each._options() for each in self._commands().values())
        return list(dict.fromkeys(itertools.chain(self._option_string_actions, *below)))

    def _left_over(self, word: str) -> str:
        """What to do about a word that nothing asks for."""
        shown, see = f"'{shorten(word)}'", f"'{self.prog} --help' shows all"
        if word.startswith("-"):
            hint = _hint(word.partition("=")[0], self._options(), 0.7)
            return f"there is no option {shown}; {hint}{see}"
        takes = [
            str(each.metavar or each.dest) for each in self._actions if not each.option_strings
        ]
        form = " ".join([self.prog, *takes])
        run = "; RUN is a folder that 'eqspike train' has made" if "RUN" in takes else ""
        return f"{shown} is one word too many: the command is {form}{run}; {see}"

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with status 2."""
        super().error(shorten(message, 2000))


def _hint(word: str, names: Collection[str], likeness: float) -> str:
    close = difflib.get_close_matches(word, names, n=1, cutoff=likeness)
    return f"did you mean '{close[0]}'? " if close else ""


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
