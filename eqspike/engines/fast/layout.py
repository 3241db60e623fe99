"""How a network lies in memory for the compiled kernels.

Free layers are concatenated in one vector; each takes a block padded to a multiple of 16 neurons so that vector
instructions never leave a remainder. Padding neurons have no weights and no bias and stay silent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eqspike.core.network import Network

Floats = NDArray[Any]
Ints = NDArray[np.int64]

LANES = 16


class Layout(NamedTuple):
    """Sizes and places, indexed by layer; layer 0 is the input, which has no place in the vector.

    Attributes:
        sizes: (layers,) number of neurons.
        starts: (layers + 1,) first neuron of each free layer's block; the last entry is the vector's length.
        widths: (layers,) padded size; of the input, its plain size.
    """

    sizes: Ints
    starts: Ints
    widths: Ints


class Weights(NamedTuple):
    """Weights as the simulation reads them: on the summation grid, in the working precision.

    Attributes:
        input: (pixels, width of layer 1).
        forward: (couplings - 1, below, above); coupling k at index k - 1, a row is read when layer k spikes.
        backward: (couplings - 1, above, below); the same weights, a row is read when layer k + 1 spikes.
        bias: (neurons,).
        input_fan_out: (pixels,) non-zero weights of each input neuron.
        fan_out: (neurons,) non-zero forward weights of each neuron.
        fan_back: (neurons,) non-zero backward weights of each neuron.
    """

    input: Floats
    forward: Floats
    backward: Floats
    bias: Floats
    input_fan_out: Ints
    fan_out: Ints
    fan_back: Ints


def padded(size: int) -> int:
    """Smallest multiple of `LANES` that is at least `size`."""
    return -(-size // LANES) * LANES


def lay_out(network: Network) -> Layout:
    """Place a network's layers and couplings."""
    sizes = np.array([layer.size for layer in network.layers], dtype=np.int64)
    widths = np.array([sizes[0], *(padded(int(size)) for size in sizes[1:])], dtype=np.int64)
    starts = np.concatenate([[0, 0], np.cumsum(widths[1:])])
    return Layout(sizes, starts, widths)


def coupling_shape(layout: Layout) -> tuple[int, int, int]:
    """(couplings between free layers, widest lower layer, widest upper layer): shape of the stacked weights."""
    widths = layout.widths
    return len(widths) - 2, int(widths[1:-1].max()), int(widths[2:].max())


def empty_weights(layout: Layout, precision: str) -> Weights:
    """Zero weights of the right shapes."""
    neurons = int(layout.starts[-1])
    couplings, below, above = coupling_shape(layout)
    return Weights(
        np.zeros((layout.sizes[0], layout.widths[1]), precision),
        np.zeros((couplings, below, above), precision),
        np.zeros((couplings, above, below), precision),
        np.zeros(neurons, precision),
        np.zeros(layout.sizes[0], np.int64),
        np.zeros(neurons, np.int64),
        np.zeros(neurons, np.int64),
    )


def by_layer(network: Network, layout: Layout, vector: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Parts of a vector of all free neurons, (neurons,), by free layer and without the padding."""
    return {
        layer.name: vector[layout.starts[index] : layout.starts[index] + layer.size]
        for index, layer in enumerate(network.free_layers, start=1)
    }
