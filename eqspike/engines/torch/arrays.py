"""Tensors of the engine as arrays of NumPy."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def pre_first(tensor: Tensor) -> NDArray[np.float64]:
    """A copy in float64 whose postsynaptic axis is last, as in `System`."""
    return np.ascontiguousarray(np.moveaxis(as_numpy(tensor), 0, -1))


def as_numpy(tensor: Tensor) -> NDArray[np.float64]:
    """A copy in float64."""
    return np.array(tensor.to("cpu", torch.float64).numpy())
