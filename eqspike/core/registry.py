"""One design for all registries: the name in a description leads to a part, and what is unknown is refused.

A part is built in, or added by a plug-in file that the user gave, or by an installed package's entry point. An
entry point is loaded only when its name is asked for or all are listed. Nothing added replaces what is built in.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from eqspike.core.allowed import Allowed
from eqspike.core.config import Section
from eqspike.core.entry_points import entry_points, origin_of
from eqspike.core.errors import ConfigError, EqspikeError
from eqspike.core.origin import Origin, guarded, note
from eqspike.core.showing import shorten

T = TypeVar("T")

SPIKES, RATES = "spikes", "rates"
SIGNALS = (SPIKES, RATES)
"""What neurons send, so what neurons and rules are for: each has it as its `signal`."""

BUILT_IN = "eqspike"
"""Where built-in parts come from, in lists."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

_ADDED: ContextVar[Mapping[tuple[str, str], Part]] = ContextVar(
    "added",
    default=MappingProxyType({}),
)
"""Parts of plug-in files by group and name. A context has its own, so workers of one process do not meet."""


@dataclass(frozen=True)
class Part:
    """A named part: a class that reads its section of a description, or a function.

    Attributes:
        value: the class or function.
        origin: where it comes from; None if it is built in.
    """

    name: str
    value: Any
    origin: Origin | None = None

    @property
    def about(self) -> str:
        """The first line of its docstring, or what it says of itself as `about`."""
        said = getattr(self.value, "about", None)
        text = said if isinstance(said, str) else self.value.__doc__
        return (text or "").strip().partition("\n")[0]


@dataclass(frozen=True, eq=False)
class Registry(Mapping[str, T], Generic[T]):
    """All parts of one sort. As a mapping: names to parts, built-in ones first.

    Attributes:
        noun: what a part is called in messages, such as `memory`.
        group: group of entry points, such as `eqspike.memories`.
        built_in: the table.
        lacking: says what an added part has not got of what a part of this sort must have; empty if nothing.
        members: what an object that a part reads must have as attributes.
        error: raised for an unknown name.
    """

    noun: str
    group: str
    built_in: Mapping[str, T]
    lacking: Callable[[Any], str]
    members: tuple[str, ...] = ()
    error: type[EqspikeError] = ConfigError

    def __getitem__(self, name: str) -> T:
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        value: T = found.value
        return value

    def __iter__(self) -> Iterator[str]:
        installed = (point.name for point in entry_points(self.group))
        yield from dict.fromkeys((*self.built_in, *self._added(), *installed))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def find(self, name: str) -> Part | None:
        """The part of a name, or None.

        Raises:
            ConfigError: if two packages, or a file and a package, offer it, or its package cannot be loaded.
        """
        if name in self.built_in:
            return Part(name, self.built_in[name])
        points = [point for point in entry_points(self.group) if point.name == name]
        given = self._added().get(name)
        places = [str(given.origin)] if given else []
        places += [str(origin_of(point)) for point in points]
        if len(places) > 1:
            raise ConfigError(
                f"{self.noun} '{name}' is offered by {' and by '.join(places)}; rename one, or leave it out"
            )
        return given or (self._loaded(points[0]) if points else None)

    def choose(self, section: Section, signal: str | None = None) -> Part:
        """The part that a description names under `kind`.

        Args:
            signal: only parts for neurons that send this, one of `SIGNALS`.

        Raises:
            ConfigError: if there is none of that name, with those there are.
        """
        names = self._names(signal)
        allowed = Allowed("choice", options=tuple(names), meanings=self._abouts(names))
        name = section.raw("kind", allowed)
        found = self.find(name) if isinstance(name, str) else None
        if found is None or not _sends(found.value, signal):
            advice = self._advice(name, names) if found is None else f"'{name}' is not for {signal}"
            raise section.error("kind", allowed, advice)
        note(found.origin)
        return found

    def named(self, name: str) -> Part:
        """The part of a name that no file gives, such as one of the command line.

        Raises:
            EqspikeError: of the class `error`, if there is none, with those there are.
        """
        found = self.find(name)
        if found is None:
            names = self._names()
            raise self.error(
                f"{self.noun} must be one of {', '.join(names)}, got '{shorten(name)}'; "
                f"{self._advice(name, names)}"
            )
        note(found.origin)
        return found

    def read(self, section: Section, *arguments: Any, signal: str | None = None) -> Any:
        """What the part named by `kind` reads from its section.

        Args:
            arguments: handed on to the part's `read` after the section.
            signal: only parts for neurons that send this.

        Raises:
            ConfigError: for an unknown kind or key, a value out of range, or an added part that does not work.
        """
        part = self.choose(section, signal)
        with guarded(part.origin, f"{self.noun} '{part.name}' cannot read {section.where('kind')}"):
            result = part.value.read(section, *arguments)
        section.close()
        if part.origin is not None:
            self._check_read(part, result)
        return result

    def listed(self) -> tuple[Part, ...]:
        """All parts, those of installed packages too.

        Raises:
            ConfigError: if a package cannot be loaded, or offers a name that there is already.
        """
        points = entry_points(self.group)
        for point in points:
            if point.name in self.built_in:
                raise self._replaces(point.name, origin_of(point))
        found = (self.find(name) for name in self)
        return tuple(part for part in found if part is not None)

    def checked(self, parts: object, table: str, origin: Origin) -> tuple[Part, ...]:
        """Parts of a plug-in's table, once all of them are such as this registry takes.

        Args:
            parts: what the table is; table: its name in the file, such as `MEMORIES`.

        Raises:
            ConfigError: naming the file, the table and the part.
        """
        if not isinstance(parts, dict):
            raise ConfigError(f"{origin}: {table} must be a dict of names to parts, got {parts!r}")
        return tuple(self._checked(name, value, table, origin) for name, value in parts.items())

    def _checked(self, name: object, value: object, table: str, origin: Origin) -> Part:
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise ConfigError(
                f"{origin}: names in {table} must be words of lower-case letters and digits joined by hyphens, "
                f"such as my-{self.noun.split()[-1]}, got {name!r}"
            )
        if name in self.built_in:
            raise self._replaces(name, origin)
        if name in self._added() and self._added()[name].origin != origin:
            raise ConfigError(
                f"{origin}: {self.noun} '{name}' is added by {self._added()[name].origin} already; rename one"
            )
        lack = self.lacking(value)
        if lack:
            raise ConfigError(f"{origin}: {table}['{name}'] must have {lack}, got {value!r}")
        return Part(name, value, origin)

    def _replaces(self, name: str, origin: Origin) -> ConfigError:
        return ConfigError(
            f"{origin}: {self.noun} '{name}' is built in and cannot be replaced; give yours another name"
        )

    def _loaded(self, point: EntryPoint) -> Part:
        origin = origin_of(point)
        with guarded(origin, f"entry point '{point.name}' of {self.group} cannot be loaded"):
            value = point.load()
        return self._checked(point.name, value, self.group, origin)

    def _added(self) -> dict[str, Part]:
        parts = _ADDED.get().items()
        return {name: part for (group, name), part in parts if group == self.group}

    def _names(self, signal: str | None = None) -> list[str]:
        """Names to offer; those of packages, which are not loaded for a message, whatever their signal."""
        known: dict[str, Any] = {**self.built_in}
        known.update((name, part.value) for name, part in self._added().items())
        return [n for n in self if n not in known or _sends(known[n], signal)]

    def _abouts(self, names: Sequence[str]) -> tuple[str, ...]:
        """A line for each name; none for those of packages, which are not loaded to be listed."""
        known = {name: Part(name, value) for name, value in self.built_in.items()}
        known.update(self._added())
        return tuple(known[name].about if name in known else "" for name in names)

    def _advice(self, name: object, names: Sequence[str]) -> str:
        close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
        if close:
            return f"did you mean '{close[0]}'?"
        return "one of your own needs its file: --plugin FILE.py"

    def _check_read(self, part: Part, result: object) -> None:
        lacks = [member for member in self.members if not hasattr(result, member)]
        kind = getattr(result, "kind", part.name)
        if lacks or kind != part.name:
            said = f"no {', '.join(lacks)}" if lacks else f"kind {kind!r}"
            raise ConfigError(
                f"{part.origin}: what {self.noun} '{part.name}' reads must have "
                f"{', '.join(self.members)}, and its own name as kind; got {said}"
            )


@contextmanager
def added(parts: Mapping[str, Sequence[Part]]) -> Iterator[None]:
    """Registries know more parts inside.

    Args:
        parts: by group.
    """
    more = {(group, part.name): part for group, these in parts.items() for part in these}
    token = _ADDED.set({**_ADDED.get(), **more})
    try:
        yield
    finally:
        _ADDED.reset(token)


def _sends(part: Any, signal: str | None) -> bool:
    """Whether a part is for neurons that send this; all are, if nothing is asked."""
    return signal is None or part.signal == signal


def lacks_read(part: Any) -> str:
    """What a class that reads its section of a description has not got; empty if nothing."""
    reads = isinstance(part, type) and callable(getattr(part, "read", None))
    return "" if reads else "a class with a static method `read(section)`"


def lacks_signal(part: Any) -> str:
    """The same of a neuron or a rule, which also says what its neurons send."""
    known = getattr(part, "signal", None) in SIGNALS
    return lacks_read(part) or ("" if known else f"signal, one of {', '.join(SIGNALS)}")
