"""The feedback of one block: its mirror image, with weights of its own.

    G(y) = V^T h(y) + c,        with pooling  G(y) = V^T unpool(h(y)) + c

h is the feedback's activation, unpool puts every value back where the forward pass took it from. V has the shape
of the forward weights W and is used as their transpose (a transposed convolution for a convolution): V = W is
symmetric feedback. Unpooling is the transpose of pooling at its switches, those of the unperturbed pass: where
windows overlap and share a maximum, their values are added (MaxUnpool2d of PyTorch keeps one of them).
Ernoult et al., ICML 2022 (arXiv:2201.13415), the architecture of their feedback weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.grad import conv2d_weight

from .activations import feedback_activation
from .blocks import Block, Passage


class Mirror(nn.Module):
    """Feedback from a block's outputs to its inputs.

    Its weights are buffers: no optimiser of the forward weights touches them, data-parallel training keeps them
    the same in all processes, and `state_dict` holds them.

    Args:
        block: to mirror.
        choice: of the feedback's activation, `same` or `matched`.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, block: Block, choice: str) -> None:
        super().__init__()
        self.block = block
        self.activation = feedback_activation(block.activation, choice)
        layer, like = block.layer, block.layer.weight
        units = layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels
        self.register_buffer("weight", torch.zeros_like(like).detach())
        self.register_buffer("bias", torch.zeros(units, dtype=like.dtype, device=like.device))

    def draw(self, generator: torch.Generator) -> None:
        """Random weights, uniform within 1 / sqrt(incoming values), as PyTorch starts its own layers."""
        width = (self.weight.numel() / self.bias.numel()) ** -0.5
        self.weight.copy_((2 * torch.rand(self.weight.shape, generator=generator) - 1) * width)
        self.bias.zero_()

    def copy_forward(self) -> None:
        """Symmetric feedback: the transpose of the forward weights as they are now."""
        self.weight.copy_(self.block.layer.weight.detach())
        self.bias.zero_()

    def lift(self, outputs: Tensor, passage: Passage) -> Tensor:
        """unpool(h(y)): what the feedback weights act on."""
        values = self.activation(outputs)
        if passage.switches is None:
            return values
        plane = values.new_zeros((*values.shape[:2], passage.shape[1] * passage.shape[2]))
        plane.scatter_add_(2, passage.switches.flatten(2), values.flatten(2))
        return plane.view(*values.shape[:2], *passage.shape[1:])

    def project(self, lifted: Tensor, passage: Passage) -> Tensor:
        """V^T times what was lifted, in the shape of the block's inputs; without the bias."""
        layer, weight = self.block.layer, self.weight
        if isinstance(layer, nn.Linear):
            return (lifted @ weight).view_as(passage.inputs)
        return F.conv_transpose2d(
            lifted, weight, None, layer.stride, layer.padding,  # type: ignore[arg-type]
            _left_over(layer, passage), layer.groups, layer.dilation,
        )  # fmt: skip

    def correlate(self, lifted: Tensor, inputs: Tensor) -> Tensor:
        """Sum over samples of lifted times inputs, in the shape of V: d(lifted . W inputs) / dW."""
        layer = self.block.layer
        if isinstance(layer, nn.Linear):
            return lifted.t() @ inputs.flatten(1)
        found: Tensor = conv2d_weight(  # type: ignore[no-untyped-call]
            inputs, self.weight.shape, lifted,
            layer.stride, layer.padding, layer.dilation, layer.groups,
        )  # fmt: skip
        return found

    def forward(self, outputs: Tensor, passage: Passage) -> Tensor:
        """G(y)."""
        values = self.project(self.lift(outputs, passage), passage)
        if isinstance(self.block.layer, nn.Linear):
            return values + self.bias.view(passage.inputs.shape[1:])
        return values + self.bias[:, None, None]

    def reach(self, power: Tensor, passage: Passage) -> Tensor:
        """Sum of a positive lifted quantity over samples and places, by output and kernel offset.

        An offset that points outside the image does not count. Its shape broadcasts against V.
        """
        layer = self.block.layer
        if isinstance(layer, nn.Linear):
            return power.sum(0)[:, None]
        shape = (power.shape[0], 1, *passage.inputs.shape[2:])
        found: Tensor = conv2d_weight(  # type: ignore[no-untyped-call]
            power.new_ones(shape), (power.shape[1], 1, *layer.kernel_size), power,
            layer.stride, layer.padding, layer.dilation,
        )  # fmt: skip
        return found

    def differ(self, targets: Tensor, passage: Passage) -> Tensor:
        """G(t) - G(y) in one product; the bias falls out."""
        lifted = self.lift(targets, passage) - self.lift(passage.outputs, passage)
        return self.project(lifted, passage)


def _left_over(layer: nn.Conv2d, passage: Passage) -> list[int]:
    """Rows and columns of the input that the strides of the convolution did not reach."""
    left = []
    for axis in range(2):
        stride, padding = layer.stride[axis], int(layer.padding[axis])
        reached = (passage.shape[1 + axis] - 1) * stride - 2 * padding
        reached += layer.dilation[axis] * (layer.kernel_size[axis] - 1) + 1
        left.append(passage.inputs.shape[2 + axis] - reached)
    return left
