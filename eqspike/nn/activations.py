"""Activations rho(x) = squash(gain x + offset), in place, and how much they change when their argument does.

Gain and offset are folded into the products that make the drive, so that only the squash is left to do.

`Change` computes squash(z + x) - squash(z) from squash(z) = a alone, never as a difference of two near numbers, so
that a small x keeps all its digits in every number format:

    clip       clip(x + e, -a, 1 - a)                   e = z - a, which is 0 inside the clip
    tanh       t (1 - a^2) / (1 + a t)                   t = tanh(x)
    sigmoid    2 a (1 - a) t / (1 + (2 a - 1) t)         t = tanh(x / 2)
    linear     x
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Change = Callable[[Tensor], Tensor]
"""Of x, which it may overwrite: squash(z + x) - squash(z), or its slope at z times x."""


@dataclass(frozen=True)
class Squash:
    """rho(x) = squash(gain x + offset).

    Attributes:
        apply: squashes a tensor in place.
        change: of z and squash(z), the change above.
        slope: of z and squash(z), the derivative by z; at a kink, that from within.
        analytic: whether both hold for complex x.
        low, high: between which its values lie.
    """

    gain: float
    offset: float
    apply: Callable[[Tensor], Tensor]
    change: Callable[[Tensor, Tensor], Change]
    slope: Callable[[Tensor, Tensor], Tensor]
    analytic: bool = True
    low: float = -math.inf
    high: float = math.inf


def _clip_change(drive: Tensor, rate: Tensor) -> Change:
    excess, low, high = drive - rate, -rate, 1.0 - rate
    return lambda x: torch.clamp(x.add_(excess), low, high, out=x)


def _tanh_change(drive: Tensor, rate: Tensor) -> Change:
    del drive
    slope = 1.0 - rate * rate

    def change(x: Tensor) -> Tensor:
        t = x.tanh()
        return t.mul(slope).div_(t.mul_(rate).add_(1.0))

    return change


def _sigmoid_change(drive: Tensor, rate: Tensor) -> Change:
    del drive
    slope, tilt = 2.0 * rate * (1.0 - rate), 2.0 * rate - 1.0

    def change(x: Tensor) -> Tensor:
        t = x.mul(0.5).tanh()
        return t.mul(slope).div_(t.mul_(tilt).add_(1.0))

    return change


def _clip_slope(drive: Tensor, rate: Tensor) -> Tensor:
    return (drive == rate).to(rate.dtype)


def linearised(squash: Squash, drive: Tensor, rate: Tensor) -> Change:
    """The change in the limit of small x: slope times x."""
    slope = squash.slope(drive, rate)
    return lambda x: x.mul_(slope)


LINEAR = Squash(
    1.0, 0.0, lambda drive: drive, lambda drive, rate: lambda x: x,
    lambda drive, rate: torch.ones_like(rate),
)  # fmt: skip
"""Of neurons that do with their drive what they like."""

_CLIP = (lambda drive: drive.clamp_(0.0, 1.0)), _clip_change, _clip_slope, False, 0.0, 1.0

SQUASHES = {
    "hard-sigmoid": Squash(1.0, 0.0, *_CLIP),
    "half-hard-sigmoid": Squash(0.5, 0.0, *_CLIP),
    "sigmoid-4": Squash(
        4.0, -2.0, lambda drive: drive.sigmoid_(), _sigmoid_change,
        lambda drive, rate: rate * (1.0 - rate), low=0.0, high=1.0,
    ),
    "tanh": Squash(
        1.0, 0.0, lambda drive: drive.tanh_(), _tanh_change, lambda drive, rate: 1.0 - rate * rate,
        low=-1.0, high=1.0,
    ),
    "linear": LINEAR,
}  # fmt: skip
