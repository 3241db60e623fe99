"""Energy of counted events on a chip: every event times its figure, as an interval in joules.

    E = sum over phases, places and categories of  count x copies x figure   [+ static power x time]

A figure the profile does not have makes a gap, never a zero; a category without events is a true
zero. Lows are added to lows and highs to highs: the figures of one profile are taken as fully
correlated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eqspike.chips import ChipProfile, IncludedIn
from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy.events import CATEGORIES, EVENT_OF, Event, Gap, Row, events_of
from eqspike.energy.power import static_energy
from eqspike.energy.wording import assumptions, gap_reason, low_confidence_warning


@dataclass(frozen=True)
class Estimate:
    """Energy of one set of counts on one chip; joules of all samples unless a name says per sample.

    Attributes:
        chip: name of the profile.
        samples: presentations the counts are summed over, at least 1.
        rows: one for each place, phase and category.
        static: static energy by phase; empty where it is not modelled.
        gaps: what happened but has no figure, so that totals are lower bounds.
        assumptions: how counts were read as events on the chip.
        warnings: what a reader must know before quoting a total.
    """

    chip: str
    samples: int
    rows: tuple[Row, ...]
    static: Mapping[str, Interval]
    gaps: tuple[Gap, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def phases(self) -> tuple[str, ...]:
        """Names of the phases, in the order of the counts."""
        return tuple(dict.fromkeys(row.event.phase for row in self.rows))

    def select(self, *, category: str = "", phase: str = "", place: str = "") -> tuple[Row, ...]:
        """Rows of a category, phase and place; an empty name selects all."""
        return tuple(
            row
            for row in self.rows
            if category in ("", row.event.category)
            and phase in ("", row.event.phase)
            and place in ("", row.event.place)
        )

    def energy(self, *, category: str = "", phase: str = "", place: str = "") -> Interval | None:
        """Dynamic energy of selected rows in joules; None if none of the events has a figure."""
        return _sum(self.select(category=category, phase=phase, place=place))

    @property
    def dynamic(self) -> Interval | None:
        """Energy of all events that have a figure, without static power."""
        return self.energy()

    def whole(self, phase: str = "") -> Interval | None:
        """Dynamic plus static energy of a phase (empty: of all) in joules; None if unknown."""
        dynamic = self.energy(phase=phase)
        parts = [part for name, part in self.static.items() if phase in ("", name)]
        parts += [] if dynamic is None else [dynamic]
        return Interval.total(parts) if parts else None

    @property
    def total(self) -> Interval | None:
        """Dynamic energy plus static energy where that is modelled; None if nothing is."""
        return self.whole()

    @property
    def per_sample(self) -> Interval | None:
        """`total` divided by the number of samples."""
        return None if self.total is None else self.total.scaled(1.0 / self.samples)

    @property
    def lower_bound(self) -> bool:
        """Whether something that costs energy is missing from the total."""
        return bool(self.gaps)

    @property
    def statement(self) -> str:
        """What the total includes, as one sentence."""
        if not self.gaps:
            return "Complete for the events counted and static power."
        return "Lower bound: " + ", ".join(gap.what for gap in self.gaps) + " not modelled."


def estimate(
    counts: EventCounts,
    chip: ChipProfile,
    *,
    step_time_s: float | None = None,
    cores: int | None = None,
) -> Estimate:
    """Energy of counted events on a chip.

    Args:
        counts: events of one or more samples.
        chip: profile with joules per event.
        step_time_s: seconds the chip takes for one time step; the profile's figure if absent.
            Needed for static power only.
        cores: cores in use, for power per core.

    Returns:
        The estimate; equal arguments give equal results, nothing else is read.

    Raises:
        ConfigError: without samples, or with a step time or number of cores that is not positive.
    """
    if counts.samples < 1:
        raise ConfigError(
            f"counts.samples must be at least 1 to speak of energy per sample, got {counts.samples}"
        )
    if step_time_s is not None and not (step_time_s > 0 and math.isfinite(step_time_s)):
        raise ConfigError(f"the step time must be above 0 seconds and finite, got {step_time_s}")
    if cores is not None and cores < 1:
        raise ConfigError(f"the number of cores in use must be at least 1, got {cores}")
    rows = _price(events_of(counts), chip)
    static, power_gaps = static_energy(counts, chip, step_time_s, cores)
    return Estimate(
        chip.name,
        counts.samples,
        rows,
        static,
        (*_gaps(rows, chip), *power_gaps),
        assumptions(rows, bool(static)),
        low_confidence_warning(chip, rows, static),
    )


def _price(events: tuple[Event, ...], chip: ChipProfile) -> tuple[Row, ...]:
    rows = []
    for event in events:
        figure = chip.energy[EVENT_OF[event.category]]
        if event.count == 0:
            rows.append(Row(event, Interval(0.0, 0.0, 0.0)))
        elif isinstance(figure, Quantity):
            rows.append(Row(event, figure.interval.scaled(event.count * event.copies)))
        else:
            rows.append(Row(event, None, _container(event, figure, events)))
    return tuple(rows)


def _container(event: Event, figure: IncludedIn | None, events: tuple[Event, ...]) -> str:
    """Category whose figure already contains the cost; empty if no event of it carries the cost.

    Carried at the same place where the containing category has that place (a bias written without a
    rule evaluation is not carried), else anywhere (neuron updates in synaptic operations).
    """
    if figure is None:
        return ""
    category = next(name for name, kind in EVENT_OF.items() if kind == figure.event)
    carriers = [other for other in events if other.category == category]
    here = [other for other in carriers if other.place == event.place]
    return category if any(other.count for other in here or carriers) else ""


def _gaps(rows: tuple[Row, ...], chip: ChipProfile) -> tuple[Gap, ...]:
    gaps = []
    for category in CATEGORIES:
        missing = [
            row.event.count * row.event.copies
            for row in rows
            if row.event.category == category and row.energy is None and not row.included_in
        ]
        if missing:
            gaps.append(Gap(category, sum(missing), gap_reason(chip, category)))
    return tuple(gaps)


def _sum(rows: Iterable[Row]) -> Interval | None:
    """Sum of what is known; None if something happened and none of it is known."""
    items = tuple(rows)
    known = [row.energy for row in items if row.energy is not None]
    unknown = len(known) < len(items)
    if unknown and not any(row.event.count and row.energy is not None for row in items):
        return None
    return Interval.total(known)
