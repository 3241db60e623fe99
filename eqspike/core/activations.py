"""Activations: the rate of a neuron as a function of its drive.

    hard-sigmoid   clip(x, 0, 1)
    sigmoid-4      1 / (1 + exp(-4 (x - 1/2))): as steep as the clip at its middle, and smooth
    tanh           tanh(x)

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
    """A rate as a function of the drive, and its derivative.

    Attributes:
        name: key in `ACTIVATIONS`.
        smooth: whether the derivative is continuous.
        brian2: the rate of a drive `{x}` as Brian2 text.
    """

    name: str
    rate: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    smooth: bool
    brian2: str


def _sigmoid(drive: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-4.0 * (drive - 0.5))))


HARD_SIGMOID = Activation(
    "hard-sigmoid",
    lambda drive: np.clip(drive, 0.0, 1.0),
    lambda drive: ((drive > 0.0) & (drive < 1.0)).astype(np.float64),
    smooth=False,
    brian2="clip({x}, 0, 1)",
)
"""Also the rate of a sigma-delta neuron, exactly."""

SIGMOID_4 = Activation(
    "sigmoid-4",
    _sigmoid,
    lambda drive: 4.0 * _sigmoid(drive) * (1.0 - _sigmoid(drive)),
    smooth=True,
    brian2="1/(1 + exp(-4*({x} - 0.5)))",
)

TANH = Activation(
    "tanh", np.tanh, lambda drive: 1.0 - np.tanh(drive) ** 2, smooth=True, brian2="tanh({x})"
)

ACTIVATIONS = {each.name: each for each in (HARD_SIGMOID, SIGMOID_4, TANH)}
