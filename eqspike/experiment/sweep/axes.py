"""The settings that a sweep varies: lists of values, and ranges that a sampler draws from."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from eqspike.core.errors import ConfigError
from eqspike.core.showing import shorten, show
from eqspike.core.yaml_text import read_yaml

SEED = "seed"
"""The one setting of a run, not of its model, that may be varied."""

_RANGE = re.compile(r"(uniform|log|whole)\(([^,()]*),([^,()]*)\)")


@dataclass(frozen=True)
class Axis:
    """One setting and the values it takes.

    Attributes:
        key: dotted place in the model's description, such as `rule.beta`, or `seed`.
        values: at least one, each once.
    """

    key: str
    values: tuple[Any, ...]

    @property
    def described(self) -> Any:
        """As plain data."""
        return list(self.values)

    @property
    def extremes(self) -> tuple[Any, ...]:
        """Values that must be allowed if all are to be."""
        return self.values


@dataclass(frozen=True)
class Range:
    """One setting and the interval it is drawn from.

    Attributes:
        key: as of an `Axis`.
        kind: `uniform`, `log` (the logarithm is uniform) or `whole` (whole numbers).
        low, high: both included; low < high, and above 0 for `log`.
    """

    key: str
    kind: str
    low: float
    high: float

    @property
    def described(self) -> Any:
        """As it was written: `log(0.01, 1.0)`."""
        return f"{self.kind}({self.low}, {self.high})"

    @property
    def extremes(self) -> tuple[Any, ...]:
        """Values that must be allowed if all are to be."""
        return self.low, self.high


Varied = Axis | Range


def read_axis(text: str) -> Varied:
    """Read `KEY=[V1, V2, ...]`, the values being YAML, or `KEY=log(LOW, HIGH)` and the other kinds of `Range`.

    Raises:
        ConfigError: if it does not look so, a value is given twice, or a seed is no whole number from 0.
    """
    key, equals, given = text.partition("=")
    key = key.strip()
    if not (equals and key):
        raise ConfigError(
            f"--vary {shorten(text)}: write it as KEY=[V1, V2], such as rule.beta=[0.3, 0.5]"
        )
    said = f"--vary {shorten(text)}"
    return check_axis(key, read_yaml(given, said), said)


def check_axis(key: str, values: object, said: str) -> Varied:
    """The axis of a list of values, or the range of a text such as `log(0.01, 1)`.

    Args:
        said: what to call it in messages.

    Raises:
        ConfigError: as for `read_axis`.
    """
    if isinstance(values, str) and (found := _RANGE.fullmatch(values.strip())):
        return _range(key, found[1], (found[2], found[3]), said)
    if not isinstance(values, list) or not values:
        raise ConfigError(
            f"{said}: needs a list of values, got {show(values)}; write {shorten(key)}=[V1, V2], or with a "
            "sampler uniform(LOW, HIGH), log(LOW, HIGH) or whole(LOW, HIGH)"
        )
    for value in values:
        if values.count(value) > 1:
            raise ConfigError(f"{said}: {show(value)} is given twice; give each value once")
        if key == SEED and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise ConfigError(f"{said}: a seed is a whole number, at least 0, got {show(value)}")
    return Axis(key, tuple(values))


def _range(key: str, kind: str, given: tuple[str, str], said: str) -> Range:
    number, what = (int, "whole numbers") if kind == "whole" else (float, "numbers")
    shown = ",".join(given)
    try:
        low, high = map(number, given)
    except ValueError:
        raise ConfigError(f"{said}: the ends of a range must be {what}, got {shown}") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ConfigError(f"{said}: LOW must be less than HIGH, and both finite, got {shown}")
    if kind == "log" and low <= 0:
        raise ConfigError(f"{said}: the ends of 'log' must be above 0, got {shown}")
    if key == SEED and (kind != "whole" or low < 0):
        raise ConfigError(f"{said}: a seed is a whole number, at least 0; write whole(0, 9)")
    return Range(key, kind, low, high)
