"""A network in Loihi's integers as stock Lava processes: LIF, Dense and RingBuffer, tag `fixed_pt`.

    RingBuffer -> Dense -> LIF -> Dense -> LIF      one Dense for each direction of each coupling
                            ^---- Dense <---'

    teacher RingBuffer -> Dense -> output LIF       target spikes, through +nudge or -nudge
    teacher RingBuffer -> Dense -> relay LIF        gates
    output LIF -> Dense -> relay LIF -> Dense -> output LIF      own spikes, through -nudge or +nudge

A relay neuron forgets within a step (du = dv = 4095) and needs two spikes at once to fire: its output's and its
gate's. Every Dense hands over what it received one step before, which gives the delays of `chips.loihi.network`.
Imported in the child process only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.proc.dense.process import Dense
from lava.proc.io.source import RingBuffer
from lava.proc.lif.process import LIF
from lava.utils.weightutils import SignMode

from eqspike.chips.loihi import LoihiLayer, LoihiNetwork
from eqspike.chips.loihi.arithmetic import LARGEST_DECAY
from eqspike.engines.lava.configuration import run_configuration
from eqspike.engines.lava.schedule import Lines

RELAY_WEIGHT, RELAY_THRESHOLD = 128, 192
"""One spike leaves the relay at two thirds of its threshold, two carry it to four thirds."""

STATIC_BITS, PLASTIC_BITS = 8, 9
"""Of weights of mixed sign. Lava's learning connections hold nine bits; asked for eight, they drop the lowest one
in their first step only."""

INPUT = "input"
"""Stands for the source of the input in names of synapses."""

COMPILATION = {"pypy_channel_size": 8}
"""Messages a channel holds; a process is at most a step ahead of another."""


@dataclass
class Graph:
    """Connected processes, not yet running.

    Attributes:
        neurons: LIF by layer name, and `relay` where there is a teacher.
        synapses: Dense by the names of both sides, such as `hidden->output`.
    """

    neurons: dict[str, Any]
    synapses: dict[str, Any] = field(default_factory=dict)

    def connect(
        self, source: str, target: str, mantissas: Any, exponent: int = 0, bits: int = STATIC_BITS
    ) -> None:
        """Send what `source` spikes to `target` through weights (presynaptic, postsynaptic).

        A source that is none of the neurons comes from outside: `synapses[...].s_in` stays open.
        """
        synapses = Dense(
            weights=np.ascontiguousarray(mantissas.T),
            weight_exp=exponent,
            num_weight_bits=bits,
            sign_mode=SignMode.MIXED if bits > STATIC_BITS else None,
        )
        if source in self.neurons:
            self.neurons[source].s_out.connect(synapses.s_in)
        synapses.a_out.connect(self.neurons[target].a_in)
        self.synapses[f"{source}->{target}"] = synapses

    def run(self, steps: int, hardware: bool = False) -> None:
        """Advance all processes; the first call compiles and starts them, for the simulation or for a chip."""
        first = next(iter(self.neurons.values()))
        first.run(
            condition=RunSteps(num_steps=steps),
            run_cfg=run_configuration("fixed_pt", hardware),
            compile_config=dict(COMPILATION),
        )

    def clear(self) -> None:
        """Set every register and every spike under way to zero: what runs next cannot know what ran before."""
        for synapses in self.synapses.values():
            synapses.a_buff.set(np.zeros(synapses.a_buff.shape, np.int32))
        for neurons in self.neurons.values():
            neurons.u.set(np.zeros(neurons.u.shape, np.int32))
            neurons.v.set(np.zeros(neurons.v.shape, np.int32))

    def stop(self) -> None:
        """End Lava's processes."""
        next(iter(self.neurons.values())).stop()


def build_graph(
    network: LoihiNetwork, sent: Lines, taught: Lines | None = None, bits: int = STATIC_BITS
) -> Graph:
    """Connect the processes of a network, and the sources of what it receives.

    Args:
        network: what they compute; its weights are checked by `engines.integers.loihi.refuse_odd_weights`.
        sent: spikes of the input, (pixels, steps); taught: of the teacher, if it takes part.
        bits: of the weights between layers; `PLASTIC_BITS` for those of a network that learns elsewhere.
    """
    graph = build_network(network, bits)
    RingBuffer(data=sent).s_out.connect(entry(graph, network).s_in)
    if taught is not None:
        add_teacher(graph, network, taught)
    return graph


def build_network(network: LoihiNetwork, bits: int = STATIC_BITS) -> Graph:
    """The same without any source: the input is open."""
    graph = Graph({layer.name: make_neurons(layer) for layer in network.layers})
    before = INPUT
    for coupling, layer in zip(network.couplings, network.layers, strict=True):
        mantissas, exponent = coupling.mantissas, coupling.exponent
        graph.connect(before, layer.name, mantissas, exponent, bits)
        if coupling.bidirectional:
            graph.connect(layer.name, before, mantissas.T, exponent, bits)
        before = layer.name
    return graph


def entry(graph: Graph, network: LoihiNetwork) -> Any:
    """The Dense that receives the spikes of the input."""
    return graph.synapses[f"{INPUT}->{network.layers[0].name}"]


def make_neurons(layer: LoihiLayer) -> Any:
    """The LIF of a layer."""
    return LIF(
        shape=(layer.size,),
        du=layer.neuron.current_decay,
        dv=layer.neuron.voltage_decay,
        vth=layer.neuron.threshold,
        bias_mant=layer.bias_mantissas,
        bias_exp=layer.bias_exponent,
    )


def add_teacher(graph: Graph, network: LoihiNetwork, taught: Lines) -> None:
    """Teacher, relays and their synapses; the lines are those of `engines.lava.schedule`."""
    nudge, outputs = network.nudge, network.layers[-1].size
    signs = (1, -1) if nudge.random_sign else (1,)
    own = np.eye(outputs, dtype=np.int32)
    no_line, one_gate = np.zeros((1, outputs), np.int32), np.ones((1, outputs), np.int32)
    targets = np.concatenate(
        [part for sign in signs for part in (sign * nudge.mantissa * own, no_line)]
    )
    gates = np.zeros((len(targets), len(signs) * outputs), np.int32)
    for group in range(len(signs)):
        relays = slice(group * outputs, (group + 1) * outputs)
        gates[group * (outputs + 1) + outputs, relays] = RELAY_WEIGHT * one_gate
    relay = LIF(
        shape=(gates.shape[1],), du=LARGEST_DECAY, dv=LARGEST_DECAY, vth=RELAY_THRESHOLD
    )  # fmt: skip
    output = network.layers[-1].name
    graph.neurons["relay"] = relay
    graph.connect("teacher", output, targets, nudge.exponent)
    graph.connect("teacher", "relay", gates)
    teacher = RingBuffer(data=taught)
    for target in (output, "relay"):
        teacher.s_out.connect(graph.synapses[f"teacher->{target}"].s_in)
    graph.connect(output, "relay", RELAY_WEIGHT * np.tile(own, len(signs)))
    back = np.concatenate([-sign * nudge.mantissa * own for sign in signs])
    graph.connect("relay", output, back, nudge.exponent)
