"""Difference target propagation as a module: `loss.backward()` gives each layer its own local gradient.

    output      t_N = s_N - beta d(loss) / d(s_N), the loss of one sample
    difference  t_(i-1) = s_(i-1) + G_i(t_i) - G_i(s_i)          plain  t_(i-1) = G_i(t_i)
    gradient    of 1/2 |F_i(s_(i-1)) - t_i|^2, s_(i-1) and t_i held: nothing passes from block to block

With linear layers and feedback V = W this is beta times backpropagation's gradient. Lee, Zhang, Fischer and
Bengio, ECML 2015 (difference targets); Ernoult et al., ICML 2022, arXiv:2201.13415.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from eqspike.core.amounts import check_flag, check_number, check_whole
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.nn import shares

from .activations import CHOICES
from .blocks import Block, Passage, cut
from .mirror import Mirror

TARGETS = ("difference", "plain")


class TargetPropagation(nn.Module):
    """A sequential network whose backward pass hands out targets through a mirror network.

    Use it as any module: `loss(model(x), y).backward()`, then a step of any optimiser on `network.parameters()`.
    The feedback weights are learnt by `IteratedFeedback` or `SolvedFeedback`, called between forward and backward.

    Args:
        network: Linear, Conv2d, MaxPool2d, Flatten and activations; trained in place.
        beta: how far the output's target is from the output, above 0. Gradients are proportional to it.
        targets: `difference`, or `plain` target propagation.
        activation: of the feedback: `same` as the network's (as published), or `matched`, with its slope.
        averaged: whether the loss is a mean over samples; if not, a sum.
        seed: of the random feedback weights.

    Attributes:
        blocks: of the network, from input to output.
        mirrors: feedback of `blocks[1:]`; the first block needs none.
        passages: the latest batch through the blocks, empty before the first.

    Raises:
        ConfigError: for a beta or a choice that does not exist.
        UnsupportedError: for a network without a mirror, or an input that asks for a gradient.
    """

    def __init__(
        self,
        network: nn.Sequential,
        beta: float = 0.5,
        targets: str = "difference",
        activation: str = "same",
        averaged: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        _one_of("targets", targets, TARGETS)
        _one_of("activation", activation, CHOICES)
        check_number("TargetPropagation: beta", beta, above=0)
        check_flag("TargetPropagation: averaged", averaged)
        check_whole("TargetPropagation: seed", seed, 0)
        self.network = network
        self.beta, self.targets, self.averaged = beta, targets, averaged
        self.blocks: tuple[Block, ...] = cut(network)
        self.mirrors = nn.ModuleList(Mirror(block, activation) for block in self.blocks[1:])
        self.passages: tuple[Passage, ...] = ()
        generator = torch.Generator().manual_seed(seed)
        for number in range(1, len(self.blocks)):
            self.mirror(number).draw(generator)

    def mirror(self, number: int) -> Mirror:
        """Feedback of block `number`, 1 or more."""
        mirror: Mirror = self.mirrors[number - 1]  # type: ignore[assignment]
        return mirror

    def symmetric(self) -> None:
        """Sets all feedback weights to the transpose of the forward weights as they are now."""
        for number in range(1, len(self.blocks)):
            self.mirror(number).copy_forward()

    def forward(self, inputs: Tensor) -> Tensor:
        """The network's output; where gradients are wanted, with targets as its backward pass."""
        if not torch.is_grad_enabled():
            outputs: Tensor = self.network(inputs)
            return outputs
        if inputs.requires_grad:
            raise UnsupportedError(
                "TargetPropagation: the input asks for a gradient, and target propagation gives none to it; pass "
                "inputs.detach()"
            )
        passages = []
        for block in self.blocks:
            passages.append(block(inputs))
            inputs = passages[-1].outputs.detach()
        self.passages = tuple(passage.detached() for passage in passages)
        result: Tensor = _Targets.apply(self, passages, *trained(self.blocks))  # type: ignore[no-untyped-call]
        return result

    def errors(self, error: Tensor, passages: tuple[Passage, ...]) -> list[Tensor]:
        """Target minus output of every block, from that of the last."""
        found = [error]
        for number in range(len(passages) - 1, 0, -1):
            passage, mirror = passages[number], self.mirror(number)
            target = passage.outputs + found[-1]
            if self.targets == "difference":
                found.append(mirror.differ(target, passage))
            else:
                found.append(mirror(target, passage) - passage.inputs)
        return found[::-1]


def trained(blocks: tuple[Block, ...]) -> list[nn.Parameter]:
    """Parameters that ask for a gradient, from input to output."""
    return [each for block in blocks for each in block.parameters() if each.requires_grad]


class _Targets(torch.autograd.Function):
    """Output of the network forwards, local gradients of all blocks backwards."""

    @staticmethod
    def forward(ctx: Any, model: TargetPropagation, passages: list[Passage], *_: Tensor) -> Tensor:
        ctx.model, ctx.passages = model, passages
        return passages[-1].outputs.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        model: TargetPropagation = ctx.model
        scale = shares.total(len(gradient)) if model.averaged else 1
        still = tuple(passage.detached() for passage in ctx.passages)
        errors = model.errors(-model.beta * scale * gradient, still)
        found: list[Tensor | None] = []
        for block, passage, error in zip(model.blocks, ctx.passages, errors, strict=True):
            wanted = trained((block,))
            if wanted:
                found += torch.autograd.grad(passage.outputs, wanted, -error / scale)
        return (None, None, *found)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    """Refuses a choice that does not exist."""
    if value not in known:
        raise ConfigError(f"TargetPropagation: {name} is one of {', '.join(known)}, got {value!r}")
