"""A spiking network trained with surrogate gradients, in Norse: what a user would take instead of a local rule.

Each step of `step_s` seconds, for every layer, with W the weights and z_in the spikes that come in:

    i <- i + W z_in        v <- v + (step / tau_membrane) (i - v)        i <- (1 - step / tau_synapse) i
    hidden: z = 1 where v > threshold, and v <- 0 there                  output: no spikes, v is read

Backwards the step function's slope is that of SuperSpike, 1 / (alpha |v - threshold| + 1)^2 (Zenke and Ganguli,
Neural Computation 30, 2018). Logits are the output neurons' greatest potentials over time.
Pehle and Pedersen, Norse (2021), https://github.com/norse/norse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eqspike.core.amounts import check_number, check_whole
from eqspike.core.errors import ConfigError, DataError, missing_package

try:
    import torch
    from norse.torch import LICell, LIFCell, LIFParameters, LIParameters
    from torch import Tensor, nn
except ImportError as error:
    if error.name is None or error.name.split(".")[0] not in ("torch", "norse"):
        raise
    raise missing_package("norse", "norse", "a spiking network with surrogate gradients") from error


@dataclass(frozen=True, eq=False)
class SpikeCounts:
    """What a batch sent, by sample and by layer; the input is layer 0 and the output does not spike.

    Attributes:
        spikes: (samples, layers), of the input and of each hidden layer.
        synaptic_operations: (samples, layers), each spike times the synapses that carry it on.
    """

    spikes: NDArray[np.int64]
    synaptic_operations: NDArray[np.int64]


class SpikingNetwork(nn.Module):
    """Fully connected leaky integrate-and-fire layers, read out by integrators.

    Args:
        sizes: neurons of each layer, input first; at least two.
        membrane_s, synapse_s: time constants in seconds, at least `step_s`.
        threshold: of the membrane potential, above 0.
        alpha: sharpness of the surrogate gradient, above 0.
        step_s: seconds a step, above 0.
        seed: of the weights.

    Raises:
        ConfigError: for a number out of its range.
    """

    def __init__(
        self,
        sizes: Sequence[int] = (784, 100, 10),
        membrane_s: float = 0.01,
        synapse_s: float = 0.005,
        threshold: float = 1.0,
        alpha: float = 100.0,
        step_s: float = 0.001,
        seed: int = 0,
    ) -> None:
        super().__init__()
        _check(sizes, membrane_s, synapse_s, threshold, alpha, step_s)
        self.sizes = tuple(sizes)
        generator = torch.Generator().manual_seed(seed)
        self.weights = nn.ParameterList(
            nn.Parameter((2 * torch.rand((post, pre), generator=generator) - 1) * pre**-0.5)
            for pre, post in pairwise(sizes)
        )
        times = torch.tensor(1 / synapse_s), torch.tensor(1 / membrane_s)
        fire = LIFParameters(*times, v_th=torch.tensor(threshold), alpha=torch.tensor(alpha))
        self.hidden = nn.ModuleList(LIFCell(fire, dt=step_s) for _ in sizes[1:-1])
        self.output = LICell(LIParameters(*times), dt=step_s)

    def forward(self, spikes: Tensor) -> Tensor:
        """Logits, (samples, classes), of spikes (steps, samples, pixels) of 0 and 1.

        Raises:
            DataError: for an input of another shape or with other values.
        """
        return self.run(spikes)[0]

    @torch.no_grad()
    def count(self, spikes: Tensor) -> SpikeCounts:
        """Spikes and synaptic operations of the same input."""
        sent = torch.stack([each.sum(1) for each in self.run(spikes)[1]], dim=1)
        fan_out = torch.tensor(self.sizes[1:], device=sent.device)
        return SpikeCounts(sent.cpu().numpy(), (sent * fan_out).cpu().numpy())

    def run(self, spikes: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, and spikes sent by each layer's neurons, (samples, neurons), the output's left out.

        Raises:
            DataError: for an input of another shape or with other values.
        """
        self._refuse(spikes)
        sent = [torch.zeros((spikes.shape[1], size), dtype=torch.int64, device=spikes.device)
                for size in self.sizes[:-1]]  # fmt: skip
        states: list[object] = [None] * len(self.weights)
        potentials = []
        for values in spikes:
            for layer, weight in enumerate(self.weights):
                sent[layer] += values.detach().to(torch.int64)
                cell = self.hidden[layer] if layer < len(self.hidden) else self.output
                values, states[layer] = cell(values @ weight.t(), states[layer])
            potentials.append(values)
        return torch.stack(potentials).amax(0), sent

    def _refuse(self, spikes: Tensor) -> None:
        """Refuses what are no spikes of the input layer."""
        if spikes.dim() != 3 or not len(spikes) or spikes.shape[2] != self.sizes[0]:
            raise DataError(
                f"SpikingNetwork: spikes must be (steps, samples, {self.sizes[0]}), got {tuple(spikes.shape)}"
            )
        if not bool(((spikes == 0) | (spikes == 1)).all()):
            raise DataError("SpikingNetwork: spikes must be 0 or 1")


def _check(
    sizes: Sequence[int],
    membrane_s: float,
    synapse_s: float,
    threshold: float,
    alpha: float,
    step_s: float,
) -> None:
    """Refuses numbers out of range."""
    if len(sizes) < 2:
        raise ConfigError(
            f"SpikingNetwork: give at least two sizes of 1 or more, got {tuple(sizes)}"
        )
    for size in sizes:
        check_whole("SpikingNetwork: each of sizes", size)
    positive = {"threshold": threshold, "alpha": alpha, "step_s": step_s}
    for name, value in positive.items():
        check_number(f"SpikingNetwork: {name}", value, above=0)
    for name, value in {"membrane_s": membrane_s, "synapse_s": synapse_s}.items():
        check_number(f"SpikingNetwork: {name}", value)
        if value < step_s:
            raise ConfigError(
                f"SpikingNetwork: {name} must be at least step_s ({step_s}), got {value}"
            )
