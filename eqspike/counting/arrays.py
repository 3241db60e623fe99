"""Counts from arrays that say of each neuron in each time step how often it fired."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from eqspike.core.counts import CouplingCounts, EventCounts, LayerCounts, PhaseCounts
from eqspike.core.errors import ConfigError, DataError
from eqspike.counting.connections import Connection, Ints
from eqspike.counting.rasters import AXES, Raster, rasters_of

WHOLE = "free"
"""Name of the phase where a presentation is not divided into phases: that of inference in this package."""


def count_arrays(
    spikes: Mapping[str, Any],
    connections: Iterable[Connection],
    *,
    inputs: Collection[str],
    phases: Mapping[str, int] | None = None,
    axes: Sequence[str] = AXES,
    steps: int | None = None,
) -> EventCounts:
    """Spikes, synaptic operations and neuron updates of some presentations.

    Args:
        spikes: by layer, from the input on, arrays or tensors (samples, steps, neurons) of numbers of spikes, most
            often 0 and 1; a 2 is two spikes in one step. Several axes of neurons are taken as one. A layer that
            sends no spikes (currents, integrators) has zeros.
        connections: all synapses between these layers; those with the same ends are counted together.
        inputs: names of the layers that are fed from outside, whose neurons are not updated.
        phases: time steps of each phase, in order; by default all are of one phase, `free`.
        axes: order of the arrays' axes, such as ("steps", "samples", "neurons") where time comes first; without
            "samples" there is one sample; "neurons" stands for one axis or several.
        steps: time steps of a sample, to be checked; arrays do not tell steps and samples apart.

    Returns:
        Counts without plasticity: spikes do not tell what a rule did.

    Raises:
        DataError: for arrays that are no spikes, or do not fit each other, `steps` or the connections.
        ConfigError: for an unknown layer, axes that do not exist, or phases of another length.
    """
    return count_rasters(rasters_of(spikes, axes, steps), connections, inputs, phases)


def count_rasters(
    rasters: Mapping[str, Raster],
    connections: Iterable[Connection],
    inputs: Collection[str],
    phases: Mapping[str, int] | None,
) -> EventCounts:
    """Counts of arrays (samples, steps, neurons...) that `rasters_of` made; else as `count_arrays`."""
    samples, steps = next(iter(rasters.values())).shape[:2]
    pieces = divided(phases, steps)
    spiked = {
        phase: {
            name: raster[:, piece].sum((0, 1), dtype=np.int64).ravel()
            for name, raster in rasters.items()
        }
        for phase, piece in pieces.items()
    }
    return counts_of(spiked, pieces, connections, inputs, samples)


def names_of(things: Any) -> list[str]:
    """Names of layers or synapses; one alone needs no list, and an object that has a name stands for it."""
    several = not isinstance(things, str) and not hasattr(things, "name")
    if several and not isinstance(things, Iterable):
        raise ConfigError(f"names must be given as texts, got {things!r}")
    return [str(getattr(thing, "name", thing)) for thing in (things if several else [things])]


def divided(phases: Mapping[str, int] | None, steps: int) -> dict[str, slice]:
    """Steps of each phase within a presentation.

    Raises:
        ConfigError: if they are no whole numbers, or not as long as the presentation together.
    """
    given = {WHOLE: steps} if phases is None else phases
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"phases must be steps by name, such as {{'free': {steps}}}, got {given!r}"
        )
    lengths = {str(name): whole(f"phase '{name}'", steps, low=0) for name, steps in given.items()}
    if sum(lengths.values()) != steps:
        raise ConfigError(
            f"phases must have {steps} steps together, those of a presentation, got {lengths}"
        )
    pieces, start = {}, 0
    for name, length in lengths.items():
        pieces[name] = slice(start, start + length)
        start += length
    return pieces


def whole(what: str, value: Any, low: int) -> int:
    """A whole number of at least `low`.

    Raises:
        ConfigError: for anything else.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if number < low or isinstance(value, (bool, np.bool_)):
        raise ConfigError(f"{what} must be a whole number at least {low}, got {value!r}")
    return number


def counts_of(
    spiked: Mapping[str, Mapping[str, Ints]],
    pieces: Mapping[str, slice],
    connections: Iterable[Connection],
    inputs: Collection[str],
    samples: int,
    updates: Mapping[str, Mapping[str, int]] | None = None,
) -> EventCounts:
    """Counts from the number of spikes of each neuron.

    Args:
        spiked: by phase and layer, (neurons,).
        pieces: steps of each phase; samples: number of presentations.
        updates: by phase and layer, updates of each neuron; None if there is one a step.
    """
    layers = next(iter(spiked.values()))
    given, fed = _connections(connections), names_of(inputs)
    _check(layers, given, fed)
    phases = {}
    for phase, piece in pieces.items():
        steps = samples * (piece.stop - piece.start)
        each = dict.fromkeys(layers, steps) if updates is None else updates[phase]
        counted = {
            name: LayerCounts(int(spikes.sum()), 0 if name in fed else each[name] * spikes.size)
            for name, spikes in spiked[phase].items()
        }
        phases[phase] = PhaseCounts(steps, counted, _couplings(spiked[phase], given))
    return EventCounts(samples, phases)


def _couplings(
    spiked: Mapping[str, Ints], connections: Sequence[Connection]
) -> dict[str, CouplingCounts]:
    couplings: dict[str, CouplingCounts] = {}
    for connection in connections:
        each = spiked[connection.source]
        had = couplings.get(connection.name, CouplingCounts())
        couplings[connection.name] = CouplingCounts(
            had.synaptic_operations + int(each @ connection.stored),
            had.effective_synaptic_operations + int(each @ connection.effective),
        )
    return couplings


def _connections(given: Any) -> list[Connection]:
    connections = list(given) if isinstance(given, Iterable) else [given]
    for connection in connections:
        if not isinstance(connection, Connection):
            raise ConfigError(
                "connections must be a list of Connection objects, such as Connection.dense('input', 'hidden', "
                f"weights), got {type(connection).__name__}"
            )
    return connections


def _check(
    layers: Mapping[str, Ints], connections: Sequence[Connection], inputs: Sequence[str]
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
        ends = (
            ("start", connection.source, connection.stored.size),
            ("end", connection.target, connection.target_size),
        )
        for what, name, size in ends:
            if size is not None and size != layers[name].size:
                raise DataError(
                    f"connection '{connection.name}' must {what} at the {layers[name].size} neurons of '{name}', "
                    f"got synapses of {size}; a matrix may be given the wrong way round"
                )
