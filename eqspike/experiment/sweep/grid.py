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
from eqspike.core.yaml_text import write_yaml
from eqspike.experiment.sweep.axes import SEED, Range, Varied

MOST_POINTS = 100_000
"""Of one grid."""

_LONGEST = 80


@dataclass(frozen=True)
class Point:
    """One combination.

    Attributes:
        settings: value of each axis, in the order of the axes.
    """

    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        """For people: `rule.beta=0.3 layers=[64, 32, 10]`; numbers that were drawn have four digits."""
        return (
            " ".join(f"{key}={flow(rounded(value))}" for key, value in self.settings.items())
            or "base"
        )

    @property
    def folder(self) -> str:
        """Name of its folder: the same whatever else the grid holds, so that a grid may grow."""
        texts = [f"{key}={flow(value).strip('[]')}" for key, value in self.settings.items()]
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
        return tuple(f"{k}={flow(v)}" for k, v in self.settings.items() if k != SEED)


def grid(axes: Sequence[Varied]) -> tuple[Point, ...]:
    """Every combination; the last axis moves fastest.

    Raises:
        ConfigError: if two axes have one key, one is a range, or there are more points than `MOST_POINTS`.
    """
    keys = keys_of(axes)
    lists = []
    for axis in axes:
        if isinstance(axis, Range):
            raise ConfigError(
                f"--vary {axis.key}={axis.described}: a grid takes lists of values; a range needs the sampler "
                "'optuna' and a number of trials"
            )
        lists.append(axis.values)
    points = math.prod(map(len, lists))
    if points > MOST_POINTS:
        raise ConfigError(f"--vary: a grid has at most {MOST_POINTS:,} points, got {points:,}")
    combinations = itertools.product(*lists)
    return tuple(Point(dict(zip(keys, values, strict=True))) for values in combinations)


def keys_of(axes: Sequence[Varied]) -> list[str]:
    """What the axes vary.

    Raises:
        ConfigError: if two have one key.
    """
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise ConfigError(f"--vary {key} is given twice; put all its values in one list")
    return keys


def flow(value: Any) -> str:
    """A value as YAML on one line."""
    return write_yaml(value, one_line=True)


def rounded(value: Any) -> Any:
    """A number to four digits, for people; anything else as it is."""
    return float(f"{value:.4g}") if isinstance(value, float) else value
