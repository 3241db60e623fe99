"""Which single figure moves a total most.

Each figure alone goes from its low to its high value while all others stay typical; its swing is the change of
the typical total. Unlike the interval of the total, in which all figures move together, this says where a
better figure would help.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from eqspike.chips import ChipProfile, Timestep
from eqspike.core.counts import EventCounts
from eqspike.core.quantities import Quantity
from eqspike.energy.conditions import Conditions
from eqspike.energy.model import estimate

SHARE = "share of active neurons"


@dataclass(frozen=True)
class Swing:
    """Typical total per sample, in joules, with one figure at its low and at its high value.

    Attributes:
        figure: name of the figure, such as `synaptic operation`.
        low, high: the totals.
    """

    figure: str
    low: float
    high: float

    @property
    def change(self) -> float:
        """Joules per sample between the two."""
        return self.high - self.low


def swings(
    counts: EventCounts, chip: ChipProfile, conditions: Conditions | None = None
) -> tuple[Swing, ...]:
    """Figures that move the typical total, the one that moves it most first.

    Args:
        counts, chip, conditions: as for `estimate`.

    Returns:
        Only what moves it; empty if nothing is modelled.
    """
    given = conditions or Conditions()
    found = []
    for name, ends in _variants(chip, given):
        totals = [estimate(counts, *end).per_sample for end in ends]
        low, high = (0.0 if total is None else total.typical for total in totals)
        if high > low:
            found.append(Swing(name, low, high))
    return tuple(sorted(found, key=lambda swing: (-swing.change, swing.figure)))


Setting = tuple[ChipProfile, Conditions]


def _variants(
    chip: ChipProfile, given: Conditions
) -> Iterator[tuple[str, tuple[Setting, Setting]]]:
    """Every assumption with the two settings that it ranges over."""
    for event, figure in chip.energy.items():
        if isinstance(figure, Quantity):
            low, high = (replace(chip, energy={**chip.energy, event: end}) for end in _ends(figure))
            yield event.replace("_", " "), ((low, given), (high, given))
    if isinstance(chip.static, Quantity):
        low, high = (replace(chip, static=end) for end in _ends(chip.static))
        yield "static power", ((low, given), (high, given))
    if isinstance(chip.per_core, Quantity):
        low, high = (replace(chip, per_core=end) for end in _ends(chip.per_core))
        yield "power per core", ((low, given), (high, given))
    duration = chip.timestep.duration
    if duration is not None and given.step_time_s is None:
        mode = chip.timestep.mode
        low, high = (replace(chip, timestep=Timestep(mode, end)) for end in _ends(duration))
        yield "step time", ((low, given), (high, given))
    if given.active_share is None and isinstance(chip.energy["neuron_update_idle"], Quantity):
        none, all_ = (replace(given, active_share=share) for share in (0.0, 1.0))
        yield SHARE, ((chip, none), (chip, all_))


def _ends(figure: Quantity) -> tuple[Quantity, Quantity]:
    """The figure with its low, and with its high value as typical."""
    return replace(figure, typical=figure.low), replace(figure, typical=figure.high)
