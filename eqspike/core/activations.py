"""Activations: the rate of a neuron as a function of its drive.

    hard-sigmoid   clip(x, 0, 1)
    sigmoid-4      1 / (1 + exp(-4 (x - 1/2))): as steep as the clip at its middle, and smooth
    tanh           tanh(x)

`change` is rho(x + c) - rho(x), from rho(x) and c and never as a difference of near numbers, so that a small c
keeps its digits; exactly 0 where rho is flat.

The theorems of Equilibrium Propagation ask for a smooth activation; the clip has kinks at 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Activation:
    """A rate as a function of the drive, its derivative, and its exact change.

    Attributes:
        name: key in `ACTIVATIONS`.
        change: of a drive and c: rho(drive + c) - rho(drive).
        smooth: whether the derivative is continuous.
        brian2: the rate of a drive `{x}` as Brian2 text.
    """

    name: str
    rate: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    change: Callable[[Array, Array], Array]
    smooth: bool
    brian2: str


def _sigmoid(drive: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-4.0 * (drive - 0.5))))


def _clip_change(drive: Array, more: Array) -> Array:
    rate = np.clip(drive, 0.0, 1.0)
    return np.clip(more + (drive - rate), -rate, 1.0 - rate)


def _sigmoid_change(drive: Array, more: Array) -> Array:
    rate, turned = _sigmoid(drive), np.tanh(2.0 * more)
    return np.asarray(2.0 * rate * (1.0 - rate) * turned / (1.0 + (2.0 * rate - 1.0) * turned))


def _tanh_change(drive: Array, more: Array) -> Array:
    rate, turned = np.tanh(drive), np.tanh(more)
    return np.asarray((1.0 - rate * rate) * turned / (1.0 + rate * turned))


HARD_SIGMOID = Activation(
    "hard-sigmoid",
    lambda drive: np.clip(drive, 0.0, 1.0),
    lambda drive: ((drive > 0.0) & (drive < 1.0)).astype(np.float64),
    _clip_change,
    smooth=False,
    brian2="clip({x}, 0, 1)",
)
"""Also the rate of a sigma-delta neuron, exactly."""

SIGMOID_4 = Activation(
    "sigmoid-4",
    _sigmoid,
    lambda drive: 4.0 * _sigmoid(drive) * (1.0 - _sigmoid(drive)),
    _sigmoid_change,
    smooth=True,
    brian2="1/(1 + exp(-4*({x} - 0.5)))",
)

TANH = Activation(
    "tanh",
    np.tanh,
    lambda drive: 1.0 - np.tanh(drive) ** 2,
    _tanh_change,
    smooth=True,
    brian2="tanh({x})",
)

ACTIVATIONS = {each.name: each for each in (HARD_SIGMOID, SIGMOID_4, TANH)}
