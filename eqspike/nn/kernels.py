"""The kernel of a convolution and its products with maps, in the form in which the processor takes them.

oneDNN, with which PyTorch convolves on processors, has an order of its own for weights and brings them into it at
every use. A kernel that stays as it is through all steps of a batch is brought into it once. Results are the same.
PyTorch's operators for it have no public name; where they are missing, and for all else, its own convolutions do.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d

ONCE = [1, 1]
"""Strides and dilations."""


class Kernel:
    """Weights (post, pre, rows, columns) of a convolution with as many zeros around its maps.

    Args:
        fixed: the weights keep their values for as long as this object lives.
    """

    def __init__(self, weight: Tensor, padding: int, fixed: bool = False) -> None:
        self.weight = weight
        self._padding, self._around = padding, weight.shape[-1] - 1 - padding
        self._packs = fixed and self._around >= 0 and packable(weight)
        self._up: Tensor | None = None
        self._down: Tensor | None = None

    def up(self, maps: Tensor) -> Tensor:
        """W * maps."""
        if not self._packs or _followed(maps, self.weight):
            return conv2d(maps, self.weight, padding=self._padding)
        if self._up is None:
            self._up = _packed(self.weight, self._padding, maps)
        return _product(maps, self._up, self._padding)

    def down(self, maps: Tensor) -> Tensor:
        """W transposed * maps: the convolution by the kernel that is turned around."""
        if not self._packs or _followed(maps, self.weight):
            return conv_transpose2d(maps, self.weight, padding=self._padding)
        if self._down is None:
            self._down = _packed(self.weight.transpose(0, 1).flip(2, 3), self._around, maps)
        return _product(maps, self._down, self._around)


def packable(weight: Tensor) -> bool:
    """Whether oneDNN has an order of its own for such weights here."""
    ops = torch.ops.mkldnn
    known = hasattr(torch._C._nn, "mkldnn_reorder_conv2d_weight") and hasattr(
        ops, "_convolution_pointwise"
    )
    here = weight.device.type == "cpu" and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not here or not known:
        return False
    if weight.dtype == torch.bfloat16:
        return bool(getattr(ops, "_is_mkldnn_bf16_supported", bool)())
    return weight.dtype == torch.float32


def _followed(maps: Tensor, weight: Tensor) -> bool:
    """Whether automatic differentiation follows the product."""
    return torch.is_grad_enabled() and (maps.requires_grad or weight.requires_grad)


def _packed(weight: Tensor, padding: int, maps: Tensor) -> Tensor:
    """Weights in the order for maps of this shape; others of the same size may be taken too."""
    around = [padding, padding]
    reorder: Any = torch._C._nn.mkldnn_reorder_conv2d_weight
    plain = weight.detach().contiguous().to_mkldnn()
    return cast(Tensor, reorder(plain, around, ONCE, ONCE, 1, list(maps.shape)))


def _product(maps: Tensor, packed: Tensor, padding: int) -> Tensor:
    convolve: Any = torch.ops.mkldnn._convolution_pointwise
    return cast(
        Tensor, convolve(maps, packed, None, [padding, padding], ONCE, ONCE, 1, "none", [], "")
    )
