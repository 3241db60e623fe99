"""The points of a grid: each combination of the values of some settings, with a name and a folder of its own."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eqspike.core.errors import ConfigError
from eqspike.core.showing import shorten, show
from eqspike.core.yaml_text import read_yaml, write_yaml

SEED = "seed"
"""The one setting of a run, not of its model, that may be varied."""

MOST_POINTS = 100_000
"""Of one grid."""

_LONGEST = 80


@dataclass(frozen=True)
class Axis:
    """One setting and the values it takes.

    Attributes:
        key: dotted place in the model's description, such as `rule.beta`, or `seed`.
        values: at least one, each once.
    """

    key: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Point:
    """One combination.

    Attributes:
        settings: value of each axis, in the order of the axes.
    """

    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        """For people: `rule.beta=0.3 layers=[64, 32, 10]`."""
        return " ".join(f"{key}={_flow(value)}" for key, value in self.settings.items()) or "base"

    @property
    def folder(self) -> str:
        """Name of its folder: the same whatever else the grid holds, so that a grid may grow."""
        texts = [f"{key}={_flow(value).strip('[]')}" for key, value in self.settings.items()]
        plain = re.sub(r"[^A-Za-z0-9=._-]+", "-", "_".join(texts) or "base")
        digest = hashlib.sha256(json.dumps(dict(self.settings), default=str).encode()).hexdigest()
        return f"{plain[:_LONGEST]}-{digest[:8]}"

    @property
    def seed(self) -> int | None:
        """The seed, if it is varied."""
        return self.settings.get(SEED)

    @property
    def overrides(self) -> tuple[str, ...]:
        """`key=value` texts for the model's description."""
        return tuple(f"{k}={_flow(v)}" for k, v in self.settings.items() if k != SEED)


def read_axis(text: str) -> Axis:
    """Read `KEY=[V1, V2, ...]`, the values being YAML.

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


def check_axis(key: str, values: object, said: str) -> Axis:
    """The axis of a list of values.

    Args:
        said: what to call it in messages.

    Raises:
        ConfigError: as for `read_axis`.
    """
    if not isinstance(values, list) or not values:
        raise ConfigError(
            f"{said}: needs a list of values, got {show(values)}; write {shorten(key)}=[V1, V2]"
        )
    for value in values:
        if values.count(value) > 1:
            raise ConfigError(f"{said}: {show(value)} is given twice; give each value once")
        if key == SEED and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise ConfigError(f"{said}: a seed is a whole number, at least 0, got {show(value)}")
    return Axis(key, tuple(values))


def grid(axes: Sequence[Axis]) -> tuple[Point, ...]:
    """Every combination; the last axis moves fastest.

    Raises:
        ConfigError: if two axes have one key, or there are more points than `MOST_POINTS`.
    """
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise ConfigError(f"--vary {key} is given twice; put all its values in one list")
    points = math.prod(len(axis.values) for axis in axes)
    if points > MOST_POINTS:
        raise ConfigError(f"--vary: a grid has at most {MOST_POINTS:,} points, got {points:,}")
    combinations = itertools.product(*(axis.values for axis in axes))
    return tuple(Point(dict(zip(keys, values, strict=True))) for values in combinations)


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    return write_yaml(value, one_line=True)
