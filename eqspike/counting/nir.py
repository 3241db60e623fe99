"""Counts from spike arrays and the NIR graph of the network that made them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.counting.arrays import count_arrays
from eqspike.counting.connections import Connection, plain
from eqspike.counting.convolution import convolution

INPUT, OUTPUT = "Input", "Output"
NEURONS = ("IF", "LIF", "CubaLIF")
INTEGRATORS = ("I", "LI", "CubaLI")
"""Nodes with a membrane that never spikes."""
MATRICES = ("Linear", "Affine")
CONVOLUTIONS = ("Conv1d", "Conv2d")
PASSING = ("Flatten", "Delay")
"""Nodes that hand each spike on as it is."""


def count_nir(
    spikes: Mapping[str, Any], graph: Any, *, phases: Mapping[str, int] | None = None
) -> EventCounts:
    """Spikes, synaptic operations and neuron updates of some presentations.

    Layers are the nodes of inputs and neurons. A spike is delivered through each stored synapse of the nodes with
    weights that follow; a step of delay does not matter, for an operation belongs to the phase of its spike.
    Graphs of eqspike of the form `population` are counted by the layers they hold; `input` is then given without
    the two channels of the bias.

    Args:
        spikes: by node, arrays or tensors (samples, steps, neurons) of 0 and 1; several axes of neurons, such as
            channels, rows and columns, are taken as one.
        graph: a `NIRGraph` without nested graphs.
        phases: time steps of each phase, in order; by default all are of one phase, `free`.

    Raises:
        ConfigError: if the spikes of a node are missing or a name is not in the graph.
        UnsupportedError: for a node of which it is not known how many synapses a spike passes there.
        DataError: for arrays that are no spikes, or do not fit each other or the graph.
    """
    if "neurons" in graph.nodes and "input_to_neurons" in graph.nodes:
        return _population(spikes, graph, phases)
    layers = _layers(graph)
    given = dict(spikes)
    for name in spikes:
        if name not in layers:
            raise ConfigError(f"'{name}' is no input and no neurons of the graph: {_list(layers)}")
    for name in layers:
        if name not in given and _kind(graph, name) in INTEGRATORS:
            given[name] = _silence(graph.nodes[name], spikes)
        elif name not in given:
            raise ConfigError(f"the spikes of node '{name}' of the graph are needed and missing")
    ordered = {name: given[name] for name in layers}
    connections = [c for name in layers for c in _connections(graph, name)]
    inputs = [name for name in layers if _kind(graph, name) == INPUT]
    return count_arrays(ordered, connections, inputs=inputs, phases=phases)


def _population(
    spikes: Mapping[str, Any], graph: Any, phases: Mapping[str, int] | None
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
    ordered = {layer.name: spikes[layer.name] for layer in network.layers if layer.name in spikes}
    inputs = [network.input.name]
    return count_arrays(ordered, connections, inputs=inputs, phases=phases)


def _layers(graph: Any) -> list[str]:
    """Inputs and neurons, in the order in which spikes reach them."""
    order = [name for name in graph.nodes if _kind(graph, name) == INPUT]
    seen = set(order)
    for name in order:
        for following in _following(graph, name):
            if following not in seen:
                seen.add(following)
                order.append(following)
    return [name for name in order if _kind(graph, name) in (INPUT, *NEURONS, *INTEGRATORS)]


def _connections(graph: Any, source: str) -> list[Connection]:
    """Synapses that a spike of `source` is delivered through, up to the next neurons."""
    found: list[Connection] = []
    waiting: list[tuple[str, str]] = [(name, "") for name in _following(graph, source)]
    if _kind(graph, source) in INTEGRATORS:
        waiting = []
    while waiting:
        name, weighted = waiting.pop(0)
        kind = _kind(graph, name)
        if kind in (*NEURONS, *INTEGRATORS):
            if not weighted:
                raise UnsupportedError(
                    f"node '{source}' of the graph reaches '{name}' without weights; it is not known through how "
                    "many synapses"
                )
            found.append(_connection(graph.nodes[weighted], source, name))
        elif kind in (*MATRICES, *CONVOLUTIONS, *PASSING):
            if weighted and kind not in PASSING:
                raise UnsupportedError(
                    f"nodes '{weighted}' and '{name}' of the graph have no neurons between them: how "
                    "many synapses a spike passes is not known; give their product as one node"
                )
            now = weighted if kind in PASSING else name
            waiting += [(following, now) for following in _following(graph, name)]
        elif kind != OUTPUT:
            known = ", ".join((*NEURONS, *INTEGRATORS, *MATRICES, *CONVOLUTIONS, *PASSING))
            raise UnsupportedError(
                f"node '{name}' of the graph is {kind}; how many synapses a spike passes is known only "
                f"at {known}"
            )
    return found


def _connection(node: Any, source: str, target: str) -> Connection:
    if type(node).__name__ in MATRICES:
        return Connection.dense(source, target, plain(node.weight).T)
    return convolution(source, target, node)


def _silence(node: Any, spikes: Mapping[str, Any]) -> Any:
    shape = next(iter(spikes.values())).shape[:2]
    size = math.prod(int(n) for n in node.output_type["output"])
    return np.broadcast_to(np.uint8(0), (*shape, size))


def _following(graph: Any, name: str) -> list[str]:
    return [post for pre, post in graph.edges if pre == name]


def _kind(graph: Any, name: str) -> str:
    return type(graph.nodes[name]).__name__


def _list(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
