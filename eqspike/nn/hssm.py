"""A Hamiltonian state-space model (HSSM): recurrent units that echo, with ordinary layers between them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eqspike.core.errors import ConfigError
from eqspike.nn import shares
from eqspike.nn.hamiltonian.energies import LinearOscillators, LogCoshOscillators
from eqspike.nn.hamiltonian.unit import HamiltonianUnit
from eqspike.nn.normalisation import BatchNorm
from eqspike.nn.readout import ReadOut

KINDS = ("linear", "log-cosh")


class Dropout(nn.Module):
    """Dropout from 16 random bits a value: four values a draw, where PyTorch's own draws each on the processor.

    Args:
        probability: of a value to become 0, from 0 to below 1, in steps of 1/65536.

    Raises:
        ConfigError: for another probability.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        if not 0.0 <= probability < 1.0:
            raise ConfigError(f"Dropout: probability must be from 0 to below 1, got {probability}")
        self.dropped = min(round(probability * 65_536), 65_535)

    def forward(self, values: Tensor) -> Tensor:
        """Zeros, and the rest scaled to keep the mean."""
        if not self.training or self.dropped == 0:
            return values
        kept = shares.drawn(values, self._kept)
        return values * kept.mul_(65_536 / (65_536 - self.dropped))

    def _kept(self, like: Tensor) -> Tensor:
        """1 where a value stays, 0 where it is dropped."""
        draws = torch.empty(-(-like.numel() // 4), dtype=torch.int64, device=like.device)
        bits = draws.random_(-(2**63), None).view(torch.int16)[: like.numel()]
        return (bits >= self.dropped - 32_768).view(like.shape).to(like.dtype)


class HamiltonianBlock(nn.Module):
    """x + GLU(GELU(C φ + D * n)), with n = BatchNorm(x) without scale and φ the positions of a unit driven by n.

    Args:
        hidden: channels in and out.
        unit: the recurrent unit, of `hidden` inputs.
        dropout: after GELU and after GLU.
        generator: of the read-out's initial values.
    """

    def __init__(
        self,
        hidden: int,
        unit: HamiltonianUnit,
        *,
        dropout: float = 0.05,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.normalise = BatchNorm(hidden, affine=False)
        self.unit = unit
        self.read_out = ReadOut(unit.size, hidden, generator=generator)
        self.mix = nn.Linear(hidden, 2 * hidden)
        self.drop = Dropout(dropout)

    def forward(self, inputs: Tensor) -> Tensor:
        """(samples, time, hidden) to the same."""
        normal = self.normalise(inputs.flatten(0, 1)).view_as(inputs)
        read = self.drop(nn.functional.gelu(self.read_out(self.unit(normal), normal)))
        mixed: Tensor = self.drop(nn.functional.glu(self.mix(read)))
        return inputs + mixed


class HamiltonianStack(nn.Module):
    """Linear encoder, blocks, mean over time, linear decoder: (samples, time, inputs) -> (samples, outputs).

    Args:
        inputs: channels of the series.
        outputs: classes, or values.
        hidden: channels between blocks.
        units: oscillators of each unit; complex ones if `kind` is `linear`.
        blocks: how many.
        kind: `linear` or `log-cosh` oscillators.
        step: of log-cosh oscillators; linear ones learn theirs.
        backward: see `HamiltonianUnit`.
        dropout: of each block.
        seed: of all initial values.

    Source: G. Pourcel and M. Ernoult, arXiv:2506.05259 (2025).
    """

    def __init__(
        self, inputs: int, outputs: int, *, hidden: int = 64, units: int = 64, blocks: int = 2,
        kind: str = "linear", step: float = 0.01, backward: str = "rhel", dropout: float = 0.05, seed: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        if kind not in KINDS:
            raise ConfigError(
                f"HamiltonianStack: kind must be one of {', '.join(KINDS)}, got {kind!r}"
            )
        generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.encode = nn.Linear(inputs, hidden)
            made = []
            for _ in range(blocks):
                energy = (
                    LinearOscillators(hidden, units, generator=generator)
                    if kind == "linear"
                    else LogCoshOscillators(hidden, units, step=step, generator=generator)
                )
                unit = HamiltonianUnit(energy, backward=backward)
                made.append(HamiltonianBlock(hidden, unit, dropout=dropout, generator=generator))
            self.blocks = nn.Sequential(*made)
            self.decode = nn.Linear(hidden, outputs)

    def forward(self, series: Tensor) -> Tensor:
        """(samples, outputs)."""
        decoded: Tensor = self.decode(self.blocks(self.encode(series)).mean(1))
        return decoded
