"""From the learning kernel's tallies to event counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eqspike.core.counts import EventCounts, PlasticityCounts
from eqspike.engines.fast.spikes.counting import event_counts
from eqspike.engines.fast.spikes.state import Tally
from eqspike.systems import System


def learning_counts(system: System, tally: Tally, samples: int) -> EventCounts:
    """Counts of `samples` presentations with learning, by the definitions of `core.counts`.

    Rule evaluations are those of the nudged phase. The chip evaluates its rule in the free phase too, for a gate
    of zero: as often as the free phase's spikes, counted there, reach plastic synapses. Biases are not plastic.
    """
    counts = event_counts(
        system, tally, samples, True, np.zeros((len(tally.writes) + 1, 2), int), 0
    )
    nudged = counts.phases["nudged"]
    learnt = {
        coupling.name: PlasticityCounts(
            nudged.plasticity[coupling.name].rule_evaluations,
            int(tally.writes[index, 0]),
            int(tally.writes[index, 1]),
        )
        for index, coupling in enumerate(system.network.couplings)
    }
    return EventCounts(samples, {**counts.phases, "nudged": replace(nudged, plasticity=learnt)})
