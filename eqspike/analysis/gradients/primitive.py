"""Couplings by their share of the primitive function, differentiated by PyTorch's autograd.

    Phi = sum of s_post . U(W, s_pre)        U: a product with a matrix, or convolution and pooling
    drive upwards = U(W, s_pre)        drive downwards = dPhi/ds_pre        change of W ~ dPhi/dW

The places that max pooling picks are autograd's business: nothing here stores or routes them, unlike in the engine
that is compared with this.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from eqspike.analysis.gradients.network import Array
from eqspike.core.network import Coupling


def upwards(coupling: Coupling, weight: Any, pre: Any) -> Any:
    """U, (samples, neurons).

    Args:
        weight: as sessions give it, the postsynaptic axis last; pre: rates (samples, neurons).
    """
    how = coupling.convolution
    if how is None:
        return pre @ weight
    from torch.nn import functional

    maps = pre.reshape(-1, *coupling.pre.maps)
    wide = functional.conv2d(maps, weight.movedim(-1, 0), padding=how.padding)
    if how.pooling.kind == "max":
        wide = functional.max_pool2d(wide, how.pooling.size)
    elif how.pooling.kind == "average":
        wide = functional.avg_pool2d(wide, how.pooling.size)
    return wide.flatten(1)


def downwards(coupling: Coupling, weight: Any, pre: Any, post: Any) -> Any:
    """dPhi/ds_pre, (samples, neurons), itself differentiable."""
    import torch

    with torch.enable_grad():
        # A copy, for `post` may itself depend on `pre`, by an earlier step, and is held here.
        held = pre * 1.0 if pre.requires_grad else pre.detach().requires_grad_()
        phi = (post * upwards(coupling, weight, held)).sum()
        return torch.autograd.grad(phi, held, create_graph=True)[0]


def products(coupling: Coupling, weight: Array, pre: Array, post: Array) -> Array:
    """dPhi/dW at each step, (steps, *weight), from rates (steps, samples, neurons)."""
    if coupling.convolution is None:
        return np.asarray(np.einsum("tsi,tsj->tij", pre, post, optimize=True))
    import torch

    kernel = torch.tensor(weight, requires_grad=True)
    found = []
    for below, above in zip(pre, post, strict=True):
        phi = (torch.tensor(above) * upwards(coupling, kernel, torch.tensor(below))).sum()
        found.append(torch.autograd.grad(phi, kernel)[0].numpy())
    return np.stack(found)
