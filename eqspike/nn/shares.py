"""A batch whose samples are spread over processes, each of which has its share.

What a module does sample by sample needs nothing of this. What it does with a batch as a whole (means, noise,
waiting until all samples are at rest) goes through these functions, so that the processes together do what one
does with the whole batch. Every process calls them equally often. Without shares they change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from eqspike.core.errors import ProcessGoneError


@dataclass(frozen=True)
class Share:
    """The samples of a batch that this process has: `own` of `total`, from number `first`."""

    first: int
    own: int
    total: int

    @property
    def rows(self) -> slice:
        """Where they are in the batch."""
        return slice(self.first, self.first + self.own)


_now: list[Share] = []
"""The share of the batch at hand; no context variable, for on CUDA backward passes run in threads of PyTorch."""


@contextmanager
def sharing(share: Share) -> Iterator[None]:
    """Inside, this process has only its share of every batch."""
    _now.append(share)
    try:
        yield
    finally:
        _now.clear()


@contextmanager
def collective() -> Iterator[None]:
    """Inside, the processes wait for each other.

    Raises:
        ProcessGoneError: if one of them is gone.
    """
    try:
        yield
    except RuntimeError as error:
        raise ProcessGoneError(f"a process of this training is gone: {error}") from error


def shared() -> bool:
    """Whether batches are spread over processes."""
    return bool(_now)


def total(count: int) -> int:
    """What there is so many times here, as often as there are samples, in the whole batch."""
    return count // _now[0].own * _now[0].total if _now else count


def around(samples: int) -> tuple[int, int]:
    """Samples of the batch before and after those that are here."""
    return (_now[0].first, _now[0].total - _now[0].first - samples) if _now else (0, 0)


def of_mean(loss: Tensor) -> Tensor:
    """What the mean over the samples that are here adds to the mean over the batch."""
    return loss * (_now[0].own / _now[0].total) if _now else loss


def summed(values: Tensor) -> Tensor:
    """The sum over all processes; backwards, the sum of their gradients."""
    if not _now:
        return values
    found: Tensor = _Sum.apply(values)  # type: ignore[no-untyped-call]
    return found


def mean(values: Tensor) -> Tensor:
    """The mean over the batch, from the mean over the samples that are here."""
    return summed(of_mean(values))


def everywhere(holds: bool) -> bool:
    """Whether it holds in all processes."""
    if not _now:
        return holds
    return not bool(summed(torch.tensor(0.0 if holds else 1.0)))


def drawn(values: Tensor, fill: Callable[[Tensor], Tensor]) -> Tensor:
    """Random numbers of the shape of values (samples, ...): the rows of what one process draws for the batch."""
    if not _now:
        return fill(torch.empty_like(values))
    whole = fill(values.new_empty((_now[0].total, *values.shape[1:])))
    return whole[_now[0].rows].clone()


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace gradients by their sums over all processes."""
    gradients = [each.grad for each in parameters if each.grad is not None]
    if _now and gradients:
        vector_to_parameters(summed(parameters_to_vector(gradients)), gradients)


class _Sum(torch.autograd.Function):
    """All-reduce, both ways."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        del ctx
        return _reduced(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        del ctx
        return _reduced(gradients[0])


def _reduced(values: Tensor) -> Tensor:
    result = values.detach().clone(memory_format=torch.contiguous_format)
    with collective():
        torch.distributed.all_reduce(result)
    return result
