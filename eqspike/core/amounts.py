"""Numbers that are given in Python: of the right kind and in their range, or refused by name.

Descriptions are read by `core.config.Section`, which judges in the same way.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from eqspike.core.allowed import Allowed
from eqspike.core.errors import ConfigError
from eqspike.core.showing import show


def check_whole(name: str, value: object, low: int = 1, high: int | None = None) -> None:
    """Refuse what is no whole number from `low`, such as 10.5, 10.0, True or a text.

    Args:
        name: of the argument, with what it is of: `HamiltonianStack: blocks`.

    Raises:
        ConfigError: with the value.
    """
    rule = Allowed("integer", low, high)
    if isinstance(value, bool) or not isinstance(value, Integral) or not rule.holds(int(value)):
        raise ConfigError(f"{name} must be {rule}, got {show(value)}")


def check_number(name: str, value: object, *, low: float | None = None, high: float | None = None,
    above: float | None = None, or_none: bool = False,
) -> None:  # fmt: skip
    """Refuse what is no finite number in [low, high] and greater than `above`, such as NaN, True or a text.

    Args:
        or_none: whether None may stand in its place.

    Raises:
        ConfigError: with the value.
    """
    if value is None and or_none:
        return
    rule = Allowed("number", low, high, above)
    real: Any = value  # held as it is: a whole number may be too large for a float
    if isinstance(value, bool) or not isinstance(value, Real) or not rule.holds(real):
        raise ConfigError(
            f"{name} must be {rule}{', or None' if or_none else ''}, got {show(value)}"
        )


def check_flag(name: str, value: object) -> None:
    """Refuse what is neither True nor False.

    Raises:
        ConfigError: with the value.
    """
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be True or False, got {show(value)}")
