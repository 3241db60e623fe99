"""Noise whose sampling error cancels: signs from the rows of a Hadamard matrix.

Averages such as E[d xi^T] over independent draws of xi carry an error of sqrt(values / samples), which in wide
layers is most of the angle to backpropagation. Rows of a Hadamard matrix H, N >= values a power of two,

    xi_kj = sigma c_j H[pi(k), j],        sum over N successive k of xi_ki xi_kj = N sigma^2 (i == j)

leave no such error for linear layers. The order pi of the rows and the signs c of the columns are drawn anew for
every N samples. H is the Kronecker product of two small Hadamard matrices and never held.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from eqspike.core.random_stream import stream_key


def hadamard(bits: int) -> Tensor:
    """The matrix of 2^bits rows and columns by Sylvester's doubling, entries 1 and -1."""
    matrix = torch.ones(1, 1)
    for _ in range(bits):
        matrix = torch.cat((torch.cat((matrix, matrix), 1), torch.cat((matrix, -matrix), 1)))
    return matrix


class BalancedSigns:
    """Rows of signs, a function of the seed and of how many were drawn before.

    Args:
        values: in a row, 1 or more.
        seed: words that name this stream, non-negative.
        like: a tensor of the wanted device and number format.

    Attributes:
        drawn: rows so far.
    """

    def __init__(self, values: int, seed: tuple[int, ...], like: Tensor) -> None:
        bits = math.ceil(math.log2(values)) if values > 1 else 0
        self.values, self.seed, self.drawn = values, seed, 0
        self.outer = hadamard(bits // 2).to(like)
        self.inner = hadamard(bits - bits // 2).to(like)
        self.period = 1 << bits
        self._cycle, self._order, self._signs = -1, torch.empty(0), torch.empty(0)

    def draw(self, samples: int) -> Tensor:
        """The next rows, (samples, values), entries 1 and -1."""
        parts = []
        while samples:
            cycle, start = divmod(self.drawn, self.period)
            self._turn_to(cycle)
            rows = self._order[start : start + samples]
            high, low = rows // len(self.inner), rows % len(self.inner)
            product = self.outer[high][:, :, None] * self.inner[low][:, None, :]
            parts.append(product.flatten(1)[:, : self.values] * self._signs)
            self.drawn += len(rows)
            samples -= len(rows)
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _turn_to(self, cycle: int) -> None:
        """Draws the order of rows and the signs of columns of one period."""
        if cycle == self._cycle:
            return
        generator = torch.Generator().manual_seed(stream_key(*self.seed, cycle) >> 1)
        order = torch.randperm(self.period, generator=generator)
        signs = torch.randint(2, (self.values,), generator=generator) * 2 - 1
        self._cycle = cycle
        self._order, self._signs = order.to(self.outer.device), signs.to(self.outer)
