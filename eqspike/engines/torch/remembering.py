"""Memories that keep more than a weight's value (`memory.Binary`, `memory.Metaplastic`), in place on the device.

Equal to the definitions in `eqspike.memory`, whose arrays have the postsynaptic axis last; here it is first.
Weights are +alpha or -alpha, never 0. Truth values are 0.0 and 1.0, with which one product turns weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from eqspike.memory import Binary, Metaplastic, Scale, Writes
from eqspike.memory.scale import SMALLEST
from eqspike.nn.couplings import Coupling

EXACT_ONES = 1 << 24


class Remembering:
    """What is kept beside the weights of every coupling, and how it is written.

    Attributes:
        kept: by coupling and name, each shaped as the coupling's weights.
    """

    def __init__(self, memory: Binary | Metaplastic, couplings: Sequence[Coupling]) -> None:
        weights = [coupling.weight for coupling in couplings]
        self.kept: list[Mapping[str, Tensor]] = [
            {name: torch.zeros_like(weight) for name in memory.kept} for weight in weights
        ]
        self._memory = memory
        self._signs, self._spare = ([torch.empty_like(weight) for weight in weights] for _ in "12")
        apart = isinstance(memory, Metaplastic) or any(memory.scale.rates)
        self._changes = [torch.empty_like(weight) for weight in weights] if apart else []

    def write(
        self, couplings: Sequence[Coupling], add_change: Callable[[Sequence[Tensor]], None], key: int
    ) -> list[Writes]:  # fmt: skip
        """See `engines.torch.writing.Writer`."""
        del key
        memory = self._memory
        for change in self._changes:
            change.zero_()
        if isinstance(memory, Metaplastic):
            add_change(self._changes)
            return [self._turn(memory, *of) for of in enumerate(couplings)]
        inertias = [kept["inertia"] for kept in self.kept]
        for inertia, rate in zip(inertias, memory.inertia_rates, strict=True):
            inertia.mul_(1 - rate)
        add_change(self._changes or inertias)
        for change, inertia in zip(self._changes, inertias, strict=False):
            inertia.add_(change)
        return [self._flip(memory, *of) for of in enumerate(couplings)]

    def _flip(self, memory: Binary, index: int, coupling: Coupling) -> Writes:
        """Flip the weights whose inertia says so."""
        inertia = self.kept[index]["inertia"]
        signs = torch.sign(coupling.weight, out=self._signs[index])
        candidate = _sum(torch.ne(inertia, 0.0, out=self._spare[index]))
        against = torch.mul(signs, inertia, out=self._spare[index])
        flips = against.lt_(-memory.threshold(index))
        return Writes(candidate, self._store(coupling, index, signs, flips))

    def _turn(self, memory: Metaplastic, index: int, coupling: Coupling) -> Writes:
        """Move the hidden weights and store their signs."""
        hidden, change, spare = self.kept[index]["hidden"], self._changes[index], self._spare[index]
        signs = torch.sign(coupling.weight, out=self._signs[index])
        candidate = _sum(torch.ne(change, 0.0, out=spare))
        if memory.metaplasticity[index]:
            share = torch.abs(hidden, out=spare).mul_(memory.metaplasticity[index]).tanh_()
            share.square_().neg_().add_(1.0).mul_(change)
            hidden.add_(torch.where(signs * change < 0, share, change))
        else:
            hidden.add_(change)
        turned = torch.ge(hidden, 0.0, out=spare).mul_(2.0).sub_(1.0)
        flips = torch.ne(turned, signs, out=turned)
        return Writes(candidate, self._store(coupling, index, signs, flips))

    def _store(self, coupling: Coupling, index: int, signs: Tensor, flips: Tensor) -> int:
        """Turn weights where `flips` is 1, learn the scale, count; returns the number of flips."""
        scale, weight = self._memory.scale, coupling.weight
        if scale.rates[index]:
            magnitude = _learnt(scale, weight, signs, self._changes[index], index)
            torch.mul(signs, magnitude, out=weight)
        weight.addcmul_(weight, flips, value=-2.0)
        self.kept[index]["writes"].add_(flips)
        return _sum(flips)


def _learnt(scale: Scale, weight: Tensor, signs: Tensor, change: Tensor, index: int) -> Tensor:
    """`Scale.learnt` of the magnitude of stored weights."""
    axes = tuple(range(1 if scale.shared == "unit" else 0, weight.dim()))
    magnitude = weight.abs().amax(axes, keepdim=True)
    wanted = (signs * change).sum(axes, keepdim=True)
    return magnitude.add_(wanted, alpha=scale.rates[index]).clamp_(min=SMALLEST)


def _sum(ones: Tensor) -> int:
    """How many are 1.0, exactly: sums of ones have no rounding up to 2^24 in float32, which is faster."""
    wide = torch.float64 if ones.numel() > EXACT_ONES else ones.dtype
    return int(ones.sum(dtype=wide))
