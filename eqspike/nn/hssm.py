"""A Hamiltonian state-space model (HSSM): recurrent units that echo, with ordinary layers between them."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from eqspike.core.amounts import check_whole
from eqspike.core.errors import ConfigError
from eqspike.nn import shares
from eqspike.nn.dropout import Dropout
from eqspike.nn.hamiltonian.compiled import Plan, pieces
from eqspike.nn.hamiltonian.energies import LinearOscillators, LogCoshOscillators, Oscillators
from eqspike.nn.hamiltonian.recomputed import Block, RecomputedBlock, batch_statistics
from eqspike.nn.hamiltonian.unit import HamiltonianUnit
from eqspike.nn.normalisation import BatchNorm
from eqspike.nn.products import Linear
from eqspike.nn.readout import ReadOut

KINDS = ("linear", "log-cosh")


class HamiltonianBlock(nn.Module):
    """x + GLU(GELU(C φ + D * n)), with n = BatchNorm(x) without scale and φ the positions of a unit driven by n.

    Args:
        hidden: channels in and out.
        unit: the recurrent unit, of `hidden` inputs.
        dropout: after GELU and after GLU.
        generator: of the read-out's initial values.
        recompute: whether learning holds the block's input only, and computes the rest again; see
            `hamiltonian.recomputed`. Takes longer; without effect where processes share batches.

    Raises:
        ConfigError: if `recompute` is asked of a unit that does not learn by echo.
    """

    def __init__(
        self,
        hidden: int,
        unit: HamiltonianUnit,
        *,
        dropout: float = 0.05,
        generator: torch.Generator | None = None,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        if recompute and not unit.backward_by.startswith("rhel"):
            raise ConfigError(
                f"HamiltonianBlock: recompute needs backward rhel or rhel-one-sided, got {unit.backward_by!r}"
            )
        self.recompute = recompute
        self.normalise = BatchNorm(hidden, affine=False)
        self.unit = unit
        self.read_out = ReadOut(unit.size, hidden, generator=generator)
        self.mix = Linear(hidden, 2 * hidden)
        self.drop = Dropout(dropout)

    def forward(self, inputs: Tensor) -> Tensor:
        """(samples, time, hidden) to the same."""
        recompute = self.recompute and not shares.shared()
        plan = self.unit.plan(inputs) if recompute and self.training else None
        if plan is not None and plan.backward.startswith("rhel") and torch.is_grad_enabled():
            return self._recomputed(plan, inputs)
        normal = self.normalise(inputs.flatten(0, 1)).view_as(inputs)
        positions = self.unit(normal)
        if not recompute:
            return inputs + self.head(positions, normal)
        places = pieces(len(inputs), inputs.shape[1], self.unit.size)
        mixed = [self.head(positions[at], normal[at]).flatten(0, 1) for at in places]
        return inputs + torch.cat(mixed).view_as(inputs)

    def head(self, positions: Tensor, normal: Tensor) -> Tensor:
        """GLU(GELU(C φ + D * n))."""
        read = self.drop(nn.functional.gelu(self.read_out(positions, normal)))
        mixed: Tensor = self.drop(nn.functional.glu(self.mix(read)))
        return mixed

    def _recomputed(self, plan: Plan, inputs: Tensor) -> Tensor:
        self.unit.count(inputs)
        energy = cast(Oscillators, self.unit.energy)
        *coefficients, _ = energy.coefficients()
        learnt = [of for part in (self.read_out, self.mix) for of in part.parameters()]
        learnt = [of for of in learnt if of.requires_grad]
        output: Tensor = RecomputedBlock.apply(  # type: ignore[no-untyped-call]
            Block(plan, self.head, len(learnt)), inputs.contiguous(), *batch_statistics(self.normalise, inputs),
            energy.input_weight, energy.input_bias, *coefficients, *learnt,
        )  # fmt: skip
        return output


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
        recompute: of each block; see `HamiltonianBlock`.

    Source: G. Pourcel and M. Ernoult, arXiv:2506.05259 (2025).
    """

    def __init__(
        self, inputs: int, outputs: int, *, hidden: int = 64, units: int = 64, blocks: int = 2,
        kind: str = "linear", step: float = 0.01, backward: str = "rhel", dropout: float = 0.05, seed: int = 0,
        recompute: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if kind not in KINDS:
            raise ConfigError(
                f"HamiltonianStack: kind must be one of {', '.join(KINDS)}, got {kind!r}"
            )
        sizes = {
            "inputs": inputs,
            "outputs": outputs,
            "hidden": hidden,
            "units": units,
            "blocks": blocks,
        }
        for name, value in sizes.items():
            check_whole(f"HamiltonianStack: {name}", value)
        check_whole("HamiltonianStack: seed", seed, 0)
        generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.encode = Linear(inputs, hidden)
            made = []
            for _ in range(blocks):
                energy = (
                    LinearOscillators(hidden, units, generator=generator)
                    if kind == "linear"
                    else LogCoshOscillators(hidden, units, step=step, generator=generator)
                )
                unit = HamiltonianUnit(energy, backward=backward)
                made.append(
                    HamiltonianBlock(
                        hidden, unit, dropout=dropout, generator=generator, recompute=recompute
                    )
                )
            self.blocks = nn.Sequential(*made)
            self.decode = nn.Linear(hidden, outputs)

    def forward(self, series: Tensor) -> Tensor:
        """(samples, outputs)."""
        # A sum, then a division: the gradient of a mean is written out for all steps.
        total = self.blocks(self.encode(series)).sum(1)
        decoded: Tensor = self.decode(total / series.shape[1])
        return decoded
