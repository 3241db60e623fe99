"""Static energy: power that flows whatever the network does, times the time the chip needs."""

from __future__ import annotations

from eqspike.chips import ChipProfile
from eqspike.core.counts import EventCounts
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy.events import Gap


def static_energy(
    counts: EventCounts, chip: ChipProfile, step_time_s: float | None, cores: int | None
) -> tuple[dict[str, Interval], tuple[Gap, ...]]:
    """Static energy by phase, and what of it cannot be modelled.

        E_static = (P_chip + cores x P_core) x sample steps x step time

    Steps are taken as following each other without a pause. Sources: the chip profile.

    Returns:
        Joules by phase, empty if nothing is modelled, and the gaps.
    """
    step = _step_time(chip, step_time_s)
    known = []
    gaps = []
    for what, power in (
        ("static power", _power(chip.static, 1)),
        ("power of the cores in use", _power(chip.per_core, cores)),
    ):
        if isinstance(power, str):
            gaps.append(Gap(what, None, power))
        elif power is not None and step is None:
            gaps.append(Gap(what, None, "neither the profile nor the caller gives a step time"))
        elif power is not None:
            known.append(power)
    if step is None or not known:
        return {}, tuple(gaps)
    per_step = Interval.total(known).times(step)
    energy = {name: per_step.scaled(phase.sample_steps) for name, phase in counts.phases.items()}
    return energy, tuple(gaps)


def _step_time(chip: ChipProfile, step_time_s: float | None) -> Interval | None:
    if step_time_s is not None:
        return Interval(step_time_s, step_time_s, step_time_s)
    return None if chip.timestep.duration is None else chip.timestep.duration.interval


def _power(figure: object, units: int | None) -> Interval | str | None:
    """Watts of `units` consumers, the reason why they are unknown, or None if counted elsewhere."""
    if figure is None:
        return "the profile has no figure"
    if not isinstance(figure, Quantity):
        return None
    if units is None:
        return "the number of cores in use is not given"
    return figure.interval.scaled(units)
