"""Wear of the weights: how long a memory lasts under the counted writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eqspike.chips import ChipProfile
from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError
from eqspike.core.quantities import Interval

SECONDS_PER_YEAR = 365.25 * 24 * 3600


@dataclass(frozen=True)
class Wear:
    """Wear of the weights of one coupling (or of the biases of one layer), averaged over them.

    Attributes:
        place: undirected coupling, or name of the biases, as in the counts.
        writes: writes of a stored weight per training sample, mean over the weights.
        samples: training samples until the mean weight has used up its endurance.
    """

    place: str
    writes: float
    samples: Interval

    def years(self, samples_per_second: float) -> Interval:
        """Years until then, training without a pause at a rate above 0."""
        return self.samples.scaled(1.0 / (samples_per_second * SECONDS_PER_YEAR))


def wear(counts: EventCounts, chip: ChipProfile, weights: Mapping[str, int]) -> tuple[Wear, ...]:
    """Wear by coupling, the one that fails first first.

        writes = applied writes / (samples x weights),    samples to failure = endurance / writes

    Writes are averaged over the weights of a coupling, which some exceed: the first weight fails earlier. A
    weight stored once for each direction is written in both, but each copy only once: copies do not matter.

    Args:
        counts: of training.
        chip: gives the endurance.
        weights: number of weights by the names under which the counts have writes.

    Returns:
        Places that are written and whose number of weights is given; empty if the profile has no endurance.

    Raises:
        ConfigError: without samples, or for a number of weights below 1.
    """
    endurance = chip.weights.endurance
    if endurance is None:
        return ()
    if counts.samples < 1:
        raise ConfigError(f"counts.samples must be at least 1, got {counts.samples}")
    found = []
    for place, number in weights.items():
        if number < 1:
            raise ConfigError(
                f"the number of weights of '{place}' must be at least 1, got {number}"
            )
        applied = sum(
            phase.plasticity[place].applied_writes
            for phase in counts.phases.values()
            if place in phase.plasticity
        )
        if applied:
            writes = applied / (counts.samples * number)
            found.append(Wear(place, writes, endurance.interval.scaled(1.0 / writes)))
    return tuple(sorted(found, key=lambda item: (-item.writes, item.place)))


def first_failure(largest: int, samples: int, chip: ChipProfile) -> Interval | None:
    """Training samples until the weight that is written most often has used up its endurance.

        samples to failure = endurance x samples / largest

    Args:
        largest: writes of that weight; samples: training samples in which they happened.
        chip: gives the endurance.

    Returns:
        None if the profile has no endurance or nothing was written.

    Raises:
        ConfigError: without samples.
    """
    if samples < 1:
        raise ConfigError(f"samples must be at least 1, got {samples}")
    endurance = chip.weights.endurance
    if endurance is None or largest == 0:
        return None
    return endurance.interval.scaled(samples / largest)
