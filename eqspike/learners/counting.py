"""Multiply-accumulates of torch modules, as event counts.

A multiply-accumulate of a linear or convolutional layer is counted as one synaptic operation, under the layer's
name and phase `forward`. In learning, `backward` costs as many again for the gradient of the weights, and as many
for that of the inputs in every layer but the first. `update`: each parameter is written once a batch.
What learns beside a module (target propagation's feedback weights) is in `feedback`.
Products with an input of 0 are counted like all others, but are not *effective*; backwards all are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from eqspike.core.counts import CouplingCounts, EventCounts, PhaseCounts, PlasticityCounts


@dataclass
class Product:
    """Multiply-accumulates of a layer since they were last taken.

    Attributes:
        all: of every pass; effective: those of inputs that are not 0.
        learnt: of passes that are learnt from, that is with gradients.
    """

    all: int = 0
    effective: int = 0
    learnt: int = 0


class Products:
    """Counts the products of every layer of a module with a matrix or a kernel `weight`, in each forward pass."""

    def __init__(self, module: nn.Module) -> None:
        self._found: dict[str, Product] = {}
        self._paused = False
        self._handles = [
            layer.register_forward_hook(self._hook(name))
            for name, layer in module.named_modules()
            if _weight(layer) is not None
        ]

    def close(self) -> None:
        """Count no longer."""
        for handle in self._handles:
            handle.remove()

    def take(self) -> dict[str, Product]:
        """By layer, since the last call, in the order of the forward pass."""
        found, self._found = self._found, {}
        return found

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Inside, nothing is counted."""
        self._paused = True
        yield
        self._paused = False

    def _hook(self, name: str) -> Any:
        def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if self._paused:
                return
            product = self._found.setdefault(name, Product())
            number = _products(layer, output)
            product.all += number
            product.learnt += number if torch.is_grad_enabled() else 0
            product.effective += _effective(layer, inputs[0].detach())

        return count


def reading_counts(products: Mapping[str, Product], samples: int) -> EventCounts:
    """Counts of a forward pass of so many samples."""
    return EventCounts(samples, {"forward": _phase(products, samples)})


def learning_counts(
    module: nn.Module, products: Mapping[str, Product], samples: int
) -> EventCounts:
    """Counts of a forward pass, its backward pass and one update of all parameters."""
    backward = {}
    for number, (name, product) in enumerate(products.items()):
        times = 1 if number == 0 else 2
        backward[name] = Product(times * product.learnt, times * product.learnt)
    written = {
        name: PlasticityCounts(0, value.numel(), value.numel())
        for name, value in module.named_parameters()
        if value.grad is not None
    }
    return EventCounts(
        samples,
        {
            "forward": _phase(products, samples),
            "backward": _phase(backward, samples),
            "update": PhaseCounts(0, {}, {}, written),
        },
    )


def feedback_counts(operations: Mapping[str, int], samples: int) -> EventCounts:
    """Counts of what learnt beside a module, of the samples that it learns from."""
    couplings = {name: CouplingCounts(number, number) for name, number in operations.items()}
    return EventCounts(0, {"feedback": PhaseCounts(samples, {}, couplings)})


def block_counts(module: nn.Module) -> EventCounts:
    """Multiply-accumulates that modules count themselves (`take_operations`), by their own phases."""
    phases: dict[str, PhaseCounts] = {}
    for name, layer in module.named_modules():
        take = getattr(layer, "take_operations", None)
        for phase, number in (take() if callable(take) else {}).items():
            operations = CouplingCounts(number, number)
            found = PhaseCounts(0, {}, {name or "network": operations}, {})
            phases[phase] = phases[phase] + found if phase in phases else found
    return EventCounts(0, phases)


def _phase(products: Mapping[str, Product], samples: int) -> PhaseCounts:
    couplings = {
        name: CouplingCounts(product.all, product.effective) for name, product in products.items()
    }
    return PhaseCounts(samples, {}, couplings, {})


def _products(layer: nn.Module, output: Tensor) -> int:
    """Multiply-accumulates of a layer that gave such an output, its bias left out."""
    weight = _weight(layer)
    return 0 if weight is None else output.numel() * weight[0].numel()


def _weight(layer: nn.Module) -> Tensor | None:
    """Matrix (outputs, inputs) or kernel of a layer; None of a layer without products, or of fixed feedback."""
    if "weight" in dict(layer.named_buffers(recurse=False)):
        return None
    weight = getattr(layer, "weight", None)
    return weight if isinstance(weight, Tensor) and weight.dim() > 1 else None


def _effective(layer: nn.Module, inputs: Tensor) -> int:
    """Of those, the products of inputs that are not 0 (taps into the padding are not)."""
    active = (inputs != 0).to(torch.float32)
    if not isinstance(layer, nn.Conv2d):
        weight = _weight(layer)
        return 0 if weight is None else int(torch.count_nonzero(active)) * len(weight)
    ones = torch.ones_like(layer.weight[:1, :1]).expand(layer.groups, layer.weight.shape[1], -1, -1)
    reached = nn.functional.conv2d(
        active, ones, None, layer.stride, layer.padding, layer.dilation, layer.groups
    )
    return round(float(reached.sum(dtype=torch.float64))) * layer.out_channels // layer.groups
