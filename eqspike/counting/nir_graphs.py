"""A NIR graph as layers, and the ways that spikes take from one to the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.counting.nir_nodes import PASSING, WEIGHTED

INPUT, OUTPUT = "Input", "Output"
NEURONS = ("IF", "LIF", "CubaLIF")
INTEGRATORS = ("I", "LI", "CubaLI")
"""Nodes with a membrane that never spikes."""
KNOWN = (INPUT, OUTPUT, *NEURONS, *INTEGRATORS, *WEIGHTED, *PASSING)


@dataclass(frozen=True)
class Way:
    """Nodes from a layer to the next neurons or output.

    Attributes:
        source, target: names of the layers.
        nodes: names of the nodes between.
        weighted: name of the one that has weights; empty if none has.
    """

    source: str
    target: str
    nodes: tuple[str, ...]
    weighted: str


class Graph:
    """A graph whose nodes are all understood.

    Args:
        graph: a `NIRGraph`.

    Raises:
        ConfigError: for what is no graph.
        UnsupportedError: for a node of which it is not known how many synapses a spike passes there, an edge to
            no node or given twice, or nodes that nothing leads to.
    """

    def __init__(self, graph: Any) -> None:
        if not hasattr(graph, "nodes") or not hasattr(graph, "edges"):
            raise ConfigError(
                f"graph must be a NIRGraph, such as nir.read('network.nir') gives, got {type(graph).__name__}"
            )
        self.nodes: dict[str, Any] = dict(graph.nodes)
        self.following: dict[str, list[str]] = {name: [] for name in self.nodes}
        self._check_nodes()
        for pre, post in graph.edges:
            self._add(str(pre), str(post))
        self.layers = self._layers()
        self._check_reached()

    def kind(self, name: str) -> str:
        """Kind of a node, such as `Linear`."""
        return type(self.nodes[name]).__name__

    def ways(self, source: str) -> Iterator[Way]:
        """All ways from a layer to the next neurons or outputs.

        Raises:
            UnsupportedError: for weights behind weights, or a circle without neurons.
        """
        waiting: list[tuple[str, tuple[str, ...], str]] = [
            (name, (), "") for name in self.following[source]
        ]
        while waiting:
            name, before, weighted = waiting.pop(0)
            kind = self.kind(name)
            if kind in (OUTPUT, *NEURONS, *INTEGRATORS):
                yield Way(source, name, before, weighted)
                continue
            if name in before:
                raise UnsupportedError(
                    f"nodes {_list(before)} of the graph are a circle without neurons: how many synapses a spike "
                    "passes is not known"
                )
            if weighted and kind in WEIGHTED:
                raise UnsupportedError(
                    f"nodes '{weighted}' and '{name}' of the graph have no neurons between them: how "
                    "many synapses a spike passes is not known; give their product as one node"
                )
            now = name if kind in WEIGHTED else weighted
            waiting += [(following, (*before, name), now) for following in self.following[name]]

    def _add(self, pre: str, post: str) -> None:
        for name in (pre, post):
            if name not in self.nodes:
                raise UnsupportedError(
                    f"edge '{pre}' -> '{post}' of the graph ends at a node '{name}' that is not there; nodes: "
                    f"{_list(self.nodes)}"
                )
        if post in self.following[pre]:
            raise UnsupportedError(
                f"edge '{pre}' -> '{post}' of the graph is given twice: whether its synapses are there twice is "
                "not known; leave one out"
            )
        self.following[pre].append(post)

    def _check_nodes(self) -> None:
        for name in self.nodes:
            if self.kind(name) not in KNOWN:
                raise UnsupportedError(
                    f"node '{name}' of the graph is {self.kind(name)}; how many synapses a spike passes is known "
                    f"only at {', '.join(KNOWN)}"
                )

    def _layers(self) -> list[str]:
        """Inputs and neurons, in the order in which spikes reach them; then what no input reaches."""
        roots = [name for name in self.nodes if self.kind(name) == INPUT]
        roots += [name for name in self.nodes if self.kind(name) in (*NEURONS, *INTEGRATORS)]
        order: list[str] = []
        for root in roots:
            waiting = [root]
            for name in waiting:
                if name not in order:
                    order.append(name)
                    waiting += self.following[name]
        self._reached = set(order)
        return [name for name in order if self.kind(name) in (INPUT, *NEURONS, *INTEGRATORS)]

    def _check_reached(self) -> None:
        for name in self.nodes:
            if name not in self._reached and self.kind(name) != OUTPUT:
                raise UnsupportedError(
                    f"no input and no neurons of the graph lead to node '{name}', so that its spikes are not "
                    "known; add an Input before it"
                )


def _list(names: Any) -> str:
    return ", ".join(f"'{name}'" for name in names) or "none"
