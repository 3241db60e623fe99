"""The Brian2 objects of a rate-based network, and the order in which they act within a time step.

start        the conductor sets what a new sample or phase needs; what was last sent is remembered
groups       neurons take their new states
thresholds   who sends; synapses: deliver the changes; resets: note what was sent
end          continual rules change weights; monitors record
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from brian2 import Clock, Network, NetworkOperation, NeuronGroup, StateMonitor, Synapses, ms

from eqspike.core.network import Coupling
from eqspike.engines.brian2.rates.equations import (
    DELIVERY,
    INPUT_STATE,
    LEARN_BIAS,
    NEURON_STATE,
    REMEMBER,
    RESET,
    SYNAPSE_STATE,
    THRESHOLD,
    learning_text,
    update_text,
)
from eqspike.rules.readings import writes_steps
from eqspike.systems import RateSystem

STEP_MS = 1


@dataclass(frozen=True)
class RateCircuit:
    """A built network.

    Attributes:
        network: the explicit Brian2 network.
        groups: neurons by layer name; monitors: of v and q, of the outputs also of s, by name of a free layer.
        synapses: of each coupling by name, upwards and, where it acts both ways, downwards.
    """

    network: Any
    groups: dict[str, Any]
    synapses: dict[str, tuple[Any, ...]]
    monitors: dict[str, Any]


def build_rate_circuit(system: RateSystem, conduct: Callable[[], None]) -> RateCircuit:
    """Build the network of a system; `conduct` is called at the start of every step."""
    clock = Clock(dt=STEP_MS * ms, name="step_clock")
    network = system.network
    groups = {
        network.input.name: _group(network.input.size, INPUT_STATE, clock, network.input.name)
    }
    for layer in network.free_layers:
        state = NEURON_STATE.format(value=system.neuron.brian2_value())
        group = groups[layer.name] = _group(layer.size, state, clock, layer.name)
        group.run_regularly(
            update_text(system), clock=clock, when="groups", name=f"{layer.name}_update"
        )
        if writes_steps(system.rule.reading):
            group.run_regularly(LEARN_BIAS, clock=clock, when="end", name=f"{layer.name}_learning")
    synapses = {c.name: _synapses(system, c, groups, clock) for c in network.couplings}
    monitors = {
        layer.name: StateMonitor(
            groups[layer.name], ["v", "q", "s"] if layer is network.output else ["v", "q"], record=True,
            clock=clock, when="end", name=f"{layer.name}_record",
        )
        for layer in network.free_layers
    }  # fmt: skip
    conductor = NetworkOperation(conduct, clock=clock, when="start", order=-1, name="conductor")
    ways = [way for of_coupling in synapses.values() for way in of_coupling]
    parts = [conductor, *groups.values(), *ways, *monitors.values()]
    return RateCircuit(Network(parts, name="rate_circuit"), groups, synapses, monitors)


def _group(size: int, state: str, clock: Any, name: str) -> Any:
    group = NeuronGroup(
        size, state, threshold=THRESHOLD, reset=RESET, method="euler", clock=clock, name=name
    )
    group.run_regularly(REMEMBER, clock=clock, when="start", name=f"{name}_remember")
    return group


def _synapses(
    system: RateSystem, coupling: Coupling, groups: dict[str, Any], clock: Any
) -> tuple[Any, ...]:
    """All synapses of a coupling, sorted by the sender and then by the receiver, of each direction."""
    ends = (groups[coupling.pre.name], groups[coupling.post.name])
    ways = []
    for source, target in (ends, ends[::-1])[: len(coupling.directions)]:
        name = f"{source.name}_to_{target.name}"
        way = Synapses(source, target, SYNAPSE_STATE, on_pre=DELIVERY, clock=clock, name=name)
        way.connect()
        if writes_steps(system.rule.reading):
            text = learning_text(system)
            way.run_regularly(text, clock=clock, when="end", name=f"{name}_learning")
        ways.append(way)
    return tuple(ways)
