"""A network as Lava processes that other Lava processes can be connected to, in the process that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eqspike.chips.loihi import LoihiNetwork
from eqspike.core.errors import ConfigError
from eqspike.core.named import Named
from eqspike.engines.lava.compatibility import prepare_lava


@dataclass(frozen=True, eq=False)
class LavaGraph:
    """A network as connected Lava processes, not yet running. Its input is open; as a context manager it stops.

    A spike received in step t acts in step t + 1. The network keeps its state from one presentation to the next:
    `clear` sets it to zero.

    Attributes:
        network: the integers that the processes hold.
        processes: by name; a layer (`hidden`) is a `LIF`, a connection (`hidden->output`) is a `Dense`.
        spikes_in: port that receives the spikes of the input, one number a neuron and step: 0 or 1.
        spikes_out: port that sends the spikes of the outputs; any number of processes can listen.
        free_steps: steps of one presentation.
        readout_steps: the last steps of it; the class is the output that spikes most in them.
    """

    network: LoihiNetwork
    processes: Mapping[str, Any]
    spikes_in: Any
    spikes_out: Any
    free_steps: int
    readout_steps: int
    _graph: Any

    def __post_init__(self) -> None:
        """A name that is not there is answered by those that are."""
        object.__setattr__(self, "processes", Named(self.processes, "process"))

    def __enter__(self) -> LavaGraph:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.stop()

    def run(self, steps: int | None = None) -> None:
        """Advance these processes and all that are connected to them; the first call compiles and starts them.

        Args:
            steps: by default `free_steps`.
        """
        if steps is not None and steps < 1:
            raise ConfigError(f"steps must be a whole number, at least 1, got {steps}")
        self._graph.run(self.free_steps if steps is None else steps)

    def clear(self) -> None:
        """Forget all spikes so far: set every current, potential and spike under way of the network to zero."""
        self._graph.clear()

    def stop(self) -> None:
        """End Lava's processes; nothing can be read from them afterwards."""
        self._graph.stop()


def open_graph(
    network: LoihiNetwork, free_steps: int, readout_steps: int, plastic: bool
) -> LavaGraph:
    """Connect the processes of a network in this process.

    Args:
        plastic: whether weights have all nine bits, as those of a network that learnt on the chip.

    Raises:
        MissingPackageError: if Lava is not installed.
    """
    prepare_lava()
    from eqspike.engines.lava.graph import PLASTIC_BITS, STATIC_BITS, build_network, entry

    graph = build_network(network, PLASTIC_BITS if plastic else STATIC_BITS)
    return LavaGraph(
        network,
        {**graph.neurons, **graph.synapses},
        entry(graph, network).s_in,
        graph.neurons[network.layers[-1].name].s_out,
        free_steps,
        readout_steps,
        graph,
    )
