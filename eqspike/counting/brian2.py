"""Counts from Brian2's monitors, after a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError, DataError
from eqspike.counting.arrays import counts_of, divided
from eqspike.counting.connections import Connection, Ints


def count_brian2(
    monitors: Iterable[Any],
    synapses: Iterable[Any],
    *,
    inputs: Collection[str],
    steps: int,
    samples: int = 1,
    phases: Mapping[str, int] | None = None,
    weight: str | None = "w",
    both_ways: Collection[str] = (),
    start_s: float = 0.0,
) -> EventCounts:
    """Spikes, synaptic operations and neuron updates of samples presented one after the other.

    Layers have the names of the groups, in the order of the monitors.

    Args:
        monitors: a `SpikeMonitor` of every group; its clock gives the time step.
        synapses: all `Synapses` that deliver spikes between these groups.
        inputs: names of the groups that are fed from outside, such as a `SpikeGeneratorGroup`.
        steps: time steps of a sample; samples: number of samples.
        phases: time steps of each phase of a sample, in order; by default all are of one phase, `free`.
        weight: variable of the synapses that is zero where a synapse has no effect; None if none is zero.
        both_ways: names of the `Synapses` whose `on_post` delivers to the source neuron, not only learns.
        start_s: time in seconds at which the first sample began.

    Raises:
        DataError: for a spike outside the samples, or indices that do not fit the groups.
        ConfigError: for a name that does not exist, or phases of another length.
    """
    pieces = divided(phases, steps)
    spiked: dict[str, dict[str, Ints]] = {name: {} for name in pieces}
    sizes: dict[str, int] = {}
    for monitor in monitors:
        layer, size = str(monitor.source.name), len(monitor.source)
        sizes[layer] = size
        if not monitor.record:
            raise ConfigError(
                f"monitor '{monitor.name}' must keep the time of each spike; make it without record=False"
            )
        step = _steps(monitor, start_s, samples * steps) % steps
        neuron = np.asarray(monitor.i[:], np.int64)
        for phase, piece in pieces.items():
            chosen = neuron[(step >= piece.start) & (step < piece.stop)]
            spiked[phase][layer] = np.bincount(chosen, minlength=size).astype(np.int64)
    connections = []
    names = set()
    for group in synapses:
        names.add(str(group.name))
        connections += _connections(group, sizes, weight, str(group.name) in both_ways)
    for name in both_ways:
        if name not in names:
            raise ConfigError(
                f"both_ways names synapses '{name}', which are not among those given: {sorted(names)}"
            )
    return counts_of(spiked, pieces, connections, inputs, samples)


def _steps(monitor: Any, start_s: float, total: int) -> Ints:
    """Time step of each spike, from the start of the first sample."""
    dt = float(monitor.clock.dt_)
    step: Ints = np.rint((np.asarray(monitor.t_[:]) - start_s) / dt).astype(np.int64)
    outside = (step < 0) | (step >= total)
    if outside.any():
        raise DataError(
            f"monitor '{monitor.name}' must hold spikes of the {total} steps from {start_s} s on, got "
            f"{int(outside.sum())} outside them; give start_s, steps and samples, or use a new monitor"
        )
    return step


def _connections(
    group: Any, sizes: Mapping[str, int], weight: str | None, both_ways: bool
) -> list[Connection]:
    source, target = str(group.source.name), str(group.target.name)
    for layer in (source, target):
        if layer not in sizes:
            raise ConfigError(
                f"synapses '{group.name}' end at '{layer}', of which there is no monitor; monitored: "
                f"{', '.join(sizes) or 'nothing'}"
            )
    weights = _weights(group, weight)
    forward = Connection.listed(source, target, sizes[source], group.i[:], weights)
    if not both_ways:
        return [forward]
    return [forward, Connection.listed(target, source, sizes[target], group.j[:], weights)]


def _weights(group: Any, weight: str | None) -> Any:
    if weight is None:
        return None
    if weight not in group.variables:
        raise ConfigError(
            f"synapses '{group.name}' have no variable '{weight}'; name the one that is zero where a synapse has "
            "no effect by weight=..., or give weight=None"
        )
    # The underscore is Brian2's form without units; a shared variable is one value for all.
    return np.broadcast_to(np.asarray(getattr(group, f"{weight}_")[:]), (len(group),))
