"""What feedback weights are trained on, each as its gradient written out.

For one block with input x, output y = F(x), feedback G(y) = V^T h(y) + c; xi and eta are Gaussian noise of
deviation sigma; d(z) = h(z) - h(y); means over samples:

    l-drl        -2 xi . (G(F(x + xi)) - G(y)) + |G(y + eta) - G(y)|^2
                 dV = 2 (d(y + eta) (V^T d(y + eta))^T - d(F(x + xi)) xi^T)
                 least where the Jacobian of G is the transpose of that of F, as in backpropagation
    autoencoder  r = G(F(x + xi)) - (x + xi), |r|^2:   dV = 2 h(F(x + xi)) r^T, dc = 2 r
    drl          |t - (x + xi)|^2, t handed back from the network's output by difference targets:
                 dV = 2 d(t above) (t - x - xi)^T

One step of `l-drl` takes four products of the size of the layer: F(x + xi), V^T d and two outer products.
l-drl: Ernoult et al., ICML 2022 (arXiv:2201.13415); autoencoder: Lee et al., ECML 2015; drl: Meulemans, Carzaniga,
Suykens, Sacramento and Grewe, NeurIPS 2020 (arXiv:2006.14331).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from eqspike.nn import shares

from .module import TargetPropagation

Slope: TypeAlias = tuple[Tensor, Tensor | None]
"""Gradient of the feedback weights and, where there is one, of the feedback bias."""

Loss: TypeAlias = Callable[[TargetPropagation, int, float, torch.Generator], Slope]


def noise_like(values: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Gaussian noise of the same shape."""
    return shares.drawn(values, lambda like: like.normal_(generator=generator).mul_(deviation))


def l_drl(model: TargetPropagation, number: int, noise: float, generator: torch.Generator) -> Slope:
    """Local difference reconstruction: both halves see this block alone."""
    block, mirror, passage = model.blocks[number], model.mirror(number), model.passages[number]
    rest = mirror.lift(passage.outputs, passage)
    xi = noise_like(passage.inputs, noise, generator)
    there = mirror.lift(block(passage.inputs + xi).outputs, passage) - rest
    eta = noise_like(passage.outputs, noise, generator)
    back = mirror.lift(passage.outputs + eta, passage) - rest
    slope = mirror.correlate(back, mirror.project(back, passage)) - mirror.correlate(there, xi)
    return slope * (2 / len(xi)), None


def autoencoder(
    model: TargetPropagation, number: int, noise: float, generator: torch.Generator
) -> Slope:
    """Reconstruction of a noisy input from the block's output."""
    block, mirror, passage = model.blocks[number], model.mirror(number), model.passages[number]
    noisy = passage.inputs + noise_like(passage.inputs, noise, generator)
    there = block(noisy).outputs
    wrong = mirror(there, passage) - noisy
    slope = mirror.correlate(mirror.lift(there, passage), wrong)
    units = (
        wrong.sum(0) if wrong.dim() == 2 or model.blocks[number].flattens else wrong.sum((0, 2, 3))
    )
    return slope * (2 / len(noisy)), units.flatten() * (2 / len(noisy))


def drl(model: TargetPropagation, number: int, noise: float, generator: torch.Generator) -> Slope:
    """Reconstruction of noise that went through the whole network above and back."""
    mirror, passage = model.mirror(number), model.passages[number]
    xi = noise_like(passage.inputs, noise, generator)
    values = passage.inputs + xi
    for block in model.blocks[number:]:
        values = block(values).outputs
    for above in range(len(model.blocks) - 1, number, -1):
        place = model.passages[above]
        values = place.inputs + model.mirror(above).differ(values, place)
    lifted = mirror.lift(values, passage) - mirror.lift(passage.outputs, passage)
    slope = mirror.correlate(lifted, mirror.project(lifted, passage) - xi)
    return slope * (2 / len(xi)), None


LOSSES: dict[str, Loss] = {"l-drl": l_drl, "autoencoder": autoencoder, "drl": drl}
