"""A sequential network cut into blocks: a layer with weights, its activation, its pooling.

    y = pool(f(W x + b))

Target propagation gives every block's output a target and changes its weights towards it, so a block is what is
trained as one. The order of activation and pooling is free, as every known activation is monotone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from eqspike.core.errors import UnsupportedError

from .activations import KNOWN

Weighted: TypeAlias = nn.Linear | nn.Conv2d


@dataclass(frozen=True)
class Passage:
    """One batch through one block.

    Attributes:
        inputs: (samples, ...), as they came from the block before.
        outputs: (samples, ...).
        switches: where each pooled value came from, as an index into a channel's plane; without pooling `None`.
        shape: of one sample before pooling.
    """

    inputs: Tensor
    outputs: Tensor
    switches: Tensor | None
    shape: torch.Size

    def detached(self) -> Passage:
        """The same values, without the graph that made them."""
        return Passage(self.inputs.detach(), self.outputs.detach(), self.switches, self.shape)


@dataclass(frozen=True, eq=False)
class Block:
    """A layer with weights and what follows it.

    Attributes:
        name: of the layer with weights, in the network's own numbering.
        flattens: whether the input is made one-dimensional first.
    """

    name: str
    layer: Weighted
    activation: nn.Module | None = None
    pooling: nn.MaxPool2d | None = None
    flattens: bool = False

    def __call__(self, inputs: Tensor) -> Passage:
        """The block's output, with the switches of its pooling."""
        sums = self.layer(inputs.flatten(1) if self.flattens else inputs)
        values = sums if self.activation is None else self.activation(sums)
        if self.pooling is None:
            return Passage(inputs, values, None, values.shape[1:])
        pool = self.pooling
        pooled, switches = F.max_pool2d(
            values, pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode,
            return_indices=True,
        )  # fmt: skip
        return Passage(inputs, pooled, switches, values.shape[1:])

    def parameters(self) -> tuple[nn.Parameter, ...]:
        """Those of the layer."""
        return tuple(self.layer.parameters())


def cut(network: nn.Sequential) -> tuple[Block, ...]:
    """The blocks of a network, from input to output.

    Raises:
        UnsupportedError: for a module, or an order of modules, that has no mirror.
    """
    blocks: list[Block] = []
    for group in _groups(network):
        blocks.append(_block(group))
    if not blocks:
        raise UnsupportedError("target propagation needs a network with at least one layer")
    return tuple(blocks)


Named: TypeAlias = list[tuple[str, nn.Module]]


def _groups(network: nn.Sequential) -> Iterator[Named]:
    """Modules of one block each: one with weights, flattening before it, the rest after it."""
    group: Named = []
    weighted = False
    for name, module in network.named_children():
        if weighted and isinstance(module, (nn.Linear, nn.Conv2d, nn.Flatten)):
            yield group
            group, weighted = [], False
        weighted = weighted or isinstance(module, (nn.Linear, nn.Conv2d))
        group.append((name, module))
    if group:
        yield group


def _block(group: Named) -> Block:
    """One block from its modules, each in its place."""
    found: dict[str, nn.Module] = {}
    name = ""
    for own, module in group:
        place = _place(own, module)
        early = place != "flattening" and place != "layer" and "layer" not in found
        if place in found or early:
            raise UnsupportedError(
                "target propagation needs blocks of one layer with weights, then at most one activation and one "
                f"max pooling; module {own} ({type(module).__name__}) is one too many or comes before its layer"
            )
        found[place] = module
        name = own if place == "layer" else name
    layer = found.get("layer")
    if not isinstance(layer, (nn.Linear, nn.Conv2d)):
        raise UnsupportedError(
            "target propagation needs a layer with weights at the end of the network"
        )
    pooling = found.get("pooling")
    return Block(
        name,
        layer,
        found.get("activation"),
        pooling if isinstance(pooling, nn.MaxPool2d) else None,
        "flattening" in found,
    )


def _place(name: str, module: nn.Module) -> str:
    """Which part of a block a module is; one that cannot be mirrored is refused."""
    if isinstance(module, nn.Conv2d):
        if module.padding_mode != "zeros" or isinstance(module.padding, str):
            raise UnsupportedError(
                f"module {name}: target propagation needs zero padding given in numbers, got "
                f"padding {module.padding!r} of mode {module.padding_mode!r}"
            )
        return "layer"
    if isinstance(module, nn.Linear):
        return "layer"
    if isinstance(module, nn.MaxPool2d):
        return "pooling"
    if isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) == (1, -1):
        return "flattening"
    if type(module) in KNOWN:
        return "activation"
    raise UnsupportedError(
        "target propagation builds its feedback from Linear, Conv2d, MaxPool2d, Flatten() and the activations "
        f"{', '.join(kind.__name__ for kind in KNOWN)}; module {name} is {type(module).__name__}"
    )
