"""A feedforward spiking network of another tool, as it is before it is rounded; needs no package of that tool."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eqspike.core.network import Layer, Network
from eqspike.core.neurons import CurrentBased

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ForeignLayer:
    """Neurons of threshold 1 and what reaches them.

    Attributes:
        node: name of the neurons' node in the graph; layer: name and size here.
        neuron: decays; weights: (presynaptic, postsynaptic); bias: (postsynaptic,), added to the potential.
    """

    node: str
    layer: Layer
    neuron: CurrentBased
    weights: NDArray[np.float64]
    bias: Vector


@dataclass(frozen=True, eq=False)
class Feedforward:
    """A chain of layers, each of which sends to the next only.

    Attributes:
        input: the clamped layer; layers: from the input.
    """

    input: Layer
    layers: tuple[ForeignLayer, ...]

    @property
    def network(self) -> Network:
        """Its layers and couplings."""
        return Network((self.input, *(each.layer for each in self.layers)), one_way=True)
