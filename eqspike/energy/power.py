"""Time on the chip, and static energy: power that flows whatever the network does."""

from __future__ import annotations

from eqspike.chips import ChipProfile
from eqspike.core.counts import EventCounts
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy.conditions import Conditions
from eqspike.energy.events import Gap


def chip_seconds(
    counts: EventCounts, chip: ChipProfile, conditions: Conditions
) -> dict[str, Interval]:
    """Seconds of all samples by phase, or nothing if no step time is known.

        t = sample steps x step time

    Steps are taken as following each other without a pause, one sample after the other.
    """
    step = step_time(chip, conditions)
    if step is None:
        return {}
    return {name: step.scaled(phase.sample_steps) for name, phase in counts.phases.items()}


def step_time(chip: ChipProfile, conditions: Conditions) -> Interval | None:
    """Seconds of one time step: the caller's, else the profile's, else None."""
    given = conditions.step_time_s
    if given is not None:
        return Interval(given, given, given)
    return None if chip.timestep.duration is None else chip.timestep.duration.interval


def static_energy(
    seconds: dict[str, Interval], chip: ChipProfile, conditions: Conditions
) -> tuple[dict[str, Interval], tuple[Gap, ...]]:
    """Static energy by phase, and what of it cannot be modelled.

        E_static = (P_chip + cores x P_core) x t

    Args:
        seconds: time by phase, from `chip_seconds`.
        chip: profile with the powers.
        conditions: gives the number of cores in use.

    Returns:
        Joules by phase, empty if nothing is modelled, and the gaps.
    """
    known = []
    gaps = []
    for what, power in (
        ("static power", _power(chip.static, 1)),
        ("power of the cores in use", _power(chip.per_core, conditions.cores)),
    ):
        if isinstance(power, str):
            gaps.append(Gap(what, None, power))
        elif power is not None and not seconds:
            gaps.append(Gap(what, None, "neither the profile nor the caller gives a step time"))
        elif power is not None:
            known.append(power)
    if not known:
        return {}, tuple(gaps)
    watts = Interval.total(known)
    return {name: watts.times(time) for name, time in seconds.items()}, tuple(gaps)


def _power(figure: object, units: int | None) -> Interval | str | None:
    """Watts of `units` consumers, the reason why they are unknown, or None if counted elsewhere."""
    if figure is None:
        return "the profile has no figure"
    if not isinstance(figure, Quantity):
        return None
    if units is None:
        return "the number of cores in use is not given"
    return figure.interval.scaled(units)
