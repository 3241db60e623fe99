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
from eqspike.engines.brian2.equations import COMMON_STATE, NUDGE, STEP_MS, neuron_text
from eqspike.engines.brian2.rule_text import (
    CHANGE,
    CHANGE_ONSET,
    bias_step,
    on_spike,
    rule_parameters,
    trace_onset,
    trace_state,
    trace_step,
)
from eqspike.engines.protocol import System

SCHEDULE = (
    "start", "delivery", "onset", "inputs", "synapses", "groups", "thresholds", "resets", "traces",
    "learning", "end",
)  # fmt: skip


@dataclass(frozen=True)
class Circuit:
    """A built network, ready to run from time 0 as often as wanted.

    Attributes:
        network: the explicit Brian2 network; its state `start` is stored.
        groups: neurons by layer name; synapses by coupling name.
        spikes: monitor of the spikes by layer name (no input if it sends currents).
        potentials: monitor of the membrane potentials by layer name, of free layers.
        period: time steps of one sample.
        learns: whether traces and the rule are part of it.
    """

    network: Any
    groups: dict[str, Any]
    synapses: dict[str, Any]
    spikes: dict[str, Any]
    potentials: dict[str, Any]
    period: int
    learns: bool


def build_circuit(system: System, learns: bool) -> Circuit:
    """Build the network of a system: both phases with learning, or the free phase alone."""
    rule = system.rule
    period = rule.free_steps + (rule.nudged_steps if learns else 0)
    clocks = _Clocks(Clock(dt=STEP_MS * ms), Clock(dt=period * STEP_MS * ms))
    groups = {system.network.input.name: _input_group(system, learns, clocks)}
    for layer in system.network.free_layers:
        groups[layer.name] = _free_group(system, layer, learns, clocks)
    synapses = {
        coupling.name: _synapses(system, coupling, groups, learns, clocks)
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
    network = Network(parts)
    network.schedule = list(SCHEDULE)
    network.store("start")
    return Circuit(network, groups, synapses, spikes, potentials, period, learns)


@dataclass(frozen=True)
class _Clocks:
    """Clock of the time steps, and one that ticks at the start of each sample."""

    step: Any
    sample: Any


def _input_group(system: System, learns: bool, clocks: _Clocks) -> Any:
    layer = system.network.input
    group = NeuronGroup(
        layer.size,
        "sent : 1",
        threshold="sent > 0",
        reset="",
        events={"learning": "sent > 0 and learns(t) > 0"} if learns else {},
        clock=clocks.step,
        name=layer.name,
    )
    group.run_regularly(
        "sent = stimulus(t, i)",
        clock=clocks.step, when="inputs", order=-1, name=f"{layer.name}_sends",
    )  # fmt: skip
    group.set_event_schedule("spike", when="inputs")
    if learns:
        group.set_event_schedule("learning", when="inputs")
    return group


def _free_group(system: System, layer: Layer, learns: bool, clocks: _Clocks) -> Any:
    nudged = learns and layer is system.network.output
    text, rule = neuron_text(system.neuron, nudged), system.rule.local_rule
    namespace = {
        name: value * volt if name in text.volts else value
        for name, value in text.parameters.items()
    }
    state, onset = COMMON_STATE + text.state, text.onset
    if learns:
        state, onset = state + trace_state(rule), f"{onset}\n{trace_onset(rule)}"
        namespace.update(rule_parameters(rule))
    group = NeuronGroup(
        layer.size,
        state + (NUDGE if nudged else ""),
        threshold=text.threshold,
        reset=text.reset,
        events={"learning": "spike > 0 and learns(t) > 0"} if learns else {},
        namespace=namespace,
        clock=clocks.step,
        name=layer.name,
    )
    name = layer.name
    group.run_regularly(onset, clock=clocks.sample, when="onset", name=f"{name}_onset")
    group.run_regularly(text.step, clock=clocks.step, when="groups", name=f"{name}_step")
    if learns:
        traces, bias = trace_step(rule), bias_step(rule)
        group.run_regularly(traces, clock=clocks.step, when="traces", name=f"{name}_traces")
        group.run_regularly(bias, clock=clocks.step, when="learning", name=f"{name}_learning")
        group.set_event_schedule("learning", when="traces", order=1)
    return group


def _synapses(
    system: System, coupling: Coupling, groups: dict[str, Any], learns: bool, clocks: _Clocks
) -> Any:
    rule = system.rule.local_rule
    current = "sent_pre" if not (coupling.bidirectional or system.encoder.spikes) else ""
    on_pre = {"forward": f"drive_post += {current}*w" if current else "drive_post += w"}
    on_post = {"backward": "drive_pre += w"} if coupling.bidirectional else {}
    events = dict.fromkeys([*on_pre, *on_post], "spike")
    if learns:
        on_pre["learn_from_pre"] = on_spike(rule, "pre", current)
        events["learn_from_pre"] = "learning"
        if coupling.bidirectional:
            on_post["learn_from_post"] = on_spike(rule, "post")
            events["learn_from_post"] = "learning"
    synapses = Synapses(
        groups[coupling.pre.name],
        groups[coupling.post.name],
        "w : volt\n" + (CHANGE if learns else ""),
        on_pre=on_pre,
        on_post=on_post or None,
        on_event=events,
        delay=dict.fromkeys(events, 0 * ms),
        namespace=rule_parameters(rule) if learns else {},
        clock=clocks.step,
        name=f"{coupling.pre.name}_to_{coupling.post.name}",
    )
    if learns:
        synapses.run_regularly(
            CHANGE_ONSET, clock=clocks.sample, when="onset", name=f"{synapses.name}_onset"
        )
    pre, post = np.indices(coupling.shape)
    synapses.connect(i=pre.ravel(), j=post.ravel())
    for pathway in events:
        getattr(synapses, pathway).when = _slot(pathway, coupling)
    return synapses


def _slot(pathway: str, coupling: Coupling) -> str:
    if pathway.startswith("learn"):
        return "learning"
    return "delivery" if coupling.bidirectional else "synapses"
