"""Counting the events of one sample: inputs by the encoder's tables, the rest by each neuron's spikes."""

from __future__ import annotations

from typing import Any

import numpy as np

from eqspike.engines.fast.compilation import inlined


@inlined
def count_input(
    events: Any, columns: Any, members: Any, fan_outs: Any, groups: Any, spikes: Any, effective: Any
) -> None:
    """Add the input events of one sample and phase; `events` (columns,) are the spikes of one pixel."""
    total = 0
    reached = 0
    for group in range(groups):
        fired = events[columns[group]]
        total += fired * members[group]
        reached += fired * fan_outs[group]
    spikes[0] += total
    effective[0] += reached


@inlined
def count_drawn(drawn: Any, first: Any, last: Any, groups: Any, events: Any) -> None:
    """Poisson: spikes of each group from step `first` to `last` - 1."""
    for group in range(groups):
        fired = np.int64(0)
        for t in range(first, last):
            fired += np.int64(drawn[t, group])
        events[group] = fired


@inlined
def count_layers(
    counts: Any, starts: Any, fan_out: Any, fan_back: Any, spikes: Any, forward: Any, backward: Any,
    neurons: Any,
) -> None:  # fmt: skip
    """Add the spikes of the free layers and neurons in one phase and the non-zero weights they reached."""
    for layer in range(1, spikes.shape[0]):
        total = np.int64(0)
        ahead = np.int64(0)
        back = np.int64(0)
        for i in range(starts[layer], starts[layer + 1]):
            fired = np.int64(counts[i])
            neurons[i] += fired
            total += fired
            ahead += fired * fan_out[i]
            back += fired * fan_back[i]
        spikes[layer] += total
        forward[layer] += ahead
        backward[layer] += back
