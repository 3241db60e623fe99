"""The network in a NIR graph of a form that `nir_graph` builds; its metadata are not needed for it."""

from __future__ import annotations

from typing import Any, TypeVar

import nir
import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import DataError
from eqspike.core.learner import Arrays
from eqspike.core.network import Layer, Network
from eqspike.core.neurons import CurrentBased
from eqspike.deploy.nir_graph import CHANNELS, directed_name, exact_bias

_DIGITS = 15
"""Parameters are stored as quotients; decimal fractions of up to this many digits come back exactly."""

Node = TypeVar("Node", bound=nir.NIRNode)


def form_of(graph: nir.NIRGraph) -> str:
    """`population` or `layers`."""
    return "population" if "neurons" in graph.nodes else "layers"


def read_population(graph: nir.NIRGraph) -> tuple[Network, CurrentBased, float, Arrays]:
    """Network, neuron, step in seconds and weights of a graph of the form `population`.

    Raises:
        DataError: if it is not such a graph.
    """
    driven = _take(graph, "input_to_neurons", nir.Linear).weight
    places: dict[Layer, slice] = {}
    for name in (post for pre, post in graph.edges if pre == "neurons"):
        chosen = np.flatnonzero(_take(graph, name, nir.Linear).weight.any(axis=0))
        if not chosen.size:
            raise DataError(f"node '{name}' of the NIR graph must pick out neurons, but picks none")
        places[Layer(name, chosen.size)] = slice(int(chosen[0]), int(chosen[-1]) + 1)
    free = tuple(sorted(places, key=lambda layer: places[layer].start))
    network = Network((Layer("input", driven.shape[1] - CHANNELS), *free))
    first = network.couplings[0]
    weights: Arrays = {first.name: driven[places[first.post], :-CHANNELS].T}
    for coupling in network.couplings[1:]:
        forward, backward = _both(graph, coupling.pre, coupling.post)
        weights[coupling.name] = _one_array(
            coupling.name, forward[places[coupling.post]], backward[places[coupling.pre]]
        )
    bias = exact_bias(driven[:, -2] + driven[:, -1])
    weights |= {f"{layer.name}.bias": bias[places[layer]] for layer in free}
    neuron, step_seconds = _neuron(_take(graph, "neurons", nir.CubaLIF))
    return network, neuron, step_seconds, weights


def read_layers(graph: nir.NIRGraph) -> tuple[Network, CurrentBased, float, Arrays]:
    """Likewise of a graph of the form `layers`."""
    network = _chain(graph)
    first = network.couplings[0]
    entry = _take(graph, directed_name(first.pre, first.post), nir.Linear)
    weights: Arrays = {first.name: entry.weight.T}
    for coupling in network.couplings[1:]:
        weights[coupling.name] = _one_array(
            coupling.name, *_both(graph, coupling.pre, coupling.post)
        )
    found = []
    for layer in network.free_layers:
        node = _take(graph, layer.name, nir.CubaLIF)
        found.append(_neuron(node))
        weights[f"{layer.name}.bias"] = exact_bias(node.v_leak * found[-1][0].voltage_decay)
    if len(set(found)) > 1:
        raise DataError("the layers of the NIR graph must have equal neurons, but theirs differ")
    neuron, step_seconds = found[0]
    return network, neuron, step_seconds, weights


def _chain(graph: nir.NIRGraph) -> Network:
    """Layers in the order in which the couplings lead from the input."""
    _take(graph, "input", nir.Input)
    names = ["input"]
    while True:
        following = [
            name
            for name in graph.nodes
            if name not in names and f"{names[-1]}_to_{name}" in graph.nodes
        ]
        if not following:
            break
        names.append(following[0])
    sizes = [int(_take(graph, "input", nir.Input).input_type["input"][0])]
    sizes += [_take(graph, name, nir.CubaLIF).v_threshold.size for name in names[1:]]
    lost = [
        name
        for name, node in graph.nodes.items()
        if isinstance(node, nir.CubaLIF) and name not in names
    ]
    if lost:
        raise DataError(
            f"node '{lost[0]}' of the NIR graph must be reached from '{names[-1]}' through a node "
            f"'{names[-1]}_to_{lost[0]}', got no such node; only graphs written by eqspike can be read"
        )
    if len(names) < 3:
        raise DataError(
            f"the NIR graph must have two layers of neurons at least, got {len(names) - 1}"
        )
    return Network(tuple(Layer(name, size) for name, size in zip(names, sizes, strict=True)))


def _take(graph: nir.NIRGraph, name: str, kind: type[Node]) -> Node:
    node = graph.nodes.get(name)
    if not isinstance(node, kind):
        found = type(node).__name__ if node is not None else "no such node"
        raise DataError(
            f"node '{name}' of the NIR graph must be {kind.__name__}, got {found}; "
            "only graphs written by eqspike can be read"
        )
    return node


def _both(graph: nir.NIRGraph, pre: Layer, post: Layer) -> tuple[NDArray[Any], NDArray[Any]]:
    forward = _take(graph, directed_name(pre, post), nir.Linear)
    return forward.weight, _take(graph, directed_name(post, pre), nir.Linear).weight


def _one_array(name: str, forward: NDArray[Any], backward: NDArray[Any]) -> NDArray[np.float64]:
    if not np.array_equal(forward.T, backward):
        raise DataError(
            f"coupling '{name}' of the NIR graph must have equal weights in both directions"
        )
    return np.ascontiguousarray(backward)


def _neuron(node: nir.CubaLIF) -> tuple[CurrentBased, float]:
    """The neuron of a node and the time step its constants are for."""
    if any(np.ptp(value) for value in (node.w_in, node.r, node.v_threshold, node.tau_syn)):
        raise DataError("the neurons of a node of the NIR graph must be equal, but theirs differ")
    current_decay, voltage_decay = _rounded(1 / node.w_in[0]), _rounded(1 / node.r[0])
    return (
        CurrentBased(current_decay, voltage_decay, float(node.v_threshold[0])),
        _rounded(node.tau_syn[0] * current_decay),
    )


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
