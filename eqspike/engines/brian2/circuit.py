"""The Brian2 objects of a system, and the order in which they act within a time step.

delivery    spikes of the last step cross the couplings between free layers, both ways
onset       in the first step of a sample: states start anew, what was delivered is dropped
inputs      the input sends; synapses: to the first free layer, in the same step
groups      neurons advance; thresholds, resets: they spike
traces      low-pass traces, this step's spike included
learning    the rule, at every synapse that a spike of this step reaches
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import (
    Clock,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    volt,
)

from eqspike.core.network import Coupling, Layer
from eqspike.engines.brian2.equations import STEP_MS
from eqspike.engines.brian2.online_text import BIAS
from eqspike.engines.brian2.printing import (
    INPUT_EVENTS,
    INPUT_STATE,
    INPUT_STEP,
    INPUT_THRESHOLD,
    SCHEDULE,
    Mode,
    layer_text,
    synapse_text,
)
from eqspike.engines.brian2.rule_text import BIAS_TOTAL, CHANGE_ONSET, TOTAL
from eqspike.systems import System


@dataclass(frozen=True)
class Circuit:
    """A built network, ready to run from time 0 as often as wanted.

    Attributes:
        network: the explicit Brian2 network.
        groups: neurons by layer name; synapses by coupling name.
        spikes: monitor of the spikes by layer name (no input if it sends currents).
        potentials: monitor of the membrane potentials by layer name, of free layers.
        period: time steps of one sample.
        mode: what it simulates.
    """

    network: Any
    groups: dict[str, Any]
    synapses: dict[str, Any]
    spikes: dict[str, Any]
    potentials: dict[str, Any]
    period: int
    mode: Mode

    def holder(self, name: str) -> tuple[Any, str]:
        """Where the weights or biases of that name (`hidden-output`, `hidden.bias`) are written to.

        Returns:
            The object, and what the names of its variables start with (see `online_text`).
        """
        layer = name.removesuffix(".bias")
        return (self.synapses[name], "") if layer == name else (self.groups[layer], BIAS)


def build_circuit(system: System, mode: Mode) -> Circuit:
    """Build the network of a system."""
    period = mode.period(system.rule)
    # Names are given, here and below, so that the same system gives the same code, which is compiled once.
    clocks = _Clocks(
        Clock(dt=STEP_MS * ms, name="step_clock"),
        Clock(dt=period * STEP_MS * ms, name="sample_clock"),
    )
    groups = {system.network.input.name: _input_group(system, mode, clocks)}
    for layer in system.network.free_layers:
        groups[layer.name] = _free_group(system, layer, mode, clocks)
    synapses = {
        coupling.name: _synapses(system, coupling, groups, mode, clocks)
        for coupling in system.network.couplings
    }
    listened = list(system.network.layers if system.encoder.spikes else system.network.free_layers)
    spikes = {
        layer.name: SpikeMonitor(groups[layer.name], name=f"{layer.name}_spikes")
        for layer in listened
    }
    potentials = {
        layer.name: StateMonitor(
            groups[layer.name], "v", record=True, clock=clocks.step, when="end",
            name=f"{layer.name}_potentials",
        )
        for layer in system.network.free_layers
    }  # fmt: skip
    parts = [*groups.values(), *synapses.values(), *spikes.values(), *potentials.values()]
    network = Network(parts, name="circuit")
    network.schedule = list(SCHEDULE)
    return Circuit(network, groups, synapses, spikes, potentials, period, mode)


@dataclass(frozen=True)
class _Clocks:
    """Clock of the time steps, and one that ticks at the start of each sample."""

    step: Any
    sample: Any


def _input_group(system: System, mode: Mode, clocks: _Clocks) -> Any:
    layer = system.network.input
    group = NeuronGroup(
        layer.size,
        INPUT_STATE,
        threshold=INPUT_THRESHOLD,
        reset="",
        events=dict(INPUT_EVENTS) if mode.learns else {},
        clock=clocks.step,
        name=layer.name,
    )
    group.run_regularly(
        INPUT_STEP, clock=clocks.step, when="inputs", order=-1, name=f"{layer.name}_inputs"
    )
    group.set_event_schedule("spike", when="inputs")
    if mode.learns:
        group.set_event_schedule("learning", when="inputs")
    return group


def _free_group(system: System, layer: Layer, mode: Mode, clocks: _Clocks) -> Any:
    text, name = layer_text(system, layer, mode), layer.name
    group = NeuronGroup(
        layer.size,
        text.state + (BIAS_TOTAL if mode is Mode.BATCH else ""),
        threshold=text.threshold,
        reset=text.reset,
        events=text.events,
        namespace={
            parameter: value * volt if parameter in text.volts else value
            for parameter, value in text.parameters.items()
        },
        clock=clocks.step,
        name=name,
    )
    group.run_regularly(text.onset, clock=clocks.sample, when="onset", name=f"{name}_onset")
    for slot, statements in text.steps.items():
        group.run_regularly(statements, clock=clocks.step, when=slot, name=f"{name}_{slot}")
    if mode.learns:
        group.set_event_schedule("learning", when="traces", order=1)
    return group


def _synapses(
    system: System, coupling: Coupling, groups: dict[str, Any], mode: Mode, clocks: _Clocks
) -> Any:
    text = synapse_text(system, coupling, mode)
    synapses = Synapses(
        groups[coupling.pre.name],
        groups[coupling.post.name],
        text.state + (TOTAL if mode is Mode.BATCH else ""),
        on_pre=text.on_pre,
        on_post=text.on_post or None,
        on_event=text.events,
        delay=dict.fromkeys(text.events, 0 * ms),
        namespace=text.parameters,
        clock=clocks.step,
        name=f"{coupling.pre.name}_to_{coupling.post.name}",
    )
    if mode is Mode.BATCH:
        synapses.run_regularly(
            CHANGE_ONSET, clock=clocks.sample, when="onset", name=f"{synapses.name}_onset"
        )
    pre, post = np.indices(coupling.shape)
    synapses.connect(i=pre.ravel(), j=post.ravel())
    for pathway, slot in text.slots.items():
        getattr(synapses, pathway).when = slot
    return synapses
