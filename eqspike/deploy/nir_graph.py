"""Current-based networks as graphs of the Neuromorphic Intermediate Representation (NIR), and back.

NIR's `CubaLIF` is a pair of differential equations:

    tau_syn dI/dt = -I + w_in S        tau_mem dv/dt = v_leak - v + r I        spike where v > v_threshold

In Euler steps of length dt, the current first and the membrane with the new current, with

    tau_syn = dt / current_decay       w_in = 1 / current_decay
    tau_mem = dt / voltage_decay       r    = 1 / voltage_decay       v_leak = bias / voltage_decay

these are the steps of `CurrentBased`: I <- I (1 - current_decay) + S, v <- v (1 - voltage_decay) + I + bias.

Two forms hold the same network; they differ in where the bias and the step from spike to arrival are.

* `population`: all free neurons are one node, so that the only cycles lead from it to itself. A simulator that
  works in steps has no choice but to deliver these spikes one step later. The bias comes in by two more input
  channels: `clock`, which spikes in every step, with weight current_decay * bias, and `start`, which spikes in the
  first step only, with weight (1 - current_decay) * bias. Together they add `bias` to the current of every step.
* `layers`: one node for each layer, the bias as `v_leak`, and a `Delay` of one step behind each layer.

Source: J. E. Pedersen et al., Nature Communications 15:8122, 2024; equations from the documentation of nir 1.0.8.
"""

from __future__ import annotations

import nir
import numpy as np
from numpy.typing import NDArray

from eqspike.core.grid import snap
from eqspike.core.learner import Arrays
from eqspike.core.network import Layer, Network
from eqspike.core.neurons import CurrentBased

FORMS = ("population", "layers")
CHANNELS = 2
"""Input channels of the form `population` behind those of the input layer: `clock` and `start`."""

Matrix = NDArray[np.float64]
Edges = list[tuple[str, str]]


def population_graph(
    network: Network, neuron: CurrentBased, weights: Arrays, step_seconds: float
) -> nir.NIRGraph:
    """The form `population`.

    Args:
        weights: as they act, by name, shape (pre, post); biases (neurons,).
        step_seconds: length of a time step.

    Returns:
        `input` -> `input_to_neurons` -> `neurons`, which holds all free layers in their order; a matrix with the
        name of each layer picks its spikes out; matrices like `hidden_to_output` lead them back to `neurons`.
    """
    rows = _rows(network)
    size = sum(layer.size for layer in network.free_layers)
    driven = np.zeros((size, network.input.size + CHANNELS))
    first = network.couplings[0]
    driven[rows[first.post.name], : first.pre.size] = weights[first.name].T
    bias = np.concatenate([weights[f"{layer.name}.bias"] for layer in network.free_layers])
    clock = neuron.current_decay * bias
    driven[:, -2], driven[:, -1] = clock, bias - clock
    nodes: dict[str, nir.NIRNode] = {
        "input": nir.Input(np.array([driven.shape[1]])),
        "input_to_neurons": nir.Linear(driven),
        "neurons": _neurons(neuron, np.zeros(size), step_seconds),
        "readout": nir.Output(np.array([network.output.size])),
    }
    edges: Edges = [("input", "input_to_neurons"), ("input_to_neurons", "neurons")]
    identity = np.eye(size)
    for layer in network.free_layers:
        nodes[layer.name] = nir.Linear(identity[rows[layer.name]])
        edges.append(("neurons", layer.name))
    for pre, post, matrix in _directed(network, weights):
        name = directed_name(pre, post)
        nodes[name] = nir.Linear(identity[:, rows[post.name]] @ matrix)
        edges += [(pre.name, name), (name, "neurons")]
    # The read-out comes last: an importer of today returns what it computed last.
    return nir.NIRGraph(nodes, [*edges, (network.output.name, "readout")])


def layers_graph(
    network: Network, neuron: CurrentBased, weights: Arrays, step_seconds: float
) -> nir.NIRGraph:
    """The form `layers`; arguments as for `population_graph`.

    Returns:
        `input` -> `input_to_hidden` -> `hidden`; the spikes of `hidden` go through `hidden_delay` to the matrices
        of all couplings that leave it, such as `hidden_to_output`, which lead to the layers they name.
    """
    first = network.couplings[0]
    entry = directed_name(first.pre, first.post)
    nodes: dict[str, nir.NIRNode] = {
        first.pre.name: nir.Input(np.array([first.pre.size])),
        entry: nir.Linear(np.ascontiguousarray(weights[first.name].T)),
        "readout": nir.Output(np.array([network.output.size])),
    }
    edges: Edges = [(first.pre.name, entry), (entry, first.post.name)]
    for layer in network.free_layers:
        nodes[layer.name] = _neurons(neuron, weights[f"{layer.name}.bias"], step_seconds)
        nodes[f"{layer.name}_delay"] = nir.Delay(np.full(layer.size, step_seconds))
        edges.append((layer.name, f"{layer.name}_delay"))
    for pre, post, matrix in _directed(network, weights):
        name = directed_name(pre, post)
        nodes[name] = nir.Linear(np.ascontiguousarray(matrix))
        edges += [(f"{pre.name}_delay", name), (name, post.name)]
    return nir.NIRGraph(nodes, [*edges, (network.output.name, "readout")])


def with_bias_channels(sent: NDArray[np.float64]) -> NDArray[np.float64]:
    """Input of a graph of the form `population`: what the encoder sends, with `clock` and `start` appended.

    Args:
        sent: (..., steps, inputs), from the first step of a sample.

    Returns:
        Array (..., steps, inputs + 2).
    """
    channels = np.zeros((*sent.shape[:-1], CHANNELS))
    channels[..., 0] = 1
    channels[..., 0, 1] = 1
    return np.concatenate([sent, channels], axis=-1)


def directed_name(pre: Layer, post: Layer) -> str:
    """Name of the node of a directed coupling, such as `hidden_to_output`."""
    return f"{pre.name}_to_{post.name}"


def exact_bias(bias: Matrix) -> Matrix:
    """A bias that was divided and multiplied again: the point of the summation grid it came from."""
    return np.asarray(snap(bias), dtype=np.float64)


def _rows(network: Network) -> dict[str, slice]:
    """Place of each free layer in the population."""
    rows, start = {}, 0
    for layer in network.free_layers:
        rows[layer.name] = slice(start, start + layer.size)
        start += layer.size
    return rows


def _directed(network: Network, weights: Arrays) -> list[tuple[Layer, Layer, Matrix]]:
    """Both directions of each coupling between free layers: from, to, matrix (to, from)."""
    directed = []
    for coupling in network.couplings[1:]:
        matrix = weights[coupling.name]
        directed += [
            (coupling.pre, coupling.post, matrix.T),
            (coupling.post, coupling.pre, matrix),
        ]
    return directed


def _neurons(neuron: CurrentBased, bias: Matrix, step_seconds: float) -> nir.CubaLIF:
    ones = np.ones(bias.size)
    return nir.CubaLIF(
        tau_syn=ones * (step_seconds / neuron.current_decay),
        tau_mem=ones * (step_seconds / neuron.voltage_decay),
        r=ones / neuron.voltage_decay,
        v_leak=bias / neuron.voltage_decay,
        v_threshold=ones * neuron.threshold,
        v_reset=np.zeros(bias.size),
        w_in=ones / neuron.current_decay,
    )
