"""The couplings that the torch engine makes of a network, and their weights by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from eqspike.core.learner import Arrays
from eqspike.engines.torch.arrays import as_numpy, pre_first
from eqspike.nn.convolution import Convolutional
from eqspike.nn.couplings import Coupling, Dense
from eqspike.nn.kernels import Kernel
from eqspike.systems import RateSystem
from eqspike.systems.weights import backward_name


def make_couplings(system: RateSystem, zeros: Callable[..., Tensor]) -> list[Coupling]:
    """The couplings of a system's network, from the input.

    Args:
        zeros: makes an array of a shape.
    """
    made: list[Coupling] = []
    for wiring in system.network.couplings:
        shape = (wiring.shape[-1], *wiring.shape[:-1])
        if wiring.convolution is not None:
            made.append(Convolutional(wiring, Kernel(zeros(*shape), wiring.convolution.padding)))
            continue
        separate = wiring.bidirectional and system.feedback.separate
        made.append(Dense(zeros(*shape), zeros(*shape) if separate else None))
    return made


class Working:
    """Weights and biases as the relaxation uses them: those that are stored, or copies in another number format.

    Attributes:
        arrays: couplings from the input, and the biases of each free layer.
    """

    def __init__(
        self, system: RateSystem, couplings: list[Coupling], biases: list[Tensor], dtype: torch.dtype
    ) -> None:  # fmt: skip
        self._stored = self.arrays = couplings, biases
        if dtype != biases[0].dtype:
            made = make_couplings(system, lambda *shape: biases[0].new_zeros(shape, dtype=dtype))
            self.arrays = made, [torch.empty_like(bias, dtype=dtype) for bias in biases]

    def refresh(self) -> None:
        """Bring copies to what is stored."""
        if self.arrays is self._stored:
            return
        for working, stored in zip(self.arrays[0], self._stored[0], strict=True):
            working.weight.copy_(stored.weight)
        for bias, stored_bias in zip(self.arrays[1], self._stored[1], strict=True):
            bias.copy_(stored_bias)


def by_name(
    system: RateSystem, forward: Sequence[Tensor], backward: Sequence[Tensor], biases: Sequence[Tensor]
) -> Arrays:  # fmt: skip
    """Weights, or changes of them, as (sender, receiver) in float64; a kernel's last axis receives."""
    result: Arrays = {}
    network, separate = system.network, system.feedback.separate
    for coupling, up, down in zip(network.couplings, forward, backward, strict=True):
        result[coupling.name] = pre_first(up)
        if separate and coupling.bidirectional:
            result[backward_name(coupling)] = as_numpy(down)
    for layer, bias in zip(network.free_layers, biases, strict=True):
        result[f"{layer.name}.bias"] = as_numpy(bias)
    return result
