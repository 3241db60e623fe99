"""Strict reading of descriptions: every key is known, every value is checked, every error says where.

A `Section` wraps one mapping of a YAML file. Values are taken out key by key with their rule; `close()`
then refuses whatever is left over, naming the nearest valid key.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from eqspike.core.errors import ConfigError
from eqspike.core.showing import show

_MISSING = object()


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
            raise ConfigError(
                f"{source}: {path or 'the file'} must be a mapping of names to values, "
                f"got {show(data)}"
            )
        self._data: dict[str, Any] = dict(data)
        self._source = source
        self._path = path
        self._known: set[str] = set()

    def where(self, key: str) -> str:
        """Place of `key`, as printed in messages: `file: section.key`."""
        return f"{self._source}: {self._path}.{key}" if self._path else f"{self._source}: {key}"

    def error(self, key: str, rule: str, advice: str = "") -> ConfigError:
        """A `ConfigError` for `key` that says the rule and the value received."""
        got = show(self._data[key]) if key in self._data else "nothing"
        return ConfigError(f"{self.where(key)} must be {rule}, got {got}{advice and '; ' + advice}")

    def _take(self, key: str, default: object) -> Any:
        self._known.add(key)
        value = self._data.get(key, _MISSING)
        if value is _MISSING:
            if default is _MISSING:
                raise ConfigError(
                    f"{self.where(key)} is required and missing; {self._misspelling_of(key)}"
                )
            return default
        return value

    def _misspelling_of(self, key: str) -> str:
        """Advice for a missing key: a given key nobody has read yet may be a misspelling of it.

        Only close ones count, for keys that are read later are unread too.
        """
        unread = [given for given in self._data if given not in self._known]
        close = difflib.get_close_matches(key, unread, n=1, cutoff=0.75)
        return f"'{close[0]}' is given: did you mean '{key}'?" if close else "add it"

    def has(self, key: str) -> bool:
        """Whether the description gives `key` (also marks it as known)."""
        self._known.add(key)
        return key in self._data

    def raw(self, key: str) -> Any:
        """A required value as it stands, to be judged by somebody else."""
        return self._take(key, _MISSING)

    def number(
        self,
        key: str,
        default: object = _MISSING,
        *,
        low: float | None = None,
        high: float | None = None,
        above: float | None = None,
    ) -> float:
        """A finite number in [low, high], and greater than `above` where given."""
        value = self._take(key, default)
        rule = "a finite number" + _range_text(low, high, above)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.error(key, rule, _number_advice(value))
        if not _in_range(value, low, high, above):
            raise self.error(key, rule)
        return float(value)

    def integer(
        self,
        key: str,
        default: object = _MISSING,
        *,
        low: int | None = None,
        high: int | None = None,
    ) -> int:
        """A whole number in [low, high]."""
        value = self._take(key, default)
        rule = "a whole number" + _range_text(low, high, None)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(key, rule)
        if not _in_range(value, low, high, None):
            raise self.error(key, rule)
        return value

    def optional_integer(self, key: str, *, low: int | None = None) -> int | None:
        """A whole number of at least `low`, or `null`."""
        self._known.add(key)
        return None if self._data.get(key) is None else self.integer(key, low=low)

    def flag(self, key: str, default: object = _MISSING) -> bool:
        """`true` or `false`."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, "true or false")
        return value

    def text(self, key: str, default: object = _MISSING) -> str:
        """A text."""
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self.error(key, "a text")
        return value

    def choice(self, key: str, options: Sequence[str], default: object = _MISSING) -> str:
        """One of `options`."""
        value = self._take(key, default)
        if value not in options:
            raise self.error(key, "one of " + ", ".join(options), _nearest_advice(value, options))
        return str(value)

    def numbers(
        self,
        key: str,
        default: object = _MISSING,
        *,
        length: int | None = None,
        low: float | None = None,
        high: float | None = None,
    ) -> tuple[float, ...]:
        """A list of finite numbers in [low, high], of the given length if any."""
        value = self._take(key, default)
        rule = "a list of " + (f"{length} " if length else "") + "numbers"
        rule += _range_text(low, high, None)
        if not isinstance(value, (list, tuple)) or (length is not None and len(value) != length):
            raise self.error(key, rule)
        for item in value:
            if isinstance(item, bool) or not isinstance(item, (int, float)):
                raise self.error(key, rule)
            if not _in_range(item, low, high, None):
                raise self.error(key, rule)
        return tuple(float(item) for item in value)

    def integers(self, key: str, *, low: int, high: int, least: int = 1) -> tuple[int, ...]:
        """A list of at least `least` whole numbers in [low, high]."""
        value = self._take(key, _MISSING)
        rule = f"a list of {least} or more whole numbers" + _range_text(low, high, None)
        if not isinstance(value, (list, tuple)) or len(value) < least:
            raise self.error(key, rule)
        for item in value:
            if isinstance(item, bool) or not isinstance(item, int):
                raise self.error(key, rule)
            if not _in_range(item, low, high, None):
                raise self.error(key, rule)
        return tuple(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(key, _MISSING)
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
            raise self.error(key, "a list of texts")
        return tuple(value)

    def shapes(self, key: str, *, low: int, high: int) -> tuple[int | tuple[int, ...], ...]:
        """A list whose items are whole numbers in [low, high], or lists of three."""
        value = self._take(key, _MISSING)
        rule = "a list of whole numbers" + _range_text(low, high, None) + ", or of lists of three"
        if not isinstance(value, (list, tuple)):
            raise self.error(key, rule)
        for item in value:
            listed = isinstance(item, (list, tuple))
            parts = item if listed else [item]
            whole = all(isinstance(part, int) and not isinstance(part, bool) for part in parts)
            if (listed and len(parts) != 3) or not whole:
                raise self.error(key, rule)
            if not all(_in_range(part, low, high, None) for part in parts):
                raise self.error(key, rule)
        return tuple(tuple(item) if isinstance(item, (list, tuple)) else item for item in value)

    def section(self, key: str, default: object = _MISSING) -> Section:
        """A nested mapping."""
        value = self._take(key, default)
        return Section(value, self._source, f"{self._path}.{key}" if self._path else key)

    def mapping(self, key: str) -> dict[str, Any]:
        """A nested mapping as plain data, to be read by somebody else."""
        self.section(key)
        return dict(self._data[key])

    def sections(self, key: str, default: object = _MISSING) -> tuple[Section, ...]:
        """A list of nested mappings."""
        value = self._take(key, default)
        if not isinstance(value, (list, tuple)):
            raise self.error(key, "a list of mappings")
        prefix = f"{self._path}.{key}" if self._path else key
        return tuple(
            Section(item, self._source, f"{prefix}[{index}]") for index, item in enumerate(value)
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
                advice = _nearest_advice(key, sorted(self._known))
                raise ConfigError(
                    f"{self.where(key)} is not a known key"
                    + "; "
                    + (advice or f"valid keys: {', '.join(sorted(self._known))}")
                )


def _in_range(value: float, low: float | None, high: float | None, above: float | None) -> bool:
    # The first comparison refuses NaN, infinities and whole numbers no float can hold.
    return (
        abs(value) <= sys.float_info.max
        and (low is None or value >= low)
        and (high is None or value <= high)
        and (above is None or value > above)
    )


def _range_text(low: float | None, high: float | None, above: float | None) -> str:
    parts = []
    if above is not None:
        parts.append(f"above {above:g}")
    if low is not None:
        parts.append(f"at least {low:g}")
    if high is not None:
        parts.append(f"at most {high:g}")
    return " " + " and ".join(parts) if parts else ""


def _nearest_advice(value: object, options: Sequence[str]) -> str:
    if not isinstance(value, str):
        return ""
    close = difflib.get_close_matches(value, options, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else ""


def _number_advice(value: object) -> str:
    """A number in quotation marks is a text: say so rather than let the user guess."""
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return ""
        return "this is a text; write the number without quotation marks"
    return ""
