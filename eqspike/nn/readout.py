"""What is read from the positions of a recurrent unit."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eqspike.core.amounts import check_whole
from eqspike.nn.hamiltonian.counts import Tally
from eqspike.nn.hamiltonian.energies import uniform
from eqspike.nn.products import product


class ReadOut(nn.Module):
    """y = C φ + D * u at each step, with u the unit's own input.

    For complex oscillators, whose positions are (real parts, imaginary parts), C φ is Re(C' φ') with the complex
    matrix C' = C_real - i C_imaginary: all such matrices are reached.

    Args:
        size: of the positions.
        outputs: values read; the inputs too must have as many channels.
        generator: of the initial values: C from U(±1/√size), D from N(0, 1).
    """

    def __init__(
        self, size: int, outputs: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        check_whole("ReadOut: size", size)
        check_whole("ReadOut: outputs", outputs)
        self.of_positions = nn.Parameter(uniform((outputs, size), size, generator))
        self.of_inputs = nn.Parameter(torch.randn(outputs, generator=generator))
        self._tally = Tally()

    def forward(self, positions: Tensor, inputs: Tensor) -> Tensor:
        """(samples, time, outputs)."""
        products = inputs.numel() * (positions.shape[-1] + 1)
        self._tally.add(products, 2 * products)
        return torch.addcmul(product(positions, self.of_positions), self.of_inputs, inputs)

    def take_operations(self) -> dict[str, int]:
        """Multiply-accumulates since the last call; backwards twice as many, for weights and inputs."""
        return self._tally.take()
