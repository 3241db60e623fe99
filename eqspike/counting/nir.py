"""Counts from spike arrays and the NIR graph of the network that made them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError, DataError, UnsupportedError
from eqspike.counting.arrays import count_rasters
from eqspike.counting.connections import Connection
from eqspike.counting.nir_graphs import INPUT, INTEGRATORS, NEURONS, OUTPUT, Graph, Way
from eqspike.counting.nir_nodes import Shape, reached_before, shape_behind
from eqspike.counting.rasters import AXES, Raster, rasters_of


def count_nir(
    spikes: Mapping[str, Any],
    graph: Any,
    *,
    phases: Mapping[str, int] | None = None,
    axes: Sequence[str] = AXES,
    steps: int | None = None,
) -> EventCounts:
    """Spikes, synaptic operations and neuron updates of some presentations.

    Layers are the nodes of inputs and neurons. A spike is delivered through each stored synapse of the nodes with
    weights that follow, by way of each window of a pooling that it lies in; a step of delay does not matter, for
    an operation belongs to the phase of its spike. An `Input` that leads to neurons without weights injects
    currents (`nir` adds one before neurons that only a bias drives): it is no layer and has no array. Weights that
    lead to an `Output` are counted to a layer of its name, which is not updated. Graphs of eqspike of the form
    `population` are counted by the layers they hold; `input` is then given without the two channels of the bias.

    Args:
        spikes: by node, arrays or tensors (samples, steps, neurons) of numbers of spikes, as for `count_arrays`;
            several axes of neurons, such as channels, rows and columns, are those of the node. Integrators, which
            send none, need no array.
        graph: a `NIRGraph` without nested graphs.
        phases: time steps of each phase, in order; by default all are of one phase, `free`.
        axes, steps: order of the arrays' axes, and time steps of a sample, as for `count_arrays`.

    Raises:
        ConfigError: if the spikes of a node are missing or a name is not in the graph.
        UnsupportedError: for a node of which it is not known how many synapses a spike passes there.
        DataError: for arrays that are no spikes, or do not fit each other or the graph.
    """
    if _is_population(graph):
        return _population(rasters_of(spikes, axes, steps), graph, phases)
    known = Graph(graph)
    rasters = rasters_of(spikes, axes, steps)
    ways = {name: list(known.ways(name)) for name in known.layers}
    layers = _sending(known, ways, rasters)
    shapes = {name: _shape(known, name, rasters.get(name)) for name in layers}
    connections = [
        _connection(known, way, shapes)
        for name in layers
        for way in ways[name]
        if _counts(known, way, rasters)
    ]
    outputs = {
        c.target: math.prod(_declared(known, c.target) or (c.target_size or 0,))
        for c in connections
        if known.kind(c.target) == OUTPUT
    }
    silent = {name: math.prod(shapes[name]) for name in layers if name not in rasters} | outputs
    samples = next(iter(rasters.values())).shape[:2]
    quiet = {name: np.broadcast_to(np.uint8(0), (*samples, n)) for name, n in silent.items()}
    ordered = {name: {**rasters, **quiet}[name] for name in (*layers, *outputs)}
    inputs = [name for name in ordered if known.kind(name) in (INPUT, OUTPUT)]
    return count_rasters(ordered, connections, inputs, phases)


def _sending(
    graph: Graph, ways: Mapping[str, Sequence[Way]], rasters: Mapping[str, Raster]
) -> list[str]:
    """The layers that count: all but inputs that inject currents."""
    for name in rasters:
        if name not in graph.layers:
            known = ", ".join(f"'{layer}'" for layer in graph.layers)
            raise ConfigError(f"'{name}' is no input and no neurons of the graph: {known}")
    layers = []
    for name in graph.layers:
        kind = graph.kind(name)
        missing = name not in rasters and kind not in INTEGRATORS
        if missing and (kind != INPUT or any(way.weighted for way in ways[name])):
            raise ConfigError(f"the spikes of node '{name}' of the graph are needed and missing")
        if kind in INTEGRATORS and (
            any(way.weighted for way in ways[name]) or (name in rasters and rasters[name].any())
        ):
            raise UnsupportedError(
                f"node '{name}' of the graph is {kind}, which has no spikes: what it sends through weights is "
                "multiplied at every step, and is not counted as spikes"
            )
        if not missing:
            layers.append(name)
    return layers


def _counts(graph: Graph, way: Way, rasters: Mapping[str, Raster]) -> bool:
    """Whether spikes take this way through weights; currents of inputs and integrators do not."""
    kind, target = graph.kind(way.source), graph.kind(way.target)
    if way.weighted or target == OUTPUT or kind in INTEGRATORS:
        return bool(way.weighted)
    if kind in NEURONS or rasters[way.source].any():
        raise UnsupportedError(
            f"node '{way.source}' of the graph reaches '{way.target}' without weights; it is not known through "
            "how many synapses"
        )
    return False


def _shape(graph: Graph, name: str, raster: Raster | None) -> Shape:
    """Shape of a layer: what the node says, or its array where one neuron's parameters are those of all."""
    declared = _declared(graph, name)
    if declared is None and raster is None:
        raise DataError(f"the number of neurons of node '{name}' of the graph is not known")
    if raster is None or declared is None:
        return declared or (() if raster is None else raster.shape[2:])
    given = raster.shape[2:]
    shared = math.prod(declared) == 1 and len(declared) < 2 and graph.kind(name) != INPUT
    if shared and any(name in following for following in graph.following.values()):
        return given
    slim = [[n for n in shape if n != 1] for shape in (declared, given)]
    if math.prod(declared) != math.prod(given) or (min(map(len, slim)) > 1 and slim[0] != slim[1]):
        raise DataError(
            f"spikes of node '{name}' of the graph must have neurons of the shape {declared}, got {given}"
        )
    return declared


def _declared(graph: Graph, name: str) -> Shape | None:
    """Shape that a node says its neurons have; a graph that was never checked may not say it."""
    given = (graph.nodes[name].output_type or {}).get("output")
    return None if given is None else tuple(int(n) for n in np.atleast_1d(given).ravel())


def _connection(graph: Graph, way: Way, shapes: Mapping[str, Shape]) -> Connection:
    """Synapses that spikes are delivered through on one way."""
    at = [shapes[way.source]]
    for name in way.nodes:
        at.append(shape_behind(graph.nodes[name], name, at[-1]))
    size = math.prod(at[-1])
    found = []
    for effective in (False, True):
        reached = np.ones(at[-1])
        for name, shape in zip(reversed(way.nodes), reversed(at[:-1]), strict=True):
            reached = reached_before(graph.nodes[name], name, shape, reached, effective)
        found.append(np.rint(reached).astype(np.int64).ravel())
    return Connection(way.source, way.target, found[0], found[1], size)


def _is_population(graph: Any) -> bool:
    metadata = getattr(graph, "metadata", None)
    form = metadata.get("form") if isinstance(metadata, Mapping) else None
    return form == "population" and "input_to_neurons" in graph.nodes


def _population(
    rasters: Mapping[str, Raster], graph: Any, phases: Mapping[str, int] | None
) -> EventCounts:
    # Only a graph that eqspike wrote comes here, and reading it needs the package nir.
    from eqspike.deploy.nir_reading import read_population

    network, _, _, weights = read_population(graph)
    connections = []
    for coupling in network.couplings:
        pre, post, matrix = coupling.pre.name, coupling.post.name, weights[coupling.name]
        connections.append(Connection.dense(pre, post, matrix))
        if coupling.bidirectional:
            connections.append(Connection.dense(post, pre, matrix.T))
    names = [layer.name for layer in network.layers]
    for name in (*rasters, *names):
        if name not in rasters or name not in names:
            known = ", ".join(f"'{layer}'" for layer in names)
            raise ConfigError(
                f"the spikes of '{name}' are "
                + ("missing" if name in names else "of no layer")
                + f"; the layers of this graph are {known}"
            )
    ordered = {name: rasters[name] for name in names}
    return count_rasters(ordered, connections, [network.input.name], phases)
