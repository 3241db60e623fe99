"""Energy of counted events on a chip: every event times its figure, as an interval in joules.

    E = sum over phases, places and categories of  count x copies x figure   [+ static power x time]

A figure the profile does not have makes a gap, never a zero; a category without events is a true
zero. Lows are added to lows and highs to highs: the figures of one profile are taken as fully
correlated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eqspike.chips import ChipProfile
from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError
from eqspike.core.named import Named
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy.conditions import Conditions
from eqspike.energy.events import CATEGORIES, HOPS, Gap, Row, direction, events_of
from eqspike.energy.power import chip_seconds, static_energy
from eqspike.energy.pricing import find_gaps, price_rows
from eqspike.energy.wording import Doubt, assumptions, low_confidence, operations_warning


@dataclass(frozen=True)
class Estimate:
    """Energy of one set of counts on one chip; joules of all samples unless a name says per sample.

    Attributes:
        chip: name of the profile.
        samples: presentations the counts are summed over, at least 1.
        rows: one for each place, phase and category.
        static: static energy by phase; empty where it is not modelled.
        seconds: time on the chip by phase; empty where no step time is known.
        gaps: what happened but has no figure, so that totals are lower bounds.
        assumptions: how counts were read as events on the chip.
        doubt: figures of low confidence, where they carry much of the typical total.
        warnings: what a reader must know before quoting a total.
    """

    chip: str
    samples: int
    rows: tuple[Row, ...]
    static: Mapping[str, Interval]
    seconds: Mapping[str, Interval]
    gaps: tuple[Gap, ...]
    assumptions: tuple[str, ...]
    doubt: Doubt | None
    warnings: tuple[str, ...]

    def __post_init__(self) -> None:
        """A name that is not there is answered by those that are."""
        object.__setattr__(self, "static", Named(self.static, "phase"))
        object.__setattr__(self, "seconds", Named(self.seconds, "phase"))

    @property
    def phases(self) -> tuple[str, ...]:
        """Names of the phases, in the order of the counts."""
        return tuple(dict.fromkeys(row.event.phase for row in self.rows))

    @property
    def categories(self) -> tuple[str, ...]:
        """Categories of the estimate: all, but hops only if their numbers were given."""
        placed = any(row.event.category == HOPS for row in self.rows)
        return tuple(name for name in CATEGORIES if placed or name != HOPS)

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
        if category and category not in self.categories:
            return None
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
    def dynamic_per_sample(self) -> Interval | None:
        """`dynamic` divided by the number of samples."""
        return None if self.dynamic is None else self.dynamic.scaled(1.0 / self.samples)

    @property
    def latency(self) -> Interval | None:
        """Seconds on the chip per sample, all phases; None where no step time is known."""
        if not self.seconds:
            return None
        return Interval.total(self.seconds.values()).scaled(1.0 / self.samples)

    @property
    def by_direction(self) -> dict[str, Interval | None]:
        """Synaptic operations' joules, `forward` and `backward`; see `direction`."""
        layers = [row.event.place for row in self.select(category="spikes")]
        ways: dict[str, list[Row]] = {}
        for row in self.select(category="synaptic operations"):
            ways.setdefault(direction(row.event.place, layers), []).append(row)
        return {way: _sum(rows) for way, rows in ways.items()}

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
    counts: EventCounts, chip: ChipProfile, conditions: Conditions | None = None
) -> Estimate:
    """Energy of counted events on a chip, and the time they take there.

    Args:
        counts: events of one or more samples.
        chip: profile with joules per event.
        conditions: how the chip is operated; nothing is known if absent.

    Returns:
        The estimate; equal arguments give equal results, nothing else is read.

    Raises:
        ConfigError: without samples, or for hops of a layer that the counts do not have.
    """
    if counts.samples < 1:
        raise ConfigError(
            f"counts.samples must be at least 1 to speak of energy per sample, got {counts.samples}"
        )
    given = conditions or Conditions()
    given.check_layers(counts)
    seconds = chip_seconds(counts, chip, given)
    static, power_gaps = static_energy(seconds, chip, given)
    carries = isinstance(chip.static, Quantity) and bool(static)
    rows = price_rows(events_of(counts, given.hops_per_spike), chip, given, carries)
    gaps = (*find_gaps(rows, chip), *power_gaps)
    doubt = low_confidence(chip, rows, static)
    return Estimate(
        chip.name,
        counts.samples,
        rows,
        static,
        seconds,
        gaps,
        assumptions(rows, chip, given, bool(static)),
        doubt,
        (*operations_warning(gaps), *([doubt.warning] if doubt else [])),
    )


def _sum(rows: Iterable[Row]) -> Interval | None:
    """Sum of what is known; None if something happened and none of it is known."""
    items = tuple(rows)
    known = [row.energy for row in items if row.energy is not None]
    unknown = len(known) < len(items)
    if unknown and not any(row.event.count and row.energy is not None for row in items):
        return None
    return Interval.total(known)
