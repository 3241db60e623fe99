"""Layers of a Brian2 network: the groups that are monitored, and where its synapses begin and end.

A subgroup such as P[:100] is a part of the neurons of its source P. Neurons are known here by the name of that
source and their place in it, so that each is counted once, whichever way monitors and synapses name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqspike.core.errors import ConfigError, DataError
from eqspike.counting.connections import Connection, Ints


@dataclass(frozen=True)
class Layer:
    """Neurons that are monitored, all of a group or a part.

    Attributes:
        name: of the layer in the counts.
        group: name of the group that the neurons are of; start, stop: first of them, and the one after the last.
        monitor: its `SpikeMonitor`.
    """

    name: str
    group: str
    start: int
    stop: int
    monitor: Any

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.stop - self.start

    def __str__(self) -> str:
        return f"'{self.monitor.name}' of neurons {self.start} to {self.stop - 1} of '{self.group}'"


def listed(given: Any, what: str) -> list[tuple[str, Any]]:
    """Names and objects of a list, a mapping or a single object of Brian2.

    Raises:
        ConfigError: for anything else.
    """
    if isinstance(given, Mapping):
        return [(str(name), thing) for name, thing in given.items()]
    several = [given] if hasattr(given, "name") else given
    if isinstance(several, (str, bytes)) or not isinstance(several, Iterable):
        raise ConfigError(f"{what} must be a list of objects of Brian2, got {given!r}")
    return [("", thing) for thing in several]


def monitored(monitors: Any) -> list[Layer]:
    """Layers in the order of their monitors; one of a part of what another holds is left out.

    Raises:
        ConfigError: for what is no monitor of the times of spikes, or parts that overlap.
        DataError: for two monitors of the same neurons that hold different spikes.
    """
    found = [_layer(name, monitor) for name, monitor in listed(monitors, "monitors")]
    widest_first = sorted(found, key=lambda layer: -layer.size)
    kept: list[Layer] = []
    for layer in widest_first:
        for other in kept:
            if layer.group != other.group or min(layer.stop, other.stop) <= max(
                layer.start, other.start
            ):
                continue
            if not (other.start <= layer.start and layer.stop <= other.stop):
                raise ConfigError(
                    f"monitors {other} and {layer} overlap, so that spikes would count twice; monitor the whole "
                    f"group, or parts that do not overlap"
                )
            _check_equal(other, layer)
            break
        else:
            kept.append(layer)
    layers = [layer for layer in found if layer in kept]
    for layer in layers:
        if sum(layer.name == other.name for other in layers) > 1:
            raise ConfigError(f"two monitors are of groups named '{layer.name}'; rename one group")
    return layers


def connections_between(
    layers: Sequence[Layer], ends: tuple[Any, Any], neurons: tuple[Any, Any], weights: Any, name: str
) -> list[Connection]:  # fmt: skip
    """Connections of synapses from the neurons of one group to those of another, by layer.

    Args:
        ends: source and target group; neurons: indices of each synapse in them; weights: as `Connection.listed`.
        name: of the synapses.

    Raises:
        ConfigError: if a neuron at an end is not monitored.
    """
    sources, targets = (
        _owners(layers, end, places, name) for end, places in zip(ends, neurons, strict=True)
    )
    values = None if weights is None else np.asarray(weights)
    first = np.asarray(neurons[0], np.int64) + _range(ends[0])[1]
    found = []
    for s, t in _pairs(layers, ends, sources, targets):
        chosen = (sources == s) & (targets == t)
        source, target = layers[s], layers[t]
        found.append(
            Connection.listed(
                source.name, target.name, source.size, first[chosen] - source.start,
                None if values is None else values[chosen], target_size=target.size,
            )
        )  # fmt: skip
    return found


def _pairs(
    layers: Sequence[Layer], ends: tuple[Any, Any], sources: Ints, targets: Ints
) -> list[tuple[int, int]]:
    """Layers that synapses lead from and to; the only two there can be also without a synapse."""
    found = sorted({(int(s), int(t)) for s, t in zip(sources, targets, strict=True)})
    possible = [
        [place for place, layer in enumerate(layers) if layer.group == _range(end)[0]]
        for end in ends
    ]
    if not found and all(len(places) == 1 for places in possible):
        return [(possible[0][0], possible[1][0])]
    return found


def _owners(layers: Sequence[Layer], end: Any, neurons: Any, name: str) -> Ints:
    """Layer of the neuron at one end of each synapse."""
    group, start, _ = _range(end)
    places = np.asarray(neurons, np.int64) + start
    owners = np.full(places.shape, -1, np.int64)
    of_group = [(number, layer) for number, layer in enumerate(layers) if layer.group == group]
    for number, layer in of_group:
        owners[(places >= layer.start) & (places < layer.stop)] = number
    missing = places[owners < 0]
    if missing.size or not of_group:
        which = f"neurons {missing.min()} to {missing.max()} of " if of_group else ""
        known = ", ".join(str(layer) for layer in layers) or "nothing"
        raise ConfigError(
            f"synapses '{name}' end at {which}'{group}', of which there is no monitor; monitors: {known}"
        )
    return owners


def _layer(name: str, monitor: Any) -> Layer:
    kind, own_name = type(monitor).__name__, getattr(monitor, "name", "without a name")
    event = getattr(monitor, "event", None)
    if event != "spike":
        holds = "no spikes" if event is None else f"events '{event}'"
        raise ConfigError(
            f"monitor '{own_name}' must be a SpikeMonitor, got a {kind}, which holds {holds}"
        )
    if not monitor.record:
        raise ConfigError(
            f"monitor '{own_name}' must keep the time of each spike; make it without record=False"
        )
    return Layer(name or str(monitor.source.name), *_range(monitor.source), monitor)


def _range(group: Any) -> tuple[str, int, int]:
    """Group that the neurons of a group or subgroup are of, and their first and last place in it."""
    if type(group).__name__ == "Subgroup":
        return str(group.source.name), int(group.start), int(group.stop)
    return str(group.name), 0, len(group)


def _check_equal(whole: Layer, part: Layer) -> None:
    held = np.asarray(whole.monitor.i[:]) + whole.start
    held = np.sort(held[(held >= part.start) & (held < part.stop)])
    if not np.array_equal(held, np.sort(np.asarray(part.monitor.i[:]) + part.start)):
        raise DataError(
            f"monitors {whole} and {part} must hold the same spikes of the same neurons; leave out the one that "
            "was made later"
        )
