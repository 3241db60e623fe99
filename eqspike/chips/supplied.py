"""Figures that the user supplies for a chip, in place of the profile's or where it has none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from eqspike.chips.figures import EVENTS, STATIC, UNITS
from eqspike.chips.profile import ChipProfile, Timestep
from eqspike.core.errors import ConfigError
from eqspike.core.quantities import Quantity

SOURCE = "user"
DURATION = "step_s"

DIMENSIONS = {**dict.fromkeys(EVENTS, "J"), STATIC: "W", "per_core_w": "W", DURATION: "s"}
"""Dimension of each figure that can be supplied."""

_NUMBER = r"\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_FORM = re.compile(rf"({_NUMBER})(?:/({_NUMBER})/({_NUMBER}))? ?([a-zA-Z]+)")


def with_figures(profile: ChipProfile, given: Mapping[str, str]) -> ChipProfile:
    """The profile with figures of the user.

    Args:
        profile: any chip.
        given: by name of `DIMENSIONS`, an amount such as `5pJ`, or low, typical and high as `3/5/9 pJ`.

    Raises:
        ConfigError: for an unknown figure, a text of another form, a unit of another dimension, or an
            interval out of order.
    """
    if not given:
        return profile
    figures = {name: _quantity(profile.name, name, text) for name, text in given.items()}
    events = {name: figure for name, figure in figures.items() if name in EVENTS}
    operation = "synaptic_operation"
    return replace(
        profile,
        energy={**profile.energy, **events},
        includes=("whatever the user's figure includes",)
        if operation in given
        else profile.includes,
        static=figures.get(STATIC, profile.static),
        per_core=figures.get("per_core_w", profile.per_core),
        timestep=Timestep(profile.timestep.mode, figures.get(DURATION, profile.timestep.duration)),
        sources={**profile.sources, SOURCE: "Given by the user; no part of the profile."},
    )


def _quantity(chip: str, name: str, text: str) -> Quantity:
    where = f"figure {chip}.{name}"
    if name not in DIMENSIONS:
        raise ConfigError(f"{where}: there is no such figure; known are {', '.join(DIMENSIONS)}")
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ConfigError(
            f"{where} must be an amount with a unit, such as 5pJ, or low/typical/high such as "
            f"3/5/9pJ, got '{text}'"
        )
    units = UNITS[DIMENSIONS[name]]
    first, second, third, unit = match.groups()
    if unit not in units:
        raise ConfigError(f"{where}: the unit must be one of {', '.join(units)}, got '{unit}'")
    low = float(first)
    typical, high = (low, low) if second is None else (float(second), float(third))
    if not 0.0 < low <= typical <= high < float("inf"):
        raise ConfigError(f"{where} must be above 0 and in order low/typical/high, got '{text}'")
    scale = units[unit]
    note = "Given by the user; no part of the profile."
    amounts = (low / scale, typical / scale, high / scale)
    return Quantity(*amounts, DIMENSIONS[name], (SOURCE,), "low", note)
