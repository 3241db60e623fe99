"""The change that Equilibrium Propagation asks: products of rates in one state minus those in another."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from eqspike.nn.couplings import Coupling


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


def bias_contrast(
    first: Tensor, second: Tensor, weight: Tensor, biases: int | None = None
) -> Tensor:
    """Sum over samples of weight x (first - second), (neurons,).

    Args:
        biases: sum over the neurons that share a bias too, where there are fewer of these: (biases,).
    """
    by_neuron = torch.mv((first - second).t(), weight[:, 0])
    if biases is None or biases == len(by_neuron):
        return by_neuron
    return by_neuron.view(biases, -1).sum(1)
