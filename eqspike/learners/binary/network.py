"""A network of binary weights and sign activations, trained by backpropagation through straight-through gradients.

    a_k = sign(W_k) x_(k-1)                    z_k = gamma (a_k - mean) / sqrt(var + 1e-5) + shift
    x_k = sign(z_k)   in hidden layers,        logits = z of the output

Backwards, sign of a weight counts as the identity, sign of an activation as clip(z, -1, 1): no gradient where
|z| > 1. W are the hidden weights; no biases. The input is real-valued. Hubara, Courbariaux, Soudry, El-Yaniv and
Bengio, NeurIPS 2016, as used by Laborieux, Ernoult, Hirtzlin and Querlioz, Nat. Commun. 12:2549 (2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from eqspike.core.errors import ConfigError
from eqspike.nn.normalisation import BatchNorm

GAMMAS = ("uniform", "ones")
STATISTICS = ("batch", "running")
WIDTH = 0.05
"""Hidden weights start uniform in +- this (Laborieux et al., public code)."""


class BinaryNetwork(nn.Module):
    """Binary fully connected network with a batch normalisation after every layer, the output's included.

    Args:
        sizes: neurons of each layer, input first; at least two.
        gamma: how the normalisations' factors start: `uniform` in [0, 1), as PyTorch 1.1 had it and the published
            figures were made, or `ones`, as PyTorch does now.
        statistics: `batch`: mean and variance of the batch at hand, in tests too (then a test's result depends on
            the other samples of its batch); `running`: in tests, averages kept during training.
        seed: of the hidden weights and of gamma.

    Raises:
        ConfigError: for a choice or a size that does not exist.
    """

    def __init__(
        self, sizes: Sequence[int], gamma: str = "uniform", statistics: str = "batch", seed: int = 0
    ) -> None:
        super().__init__()
        _check(sizes, gamma, statistics)
        generator = torch.Generator().manual_seed(seed)
        self.couplings = nn.ModuleList(
            BinaryCoupling(pre, post, generator) for pre, post in pairwise(sizes)
        )
        self.norms = nn.ModuleList(
            BatchNorm(size, track_running_stats=statistics == "running") for size in sizes[1:]
        )
        if gamma == "uniform":
            for norm in self.norms:
                nn.init.uniform_(norm.weight, generator=generator)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Tensor:
        """Logits (samples, classes) of images (samples, pixels) of real values."""
        values = images
        last = len(self.couplings) - 1
        for number, (coupling, norm) in enumerate(zip(self.couplings, self.norms, strict=True)):
            values = norm(coupling(values))
            if number < last:
                values = sign_activation(values)
        return values


class BinaryCoupling(nn.Module):
    """sign(hidden) x, without biases.

    Attributes:
        hidden: hidden weights, (postsynaptic, presynaptic), uniform in +- `WIDTH` at the start.
    """

    def __init__(self, pre: int, post: int, generator: torch.Generator) -> None:
        super().__init__()
        self.hidden = nn.Parameter((2 * torch.rand((post, pre), generator=generator) - 1) * WIDTH)

    @property
    def weight(self) -> Tensor:
        """What inputs are multiplied with: the signs of the hidden weights."""
        return binary(self.hidden)

    def forward(self, values: Tensor) -> Tensor:
        """(samples, postsynaptic) of (samples, presynaptic)."""
        return values @ self.weight.t()


class _Sign(torch.autograd.Function):
    """Sign, with a gradient that passes unchanged where |value| <= limit and is 0 elsewhere."""

    @staticmethod
    def forward(context: Any, values: Tensor, limit: float) -> Tensor:
        context.save_for_backward(values)
        context.limit = limit
        return values.sign()

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Any:
        (values,) = context.saved_tensors
        (gradient,) = gradients
        if context.limit == float("inf"):
            return gradient, None
        return gradient.masked_fill(values.abs() > context.limit, 0.0), None


_apply: Any = _Sign.apply  # PyTorch gives it no type


def sign_activation(values: Tensor) -> Tensor:
    """sign(values), 0 at 0; backwards the derivative of clip(values, -1, 1)."""
    result: Tensor = _apply(values, 1.0)
    return result


def binary(hidden: Tensor) -> Tensor:
    """sign(hidden weights); backwards the identity."""
    result: Tensor = _apply(hidden, float("inf"))
    return result


def _check(sizes: Sequence[int], gamma: str, statistics: str) -> None:
    if len(sizes) < 2 or min(sizes) < 1:
        raise ConfigError(
            f"binary network: sizes must be two or more whole numbers above 0, got {list(sizes)}"
        )
    for name, value, choices in (("gamma", gamma, GAMMAS), ("statistics", statistics, STATISTICS)):
        if value not in choices:
            raise ConfigError(
                f"binary network: {name} must be one of {', '.join(choices)}, got {value!r}"
            )
