"""The event-by-event simulation of spiking networks (`engines.reference`), for comparison with the engines."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from eqspike.core.counts import EventCounts
from eqspike.engines.reference.presentation import Counts, Presentation, present

__all__ = ["Counts", "Presentation", "flattened", "present"]


def flattened(counts: EventCounts) -> Counts:
    """Counts by (phase, place, kind), as `present` gives them; zero counts are left out."""
    return Counter(
        {
            (phase, place, kind): number
            for phase, of_phase in counts.phases.items()
            for places in (of_phase.layers, of_phase.couplings, of_phase.plasticity)
            for place, record in places.items()
            for kind, number in asdict(record).items()
            if number
        }
    )
