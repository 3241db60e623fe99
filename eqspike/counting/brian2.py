"""Counts from Brian2's monitors, after a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError
from eqspike.counting.arrays import counts_of, divided, names_of, whole
from eqspike.counting.brian2_clocks import presentations
from eqspike.counting.brian2_layers import Layer, connections_between, listed, monitored
from eqspike.counting.connections import Connection, Ints

Weight = str | Mapping[str, str | None] | None


def count_brian2(
    monitors: Iterable[Any] | Mapping[str, Any],
    synapses: Iterable[Any] | Mapping[str, Any],
    *,
    inputs: Collection[Any],
    steps: int,
    samples: int = 1,
    phases: Mapping[str, int] | None = None,
    weight: Weight = "w",
    both_ways: Collection[Any] = (),
    start_s: float = 0.0,
) -> EventCounts:
    """Spikes, synaptic operations and neuron updates of samples presented one after the other.

    Layers have the names of the groups, in the order of the monitors. A subgroup is a part of its source: synapses
    from or to P[:100] are those of the layer that holds these neurons. A spike is delivered once through each
    synapse, however many pathways (`on_pre={...}`) the synapse has.

    Args:
        monitors: a `SpikeMonitor` of every group, or of parts of it that do not overlap; in a mapping the keys are
            the layers' names.
        synapses: all `Synapses` that deliver spikes between these groups; in a mapping the keys are their names.
        inputs: names of the groups that are fed from outside, such as a `SpikeGeneratorGroup`, or these groups.
        steps: time steps of a sample, of the finest clock of the groups; samples: number of samples. A group of a
            slower clock is updated at the steps of its own.
        phases: time steps of each phase of a sample, in order; by default all are of one phase, `free`.
        weight: variable of the synapses that is zero where a synapse has no effect; None if none is zero. A
            mapping gives it by the synapses' names, None for those it does not name.
        both_ways: names of the `Synapses` whose `on_post` delivers to the source neuron, not only learns.
        start_s: time in seconds at which the first sample began.

    Raises:
        DataError: for a spike outside the samples, samples outside the run, or indices that do not fit the groups.
        ConfigError: for a name that does not exist, what holds or delivers no spikes, overlapping monitors, clocks
            that are no multiples of the finest, or phases of another length.
    """
    layers = monitored(monitors)
    number, length = whole("samples", samples, low=1), whole("steps", steps, low=1)
    pieces = divided(phases, length)
    time = presentations(layers, start_s, number, length)
    spiked: dict[str, dict[str, Ints]] = {name: {} for name in pieces}
    updates: dict[str, dict[str, int]] = {name: {} for name in pieces}
    for layer in layers:
        step, neuron = time.step_of_spikes(layer), np.asarray(layer.monitor.i[:], np.int64)
        for phase, piece in pieces.items():
            chosen = neuron[(step >= piece.start) & (step < piece.stop)]
            spiked[phase][layer.name] = np.bincount(chosen, minlength=layer.size).astype(np.int64)
            updates[phase][layer.name] = time.updates(layer, piece)
    connections = _connections(layers, synapses, weight, names_of(both_ways))
    return counts_of(spiked, pieces, connections, inputs, number, updates)


def _connections(
    layers: Sequence[Layer], synapses: Any, weight: Weight, both_ways: Sequence[str]
) -> list[Connection]:
    named = [(key, *_checked(key, group)) for key, group in listed(synapses, "synapses")]
    for place, (_, own, group) in enumerate(named):
        if any(group is other for _, _, other in named[:place]):
            raise ConfigError(
                f"synapses '{own}' are given twice, so that their spikes would count twice; leave one out"
            )
    # A mapping's key and Brian2's own name both stand for the synapses.
    for what, wanted in (
        ("both_ways", both_ways),
        ("weight", weight if isinstance(weight, Mapping) else ()),
    ):
        for name in wanted:
            if not any(name in (key, own) for key, own, _ in named):
                known = sorted(key or own for key, own, _ in named)
                raise ConfigError(
                    f"{what} names synapses '{name}', which are not among those given: {known}"
                )
    connections = []
    for key, own, group in named:
        both = key in both_ways or own in both_ways
        variable = weight.get(key, weight.get(own)) if isinstance(weight, Mapping) else weight
        connections += _of_group(layers, key or own, group, variable, both)
    return connections


def _checked(key: str, group: Any) -> tuple[str, Any]:
    kind, own = type(group).__name__, str(getattr(group, "name", key))
    if not all(hasattr(group, part) for part in ("source", "target", "_pathways")):
        raise ConfigError(f"synapses '{key or own}' must be Synapses of Brian2, got a {kind}")
    return own, group


def _of_group(
    layers: Sequence[Layer], name: str, group: Any, weight: str | None, both_ways: bool
) -> list[Connection]:
    # Pathways of other events than spikes, which may be there too, deliver none.
    ways = {pathway.prepost for pathway in group._pathways if pathway.event == "spike"}
    if both_ways and "post" not in ways:
        raise ConfigError(
            f"both_ways names synapses '{name}', which have no on_post at a spike that could deliver"
        )
    if not both_ways and "pre" not in ways:
        raise ConfigError(
            f"synapses '{name}' have no on_pre at a spike, so that none is delivered through them; leave them "
            "out, or name them by both_ways if on_post delivers"
        )
    neurons = tuple(np.asarray(ends[:], np.int64) for ends in (group.i, group.j))
    weights = _weights(name, group, weight)
    pre, post = (group.source, neurons[0]), (group.target, neurons[1])
    found = []
    for way, (here, there) in (("pre", (pre, post)), ("post", (post, pre))):
        if way in ways and (way == "pre" or both_ways):
            ends, places = (here[0], there[0]), (here[1], there[1])
            found += connections_between(layers, ends, places, weights, name)
    return found


def _weights(name: str, group: Any, weight: str | None) -> Any:
    if weight is None:
        return None
    if not isinstance(weight, str):
        raise ConfigError(f"weight must be the name of a variable of synapses, got {weight!r}")
    if weight not in group.variables:
        raise ConfigError(
            f"synapses '{name}' have no variable '{weight}'; name the one that is zero where a synapse has "
            "no effect by weight=..., or give weight=None; weight={'NAME': 'VARIABLE'} gives it by synapses"
        )
    # The underscore is Brian2's form without units; a shared variable is one value for all.
    return np.broadcast_to(np.asarray(getattr(group, f"{weight}_")[:]), (len(group),))
