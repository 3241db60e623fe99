"""Dropout whose mask is a function of a key and of each value's place: drawn again where needed, not stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from eqspike.core.amounts import check_number
from eqspike.core.compilation import compile_kernel
from eqspike.core.errors import ConfigError
from eqspike.nn import shares


class Dropout(nn.Module):
    """PyTorch's dropout for the processor: one pass over the values, none over a mask.

    Each call draws one key from PyTorch's generator; value i stays if a hash of key and i is high enough.

    Args:
        probability: of a value to become 0, from 0 to below 1.

    Raises:
        ConfigError: for another probability.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        check_number("Dropout: probability", probability, low=0)
        if not 0.0 <= probability < 1.0:
            raise ConfigError(f"Dropout: probability must be from 0 to below 1, got {probability}")
        self.probability = probability

    def forward(self, values: Tensor) -> Tensor:
        """Zeros, and the rest scaled to keep the mean."""
        if not self.training or self.probability == 0.0:
            return values
        if values.device.type != "cpu":
            kept = shares.drawn(values, lambda of: of.bernoulli_(1.0 - self.probability))
            return values * kept.div_(1.0 - self.probability)
        key = int(torch.randint(2**62, ()))
        first = shares.around(len(values))[0] * values[0].numel()
        dropped: Tensor = _Dropped.apply(values, key, self.probability, first)  # type: ignore[no-untyped-call]
        return dropped


class _Dropped(torch.autograd.Function):
    """Values times the mask of a key; so is the cotangent."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, key: int, probability: float, first: int) -> Tensor:
        ctx.mask = key, probability, first
        return masked(values, key, probability, first)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, to_values: Tensor) -> tuple[Tensor, None, None, None]:
        return masked(to_values, *ctx.mask), None, None, None


def masked(values: Tensor, key: int, probability: float, first: int = 0) -> Tensor:
    """Each value times 0 or 1 / (1 - probability).

    Args:
        first: place of the first value in the whole batch, of which other processes may have the rest.
    """
    values = values.contiguous()
    result = torch.empty_like(values)
    limit = np.uint32(min(round(probability * 2**32), 2**32 - 1))
    low, high = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)
    scale = values.numpy().dtype.type(1.0 / (1.0 - probability))
    flat, place = values.view(-1).numpy(), np.uint32(first & 0xFFFFFFFF)
    _mask(flat, place, low, high, limit, scale, result.view(-1).numpy())
    return result


def _masking(
    values: NDArray[Any], first: np.uint32, low: np.uint32, high: np.uint32, limit: np.uint32, scale: Any,
    result: NDArray[Any],
) -> None:  # fmt: skip
    # A multiply and xor-shift hash (C. Wellons, "hash-prospector", 2018) of the place mixed with the key.
    for i in range(values.size):
        x = np.uint32((np.uint32(i) + first) ^ low)
        x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D))
        x = np.uint32((x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B))
        x = np.uint32((x ^ (x >> np.uint32(16))) + high)
        x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D))
        x = np.uint32(x ^ (x >> np.uint32(15)))
        result[i] = scale * values[i] if x >= limit else values.dtype.type(0)


_mask = compile_kernel(_masking, Path(__file__).parent)
