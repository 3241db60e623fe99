"""A feedforward spiking network of another tool, read from a NIR graph for a chip's integers.

    Input -> Linear | Affine -> IF | LIF | CubaLIF -> Linear | ... -> Output          (Flatten passes)

NIR describes neurons by differential equations; an Euler step of length dt, the current first, makes them

    u <- (1 - d_u) u + g W s + g b          d_u = dt / tau_syn (CubaLIF), 1 (IF, LIF)
    v <- (1 - d_v) v + u + d_v v_leak       d_v = dt / tau_mem, 0 (IF)
    s = [v > v_threshold],  v <- 0          g = d_v r w_in d_u, with the factors that a node has (IF: r)

which is the neuron of Loihi. Weights and biases of a neuron are divided by its threshold, so that all are 1.

Source of the nodes: Pedersen et al., Nature Communications 15:8122, 2024. The chip's step: `chips.loihi`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import ConfigError, DataError, UnsupportedError, missing_package
from eqspike.core.network import Layer
from eqspike.core.neurons import CurrentBased
from eqspike.deploy.foreign_network import Feedforward, ForeignLayer, Vector

try:
    import nir
except ImportError as error:
    if error.name not in ("nir", "h5py"):
        raise
    raise missing_package("nir", "nir", "reading NIR files") from error

_NEURONS = (nir.IF, nir.LIF, nir.CubaLIF)
_WEIGHTS = (nir.Linear, nir.Affine)
_EQUAL = 1e-5
"""Relative difference of constants in one layer that counts as rounding in float32."""


def read_feedforward(path: Path, step_seconds: float) -> Feedforward:
    """The network of a NIR file.

    Args:
        step_seconds: length of the time step that the network was trained with; NIR files do not tell.

    Raises:
        DataError: if the file is missing, damaged, or holds constants that are impossible at this step.
        UnsupportedError: for a node, or a graph, that is not of the form above.
    """
    if not step_seconds > 0:
        raise ConfigError(f"the time step must be above 0 seconds, got {step_seconds:g}")
    try:
        graph = nir.read(path)
    except (OSError, KeyError, ValueError, TypeError, AssertionError) as error:
        raise DataError(f"{path}: cannot be read as a NIR file: {error}") from error
    try:
        return _feedforward(graph, step_seconds)
    except (DataError, UnsupportedError) as error:
        raise type(error)(f"{path}: {error}") from error


def _feedforward(graph: Any, step: float) -> Feedforward:
    chain = _chain(graph)
    inputs = int(np.prod(next(iter(graph.nodes[chain[0]].input_type.values()))))
    before, layers = Layer("input", inputs), []
    pairs = list(zip(chain[1::2], chain[2::2], strict=True))
    for number, (weighted, neurons) in enumerate(pairs):
        size = int(np.size(graph.nodes[neurons].v_threshold))
        weights, bias = _weights(weighted, graph.nodes[weighted], before.size)
        if size == 1:
            size = weights.shape[1]  # one constant for all neurons
        if weights.shape[1] != size:
            raise DataError(
                f"node '{weighted}' gives {weights.shape[1]} values, but '{neurons}' has {size} neurons"
            )
        name = "output" if number == len(pairs) - 1 else f"hidden{number + 1}"
        before = Layer(name, size)
        layers.append(_layer(neurons, graph.nodes[neurons], before, weights, bias, step))
    return Feedforward(Layer("input", inputs), tuple(layers))


def _chain(graph: Any) -> list[str]:
    """Nodes on the one way through the graph, without Flatten and Output: input, weights, neurons, ..."""
    roots = [name for name, node in graph.nodes.items() if isinstance(node, nir.Input)]
    if len(roots) != 1:
        raise UnsupportedError(f"the graph must have one Input, got {len(roots)}")
    names = list(roots)
    seen = {names[0]}
    while True:
        following = [post for pre, post in graph.edges if pre == names[-1]]
        if len(following) > 1:
            raise UnsupportedError(
                f"node '{names[-1]}' sends to {len(following)} nodes ({', '.join(following)}); only chains of "
                "layers can be deployed, without branches and recurrence"
            )
        if not following or isinstance(graph.nodes[following[0]], nir.Output):
            break
        if following[0] in seen:
            raise UnsupportedError(
                f"node '{following[0]}' is part of a loop; only chains can be deployed"
            )
        names.append(following[0])
        seen.add(following[0])
    found = [name for name in names if not isinstance(graph.nodes[name], nir.Flatten)]
    for index, name in enumerate(found[1:]):
        kinds = _NEURONS if index % 2 else _WEIGHTS
        if not isinstance(graph.nodes[name], kinds):
            raise UnsupportedError(
                f"node '{name}' must be {' or '.join(kind.__name__ for kind in kinds)} here, got "
                f"{type(graph.nodes[name]).__name__}"
            )
    if len(found) < 3 or not len(found) % 2:
        raise UnsupportedError(f"the graph must end in neurons that spike, got the chain {found}")
    return found


def _weights(name: str, node: Any, inputs: int) -> tuple[NDArray[np.float64], Vector]:
    """Weights (presynaptic, postsynaptic) and biases of a node."""
    weights = np.asarray(node.weight, np.float64)
    bias = np.asarray(getattr(node, "bias", np.zeros(weights.shape[0])), np.float64)
    if weights.ndim != 2 or weights.shape[1] != inputs or bias.shape != weights.shape[:1]:
        raise DataError(
            f"node '{name}' must have weights of shape (outputs, {inputs}) and a bias for each output, got "
            f"{weights.shape} and {bias.shape}"
        )
    if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
        raise DataError(f"node '{name}' must have finite weights")
    return weights.T, bias


def _layer(
    name: str, node: Any, layer: Layer, weights: NDArray[np.float64], bias: Vector, step: float
) -> ForeignLayer:
    if np.any(np.asarray(node.v_reset)):
        raise UnsupportedError(
            f"node '{name}' resets to {node.v_reset}; Loihi's neurons reset to 0"
        )
    threshold = np.broadcast_to(np.asarray(node.v_threshold, np.float64), (layer.size,))
    if not (threshold > 0).all():
        raise DataError(f"node '{name}' must have thresholds above 0, got {threshold.min():g}")
    voltage, current = 0.0, 1.0
    gain = np.asarray(node.r, np.float64)
    leak: Any = 0.0
    if not isinstance(node, nir.IF):
        tau = node.tau_mem if isinstance(node, nir.CubaLIF) else node.tau
        voltage = _decay(name, tau, step)
        gain, leak = gain * voltage, np.asarray(node.v_leak, np.float64) * voltage
    if isinstance(node, nir.CubaLIF):
        current = _decay(name, node.tau_syn, step)
        gain = gain * np.asarray(node.w_in, np.float64) * current
        if bias.any() and current < 1:
            raise UnsupportedError(
                f"node '{name}' has a synaptic current and its weights a bias, which would build up in that "
                "current; Loihi adds biases to the membrane potential. Train without bias, or give it as v_leak"
            )
    return ForeignLayer(
        name,
        layer,
        CurrentBased(current, voltage, 1.0),
        weights * (gain / threshold),
        (gain * bias + leak) / threshold,
    )


def _decay(name: str, tau: Any, step: float) -> float:
    """Share lost per step, equal for the neurons of a node."""
    constants = np.asarray(tau, np.float64).ravel()
    low, high = float(constants.min()), float(constants.max())
    if high - low > _EQUAL * high:
        raise UnsupportedError(
            f"node '{name}' has time constants from {low:g} to {high:g} s; neurons of a layer on Loihi share one"
        )
    if not low * (1 + _EQUAL) >= step:
        raise DataError(
            f"node '{name}' has a time constant of {low:g} s, shorter than the time step of {step:g} s; give "
            "the step that the network was trained with"
        )
    return min(1.0, step / float(np.mean(constants)))
