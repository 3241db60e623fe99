"""The activations of `core.activations`, in place: rho(x) = squash(gain x + offset).

Gain and offset are folded into the products that make the drive, so that only `squash` is left to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Squash:
    """rho(x) = squash(gain x + offset), where `apply` squashes a tensor in place."""

    gain: float
    offset: float
    apply: Callable[[Tensor], Tensor]


LINEAR = Squash(1.0, 0.0, lambda drive: drive)
"""Of neurons that do with their drive what they like."""

SQUASHES = {
    "hard-sigmoid": Squash(1.0, 0.0, lambda drive: drive.clamp_(0.0, 1.0)),
    "sigmoid-4": Squash(4.0, -2.0, lambda drive: drive.sigmoid_()),
    "tanh": Squash(1.0, 0.0, lambda drive: drive.tanh_()),
}
