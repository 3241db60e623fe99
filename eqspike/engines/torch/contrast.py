"""The change that Equilibrium Propagation asks: products of rates in one state minus those in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eqspike.nn.couplings import Coupling
from eqspike.nn.relaxation import States

Arrays = Sequence[Tensor]


@dataclass(frozen=True)
class Contrast:
    """Two sets of states whose products are compared, and the weight of each sample.

    Attributes:
        exact: what is asked of synapses neither side of which has moved is exactly 0 (`add_moves`).
    """

    first: States
    second: States
    weight: Tensor
    exact: bool

    @staticmethod
    def of(first: States, second: States, weight: Tensor, exact: bool) -> Contrast:
        """With states in the format of the weight, which is that of what is stored."""
        return Contrast(_as(first, weight), _as(second, weight), weight, exact)

    def add(
        self, couplings: Sequence[Coupling], inputs: Tensor, into: Arrays, scales: Sequence[float]
    ) -> None:
        """Add the wanted change of each coupling's weights, times a scale, to an array of its own."""
        add = add_moves if self.exact else add_contrasts
        first, second = (states[: len(couplings)] for states in (self.first, self.second))
        add(couplings, inputs.to(self.weight.dtype), first, second, self.weight, into, scales)

    def add_backward(
        self, couplings: Sequence[Coupling], into: Arrays, scales: Sequence[float]
    ) -> None:
        """Nothing: one weight serves both directions."""

    @property
    def changes(self) -> States:
        """What the states of each layer differ by."""
        return [first - second for first, second in zip(self.first, self.second, strict=True)]


@dataclass(frozen=True)
class Differences:
    """What is compared in difference form, by a1 b1 - a2 b2 = (a1 - a2) (b1 + b2) / 2 + (a1 + a2) / 2 (b1 - b2).

    Attributes:
        values: (a1 + a2) / 2 of each layer; of rules that change each direction by its receiver, the free states.
        changes: a1 - a2 of each layer, never taken between near numbers.
        weight: of each sample, (samples, 1).
        relaxed: couplings that have observed the free state.
        each_way: whether each direction changes by its receiver alone.
    """

    values: States
    changes: States
    weight: Tensor
    relaxed: Sequence[Coupling]
    each_way: bool

    @staticmethod
    def of(
        free: States, first: States, second: States, weight: Tensor, relaxed: Sequence[Coupling], each_way: bool
    ) -> Differences:  # fmt: skip
        """Of free states and two sets of differences from them."""
        values, ones, others = (_as(states, weight) for states in (free, first, second))
        if not each_way:
            parts = zip(values, ones, others, strict=True)
            values = [state + (one + other) * 0.5 for state, one, other in parts]
        changes = [one - other for one, other in zip(ones, others, strict=True)]
        return Differences(values, changes, weight, relaxed, each_way)

    def add(
        self, couplings: Sequence[Coupling], inputs: Tensor, into: Arrays, scales: Sequence[float]
    ) -> None:
        """See `Contrast`."""
        pres = [inputs.to(self.weight.dtype), *self.values]
        for index, (coupling, scale) in enumerate(zip(couplings, scales, strict=True)):
            spread = self.relaxed[index].spread
            change = spread(self.changes[index] * self.weight)
            coupling.accumulate(pres[index], change, into[index], scale)
            if index > 0 and not self.each_way:
                value = spread(self.values[index] * self.weight)
                coupling.accumulate(self.changes[index - 1], value, into[index], scale)

    def add_backward(
        self, couplings: Sequence[Coupling], into: Arrays, scales: Sequence[float]
    ) -> None:
        """Add the wanted change of each coupling's backward weights, where they are their own."""
        if not self.each_way:
            return
        for upper in range(1, len(couplings)):
            change = self.changes[upper - 1] * self.weight
            couplings[upper].accumulate(change, self.values[upper], into[upper], scales[upper])


def add_contrast(
    coupling: Coupling, pres: tuple[Tensor, Tensor], posts: tuple[Tensor, Tensor], weight: Tensor,
    into: Tensor, scale: float,
) -> None:  # fmt: skip
    """into += scale x sum over samples of weight x (products in the first state - products in the second).

    Args:
        pres, posts: rates of both layers in the first and in the second state.
        weight: of each sample, (samples, 1).
        into: shaped as the coupling's weights.
    """
    if pres[0] is pres[1]:  # the clamped input: one product of the difference
        change = coupling.routed(pres[0], (posts[0] - posts[1]).mul_(weight))
        coupling.accumulate(pres[0], change, into, scale)
        return
    # Both before either is added: `into` may be the weights, on which the routes depend.
    routed = [coupling.routed(pre, post * weight) for pre, post in zip(pres, posts, strict=True)]
    coupling.accumulate(pres[0], routed[0], into, scale)
    coupling.accumulate(pres[1], routed[1], into, -scale)


def add_contrasts(
    couplings: Sequence[Coupling], inputs: Tensor, first: Sequence[Tensor], second: Sequence[Tensor],
    weight: Tensor, into: Sequence[Tensor], scales: Sequence[float],
) -> None:  # fmt: skip
    """`add_contrast` for every coupling, `first` and `second` being the states of all free layers."""
    pres = [(inputs, inputs), *zip(first[:-1], second[:-1], strict=True)]
    posts = zip(first, second, strict=True)
    for coupling, pre, post, array, scale in zip(couplings, pres, posts, into, scales, strict=True):
        add_contrast(coupling, pre, post, weight, array, scale)


def add_moves(
    couplings: Sequence[Coupling], inputs: Tensor, first: Sequence[Tensor], second: Sequence[Tensor],
    weight: Tensor, into: Sequence[Tensor], scales: Sequence[float],
) -> None:  # fmt: skip
    """What `add_contrasts` adds, exactly 0 at synapses neither side of which has moved in any sample.

    What is written to a memory then does not depend on how products round: sums of bits are whole numbers before
    they are scaled.

    Args:
        weight: of each sample, (samples, 1), equal but for its sign.
    """
    signs, size = weight.sign(), float(weight[0].abs())
    for index, (coupling, array, scale) in enumerate(zip(couplings, into, scales, strict=True)):
        pre = inputs if index == 0 else first[index - 1]
        moved = (first[index] - second[index]).mul_(signs)
        change = torch.zeros_like(array)
        coupling.accumulate(pre, moved, change, 1.0)
        if index > 0:
            coupling.accumulate(pre - second[index - 1], second[index] * signs, change, 1.0)
        array.add_(change, alpha=size * scale)


def bias_contrast(first: Tensor, second: Tensor, weight: Tensor) -> Tensor:
    """Sum over samples of weight x (first - second), (neurons,)."""
    return torch.mv((first - second).t(), weight[:, 0])


def bias_changes(found: Contrast | Differences, biases: Arrays) -> list[Tensor]:
    """The wanted change of the biases of each layer, summed over the neurons that share one."""
    return [
        torch.mv(change.t(), found.weight[:, 0]).view(len(bias), -1).sum(1)
        for bias, change in zip(biases, found.changes, strict=True)
    ]


def _as(states: Sequence[Tensor], like: Tensor) -> States:
    return [state.to(like.dtype) for state in states]
