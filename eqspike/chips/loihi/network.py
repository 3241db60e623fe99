"""A spiking network in Loihi's integers: what is loaded on the chip, and what simulators of it must agree on.

One unit serves the whole network: `unit` integer steps of current and of membrane potential stand for 1.0 of the
model that was rounded. So a weight has the same mantissa in both directions of its coupling, and a plastic
weight and its transposed copy can stay mirror images.

Within a time step, in this order (Lava's `LIF` and `Dense` with tag `fixed_pt` do the same):

    a(t)  = sum over couplings of (sum of mantissas of the spikes of step t - 1) << exponent      one step late
    u(t)  = wrap24(decay(u(t-1), du + 1) + (a(t) << 6))
    v(t)  = saturate24(decay(v(t-1), dv) + u(t) + (bias_mantissa << bias_exponent))
    S(t)  = [v(t) > threshold << 6];  v(t) <- 0 where S(t) = 1

Every hop costs one step, that of the input too: a spike the input sends in step t acts in step t + 1.

The teacher. In the nudged phase each output receives the spikes of a target train through +nudge, and its own
spikes through -nudge, both filtered by the synaptic current, which makes it beta (y - r) with r a low-pass of the
output's own spikes. Own spikes pass a relay neuron that the teacher opens in the nudged phase only: output spike
in step t, relay in t + 1, current in t + 2. With beta < 0 the signs are exchanged.

    target spikes and the gate of the relay are sent in the steps of the nudged phase;
    a target spike sent in step t acts in step t + 1;
    the relay of output j fires in step t + 1 if j fired in step t and the gate was sent in step t.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mantissas = NDArray[np.int32]


@dataclass(frozen=True)
class LoihiNeuron:
    """Parameters shared by the neurons of a layer.

    Attributes:
        current_decay: du, 0..4095; the current keeps (4096 - du - 1) / 4096 of itself each step.
        voltage_decay: dv, 0..4095; the potential keeps (4096 - dv) / 4096 of itself each step.
        threshold: mantissa, 1..131071; compared after a left shift by 6.
    """

    current_decay: int
    voltage_decay: int
    threshold: int


@dataclass(frozen=True, eq=False)
class LoihiLayer:
    """A free layer.

    Attributes:
        name: name of the layer in the network; size: number of neurons.
        neuron: its parameters.
        bias_mantissas: (size,) in -4096..4095; bias_exponent: 0..7, common to the layer.
    """

    name: str
    neuron: LoihiNeuron
    bias_mantissas: Mantissas
    bias_exponent: int

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.bias_mantissas)


@dataclass(frozen=True, eq=False)
class LoihiCoupling:
    """A coupling between successive layers; both directions, where there are two, have the same weights.

    Attributes:
        name: undirected name, such as `hidden-output`.
        mantissas: (presynaptic, postsynaptic) in -256..255; static mixed-sign weights of 8 bits are even.
        exponent: -8..7; a spike adds `mantissa << (6 + exponent)` to the current.
        bidirectional: whether the postsynaptic layer sends back.
    """

    name: str
    mantissas: Mantissas
    exponent: int
    bidirectional: bool


@dataclass(frozen=True)
class LoihiNudge:
    """Weights of the teaching signal.

    Attributes:
        mantissa: of one target spike, even, 2..254; its negative is that of a relayed output spike.
        exponent: -8..7.
        target_rate: spikes per step of the target train, in (0, 1].
        random_sign: whether beta is negative in some samples.
    """

    mantissa: int
    exponent: int
    target_rate: float
    random_sign: bool

    def targets(self, steps: int) -> NDArray[np.uint8]:
        """The target train of the right class: (steps,) of 0 and 1, with exact rate, started at half."""
        sent = np.floor(0.5 + self.target_rate * np.arange(steps + 1))
        return np.diff(sent).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class LoihiNetwork:
    """The whole network.

    Attributes:
        input_size: number of input lines.
        layers: free layers, from the input; couplings: as many, from the input.
        nudge: the teaching signal.
        unit: integer steps of current and membrane potential that stand for 1.0 of the rounded model.
    """

    input_size: int
    layers: tuple[LoihiLayer, ...]
    couplings: tuple[LoihiCoupling, ...]
    nudge: LoihiNudge
    unit: float

    def layer(self, name: str) -> LoihiLayer:
        """The free layer of that name."""
        return next(layer for layer in self.layers if layer.name == name)

    def as_arrays(self) -> Mapping[str, NDArray[Any]]:
        """Weights and biases by name, as they are stored in files."""
        arrays = {coupling.name: coupling.mantissas for coupling in self.couplings}
        arrays.update({f"{layer.name}.bias": layer.bias_mantissas for layer in self.layers})
        return arrays
