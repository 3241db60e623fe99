"""Counts from arrays that say of each neuron in each time step whether it fired."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import CouplingCounts, EventCounts, LayerCounts, PhaseCounts
from eqspike.core.errors import ConfigError, DataError
from eqspike.counting.connections import Connection, Ints, plain

WHOLE = "free"
"""Name of the phase where a presentation is not divided into phases: that of inference in this package."""


def count_arrays(
    spikes: Mapping[str, Any],
    connections: Iterable[Connection],
    *,
    inputs: Collection[str],
    phases: Mapping[str, int] | None = None,
) -> EventCounts:
    """Spikes, synaptic operations and neuron updates of some presentations.

    Args:
        spikes: by layer, from the input on, arrays or tensors (samples, steps, neurons) of 0 and 1; several axes
            of neurons are taken as one. A layer that sends no spikes (currents, integrators) has zeros.
        connections: all synapses between these layers; those with the same ends are counted together.
        inputs: names of the layers that are fed from outside, whose neurons are not updated.
        phases: time steps of each phase, in order; by default all are of one phase, `free`.

    Returns:
        Counts without plasticity: spikes do not tell what a rule did.

    Raises:
        DataError: for arrays that are no spikes, or do not fit each other or the connections.
        ConfigError: for an unknown layer, or phases of another length.
    """
    rasters = {name: _raster(name, values) for name, values in spikes.items()}
    shapes = {raster.shape[:2] for raster in rasters.values()}
    if len(shapes) != 1:
        found = ", ".join(f"'{name}' {raster.shape[:2]}" for name, raster in rasters.items())
        raise DataError(f"all layers must have equal samples and steps, got {found or 'no layer'}")
    ((samples, steps),) = shapes
    pieces = divided(phases, steps)
    spiked = {
        phase: {n: r[:, piece].sum((0, 1), dtype=np.int64) for n, r in rasters.items()}
        for phase, piece in pieces.items()
    }
    return counts_of(spiked, pieces, list(connections), inputs, samples)


def divided(phases: Mapping[str, int] | None, steps: int) -> dict[str, slice]:
    """Steps of each phase within a presentation.

    Raises:
        ConfigError: if they are not as long as the presentation together.
    """
    given = {WHOLE: steps} if phases is None else phases
    if sum(given.values()) != steps or min(given.values(), default=0) < 0:
        raise ConfigError(
            f"phases must have {steps} steps together, those of a presentation, got {dict(given)}"
        )
    pieces, start = {}, 0
    for name, length in given.items():
        pieces[name] = slice(start, start + length)
        start += length
    return pieces


def counts_of(
    spiked: Mapping[str, Mapping[str, Ints]],
    pieces: Mapping[str, slice],
    connections: Sequence[Connection],
    inputs: Collection[str],
    samples: int,
) -> EventCounts:
    """Counts from the number of spikes of each neuron.

    Args:
        spiked: by phase and layer, (neurons,).
        pieces: steps of each phase; samples: number of presentations.
    """
    layers = next(iter(spiked.values()))
    _check(layers, connections, inputs)
    return EventCounts(
        samples,
        {
            phase: _phase(spiked[phase], connections, inputs, samples * (piece.stop - piece.start))
            for phase, piece in pieces.items()
        },
    )


def _phase(
    spiked: Mapping[str, Ints], connections: Sequence[Connection], inputs: Collection[str],
    sample_steps: int,
) -> PhaseCounts:  # fmt: skip
    layers = {
        name: LayerCounts(int(each.sum()), 0 if name in inputs else sample_steps * each.size)
        for name, each in spiked.items()
    }
    couplings: dict[str, CouplingCounts] = {}
    for connection in connections:
        each = spiked[connection.source]
        had = couplings.get(connection.name, CouplingCounts())
        couplings[connection.name] = CouplingCounts(
            had.synaptic_operations + int(each @ connection.stored),
            had.effective_synaptic_operations + int(each @ connection.effective),
        )
    return PhaseCounts(sample_steps, layers, couplings)


def _check(
    layers: Mapping[str, Ints], connections: Sequence[Connection], inputs: Collection[str]
) -> None:
    known = ", ".join(f"'{name}'" for name in layers)
    for name in inputs:
        if name not in layers:
            raise ConfigError(f"input '{name}' must be one of the layers with spikes: {known}")
    for connection in connections:
        for name in (connection.source, connection.target):
            if name not in layers:
                raise ConfigError(
                    f"connection '{connection.name}' needs the spikes of '{name}'; there are those of {known}; "
                    "give zeros for a layer that sends none"
                )
        neurons = layers[connection.source].size
        if connection.stored.size != neurons:
            raise DataError(
                f"connection '{connection.name}' must start at the {neurons} neurons of "
                f"'{connection.source}', got synapses of {connection.stored.size}"
            )


def _raster(name: str, values: Any) -> NDArray[Any]:
    """(samples, steps, neurons), of 0 and 1 only."""
    raster = plain(values)
    if raster.ndim < 3:
        raise DataError(
            f"spikes of '{name}' must have the shape (samples, steps, neurons), got {raster.shape}"
        )
    if not ((raster == 0) | (raster == 1)).all():
        raise DataError(
            f"spikes of '{name}' must be 0 or 1, got values from {raster.min()} to {raster.max()}; "
            "what sends numbers multiplies them, and is not counted as spikes"
        )
    return raster.reshape(*raster.shape[:2], math.prod(raster.shape[2:]))
