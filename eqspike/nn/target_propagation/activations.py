"""Activations a network may have under target propagation, and the ones its feedback network uses in their place.

The feedback of a block with activation f starts with an activation h of the block's output y = f(a). Two choices:

    same      h = f, as published; its slope f'(y) is not the f'(a) of backpropagation
    matched   h'(y) = f'(f^-1(y)), the slope of f where y was made; then the feedback can be exact for each sample

Every activation here is monotone, so it may change places with max pooling.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from eqspike.core.errors import UnsupportedError

Activation: TypeAlias = Callable[[Tensor], Tensor]

CHOICES = ("same", "matched")


def identity(values: Tensor) -> Tensor:
    """Of a block without activation."""
    return values


def matched_elu(values: Tensor) -> Tensor:
    """h(y) = y above 0, y + y^2 / 2 down to -1, and flat below: slope min(1, 1 + y), at least 0."""
    below = values.clamp(-1.0, 0.0)
    return F.relu(values) + below + below * below / 2


def matched_tanh(values: Tensor) -> Tensor:
    """h(y) = y - y^3 / 3 within -1 and 1, flat outside: slope 1 - y^2."""
    inside = values.clamp(-1.0, 1.0)
    return inside - inside**3 / 3


def matched_sigmoid(values: Tensor) -> Tensor:
    """h(y) = y^2 / 2 - y^3 / 3 within 0 and 1, flat outside: slope y (1 - y)."""
    inside = values.clamp(0.0, 1.0)
    return inside**2 / 2 - inside**3 / 3


_KNOWN: dict[type[nn.Module], tuple[Activation, Activation]] = {
    nn.Identity: (identity, identity),
    nn.ELU: (F.elu, matched_elu),
    nn.ReLU: (F.relu, F.relu),
    nn.Tanh: (torch.tanh, matched_tanh),
    nn.Sigmoid: (torch.sigmoid, matched_sigmoid),
}
KNOWN = tuple(_KNOWN)
"""Kinds of modules that are activations."""


def feedback_activation(module: nn.Module | None, choice: str) -> Activation:
    """What the feedback of a block with this activation starts with.

    Raises:
        UnsupportedError: for an activation that is not known, or an ELU whose alpha is not 1.
    """
    if module is None:
        return identity
    if type(module) not in _KNOWN:
        names = ", ".join(kind.__name__ for kind in KNOWN)
        raise UnsupportedError(
            f"target propagation knows the activations {names}, got {type(module).__name__}"
        )
    if isinstance(module, nn.ELU) and module.alpha != 1.0:
        raise UnsupportedError(
            f"target propagation knows ELU with alpha 1 only, got alpha {module.alpha}"
        )
    same, matched = _KNOWN[type(module)]
    return same if choice == "same" else matched
