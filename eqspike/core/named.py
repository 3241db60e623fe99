"""Mappings that results hold: a name that is not there is answered by those that are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from eqspike.core.advice import nearest_advice
from eqspike.core.errors import UnknownNameError
from eqspike.core.showing import show

Value = TypeVar("Value")


class Named(dict[str, Value]):
    """A dictionary of named values whose `[...]` says what names there are; `in` and `get` are a dictionary's.

    Args:
        data: the values.
        noun: what a name is of, such as `layer`.
    """

    noun = "entry"

    def __init__(
        self, data: Mapping[str, Value] | Iterable[tuple[str, Value]] = (), noun: str = "entry"
    ) -> None:
        super().__init__(data)
        self.noun = noun

    def __missing__(self, name: object) -> Value:
        advice = nearest_advice(name, tuple(map(str, self)))
        known = f"there are {', '.join(map(str, self))}" if self else "there are none"
        raise UnknownNameError(
            f"no {self.noun} is named {show(name)}; {f'{advice} ' if advice else ''}{known}"
        )
