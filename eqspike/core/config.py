"""Strict reading of descriptions: every key is known, every value is checked, every error says where.

A `Section` wraps one mapping of a YAML file. Values are taken out key by key with their rule; `close()`
then refuses whatever is left over, naming the nearest valid key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eqspike.core.advice import (
    misspelling_advice,
    misspelling_of,
    nearest_advice,
    number_advice,
    space_advice,
)
from eqspike.core.allowed import ANY, FLAG, SECTION, SECTIONS, TEXT, Allowed
from eqspike.core.errors import ConfigError, KeyRefused
from eqspike.core.showing import show

REQUIRED = object()
"""In place of a default: the key must be given."""


class Section:
    """One mapping of a description, read with rules.

    Args:
        data: the mapping as parsed from YAML.
        source: file (or command line) it came from, for messages.
        path: dotted path of this mapping inside the file, for messages.

    Raises:
        ConfigError: if `data` is not a mapping with text keys.
    """

    def __init__(self, data: object, source: str, path: str = "") -> None:
        if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
            advice = space_advice(data)
            raise KeyRefused(
                f"{source}: {path or 'the file'} must be a mapping of names to values, "
                f"got {show(data)}{advice and '; ' + advice}",
                path,
                "",
            )
        self._data: dict[str, Any] = dict(data)
        self._source = source
        self._path = path
        self._known: set[str] = set()

    def where(self, key: str) -> str:
        """Place of `key`, as printed in messages: `file: section.key`."""
        return f"{self._source}: {self._path}.{key}" if self._path else f"{self._source}: {key}"

    def error(self, key: str, rule: object, advice: str = "") -> ConfigError:
        """A `ConfigError` for `key` that says the rule and the value received."""
        given = key in self._data
        instead = "" if given else self.misspelt(key)
        if given and not advice and isinstance(rule, Allowed):
            advice = number_advice(self._data[key], rule.kind)
        advice = misspelling_advice(key, instead) if instead else advice
        got = show(self._data[key]) if given else "nothing"
        text = f"{self.where(key)} must be {rule}, got {got}{advice and '; ' + advice}"
        return KeyRefused(text, self._path, key, instead=instead)

    def refusal(self, key: str, reason: object) -> ConfigError:
        """A `ConfigError` for `key`, where what is wrong takes more than a rule to say."""
        return KeyRefused(f"{self.where(key)}: {reason}", self._path, key)

    def _take(self, key: str, default: object, allowed: Allowed) -> Any:
        """The value of a key as it stands, or the default; what it may be is judged by the caller."""
        del allowed  # a survey of what readers ask needs it, see `core.survey`
        self._known.add(key)
        value = self._data.get(key, REQUIRED)
        if value is REQUIRED:
            if default is REQUIRED:
                raise self.missing(key)
            return default
        return value

    def missing(self, key: str, advice: str = "add it") -> ConfigError:
        """A `ConfigError` for a key that must be given and is not, or under another name."""
        instead = self.misspelt(key)
        advice = misspelling_advice(key, instead) if instead else advice
        text = f"{self.where(key)} is required and missing; {advice}"
        return KeyRefused(text, self._path, key, instead=instead)

    def misspelt(self, key: str) -> str:
        """A given key nobody has read yet that may be a misspelling of a missing one.

        Only close ones count, for keys that are read later are unread too.
        """
        return misspelling_of(key, [given for given in self._data if given not in self._known])

    def explain(self, **texts: str) -> None:
        """Say what keys mean where no attribute of what is made of them says it: for references and schemas."""

    def has(self, key: str) -> bool:
        """Whether the description gives `key` (also marks it as known)."""
        self._known.add(key)
        return key in self._data

    def raw(self, key: str, allowed: Allowed = ANY) -> Any:
        """A required value as it stands, to be judged by somebody else, who allows so much."""
        return self._take(key, REQUIRED, allowed)

    def is_null(self, key: str) -> bool:
        """Whether the description gives an explicit `null` (also marks the key as known)."""
        return self.has(key) and self._data[key] is None

    def number(
        self,
        key: str,
        default: object = REQUIRED,
        *,
        low: float | None = None,
        high: float | None = None,
        above: float | None = None,
    ) -> float:
        """A finite number in [low, high], and greater than `above` where given."""
        rule = Allowed("number", low, high, above)
        value = self._take(key, default, rule)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.error(key, rule)
        if not rule.holds(value):
            raise self.error(key, rule)
        return float(value)

    def integer(
        self,
        key: str,
        default: object = REQUIRED,
        *,
        low: int | None = None,
        high: int | None = None,
    ) -> int:
        """A whole number in [low, high]."""
        rule = Allowed("integer", low, high)
        value = self._take(key, default, rule)
        if isinstance(value, bool) or not isinstance(value, int) or not rule.holds(value):
            raise self.error(key, rule)
        return value

    def optional_integer(self, key: str, *, low: int | None = None) -> int | None:
        """A whole number of at least `low`, or `null`."""
        self._known.add(key)
        return None if self._data.get(key) is None else self.integer(key, low=low)

    def flag(self, key: str, default: object = REQUIRED) -> bool:
        """`true` or `false`."""
        value = self._take(key, default, FLAG)
        if not isinstance(value, bool):
            raise self.error(key, FLAG)
        return value

    def text(self, key: str, default: object = REQUIRED) -> str:
        """A text."""
        value = self._take(key, default, TEXT)
        if not isinstance(value, str):
            raise self.error(key, TEXT)
        return value

    def choice(self, key: str, options: Sequence[str], default: object = REQUIRED) -> str:
        """One of `options`."""
        rule = Allowed("choice", options=tuple(options))
        value = self._take(key, default, rule)
        if value not in options:
            raise self.error(key, rule, nearest_advice(value, options))
        return str(value)

    def numbers(
        self,
        key: str,
        default: object = REQUIRED,
        *,
        length: int | None = None,
        low: float | None = None,
        high: float | None = None,
        above: float | None = None,
    ) -> tuple[float, ...]:
        """A list of finite numbers in [low, high], greater than `above`, of the given length if any."""
        rule = Allowed("numbers", low, high, above, length=length)
        value = self._take(key, default, rule)
        if not isinstance(value, (list, tuple)) or (length is not None and len(value) != length):
            raise self.error(key, rule)
        for item in value:
            real = isinstance(item, (int, float)) and not isinstance(item, bool)
            if not real or not rule.holds(item):
                raise self.error(key, rule)
        return tuple(float(item) for item in value)

    def integers(
        self, key: str, *, low: int, high: int, least: int = 1, length: int | None = None
    ) -> tuple[int, ...]:
        """A list of whole numbers in [low, high]: at least `least`, or of the given length if any."""
        rule = Allowed("integers", low, high, length=length, least=None if length else least)
        value = self._take(key, REQUIRED, rule)
        if not isinstance(value, (list, tuple)) or len(value) < least:
            raise self.error(key, rule)
        if length is not None and len(value) != length:
            raise self.error(key, rule)
        for item in value:
            if isinstance(item, bool) or not isinstance(item, int) or not rule.holds(item):
                raise self.error(key, rule)
        return tuple(value)

    def texts(self, key: str, *, least: int = 0) -> tuple[str, ...]:
        """A list of at least `least` texts."""
        rule = Allowed("texts", least=least)
        value = self._take(key, REQUIRED, rule)
        if not isinstance(value, (list, tuple)) or len(value) < least:
            raise self.error(key, rule)
        if not all(isinstance(item, str) for item in value):
            raise self.error(key, rule)
        return tuple(value)

    def shapes(self, key: str, *, low: int, high: int) -> tuple[int | tuple[int, ...], ...]:
        """A list whose items are whole numbers in [low, high], or lists of three."""
        rule = Allowed("shapes", low, high)
        value = self._take(key, REQUIRED, rule)
        if not isinstance(value, (list, tuple)):
            raise self.error(key, rule)
        for item in value:
            listed = isinstance(item, (list, tuple))
            parts = item if listed else [item]
            whole = all(isinstance(part, int) and not isinstance(part, bool) for part in parts)
            if (listed and len(parts) != 3) or not whole:
                raise self.error(key, rule)
            if not all(rule.holds(part) for part in parts):
                raise self.error(key, rule)
        return tuple(tuple(item) if isinstance(item, (list, tuple)) else item for item in value)

    def section(self, key: str, default: object = REQUIRED) -> Section:
        """A nested mapping."""
        value = self._take(key, default, SECTION)
        if not isinstance(value, Mapping):
            raise self.error(key, SECTION, space_advice(value))
        return self._inner(value, key, f"{self._path}.{key}" if self._path else key)

    def _inner(self, data: object, key: str, path: str) -> Section:
        """A mapping of this one, under `key`, or an item of a list there."""
        del key
        return Section(data, self._source, path)

    def mapping(self, key: str) -> dict[str, Any]:
        """A nested mapping as plain data, to be read by somebody else."""
        self.section(key)
        return dict(self._data[key])

    def sections(self, key: str, default: object = REQUIRED) -> tuple[Section, ...]:
        """A list of nested mappings."""
        value = self._take(key, default, SECTIONS)
        if not isinstance(value, (list, tuple)):
            raise self.error(key, SECTIONS)
        prefix = f"{self._path}.{key}" if self._path else key
        return tuple(
            self._inner(item, key, f"{prefix}[{index}]") for index, item in enumerate(value)
        )

    def keys(self) -> tuple[str, ...]:
        """The keys the description gives, in order."""
        return tuple(self._data)

    def close(self) -> None:
        """Refuse keys nobody asked for.

        Raises:
            ConfigError: naming the first unknown key and the nearest valid one.
        """
        self._refuse_unknown()

    def _refuse_unknown(self) -> None:
        for key in self._data:
            if key not in self._known:
                advice = space_advice(key) or nearest_advice(key, sorted(self._known), 0.6)
                known = advice or f"valid keys: {', '.join(sorted(self._known))}"
                text = f"{self.where(key)} is not a known key; {known}"
                raise KeyRefused(text, self._path, key, unknown=True)
