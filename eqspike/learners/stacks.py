"""Energy blocks in a feedforward stack: what a description's `blocks` become.

    input -> [F_1] -> block 1 -> [N] -> [F_2] -> block 2 -> ... -> [read-out]

F_k stands where a block is `feedforward`: the coupling into its first layer is an ordinary convolution or matrix,
whose pooled and normalised output drives that layer and is outside of the dynamics (Nest and Ernoult, NeurIPS
2024, arXiv:2409.03306). Where it is not, that coupling is the block's own, its input clamped, and a batch
normalisation N stands between it and the block below.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from eqspike.core.config import Section
from eqspike.core.convolution import Convolution, Pooling
from eqspike.nn.activations import SQUASHES
from eqspike.nn.energy_block import EnergyBlock
from eqspike.nn.normalisation import BatchNorm
from eqspike.nn.settings import EnergySettings
from eqspike.nn.structure import By, EnergyLayer, Skip, Structure

POOLINGS = ("none", "max", "average")


@dataclass(frozen=True)
class BlockRecipe:
    """One block.

    Attributes:
        layers: and how each hangs on the one below, from the lowest.
        skips: couplings of layers that are no neighbours, counted from 0.
        feedforward: see above.
    """

    layers: tuple[EnergyLayer, ...]
    skips: tuple[Skip, ...] = ()
    feedforward: bool = False

    @staticmethod
    def read(section: Section) -> BlockRecipe:
        """Read one of `blocks`."""
        section.explain(
            layers="the layers of the block, input side first",
            skips="couplings of layers that are no neighbours",
            feedforward="whether the coupling into the first layer is an ordinary one, outside of the dynamics",
        )
        recipe = BlockRecipe(
            tuple(_read_layer(layer) for layer in section.sections("layers")),
            tuple(_read_skip(skip) for skip in section.sections("skips", ())),
            section.flag("feedforward", False),
        )
        if not recipe.layers:
            raise section.error("layers", "a list of at least one layer")
        section.close()
        return recipe


class Stack(nn.Sequential):
    """The modules of a stack, one after the other."""

    def layer_parameters(self) -> list[list[nn.Parameter]]:
        """Parameters by layer, from the lowest, the read-out last; a block's first layer has those of its feed."""
        groups: list[list[nn.Parameter]] = []
        waiting: list[nn.Parameter] = []
        for module in self:
            if isinstance(module, EnergyBlock):
                first, *others = module.layer_parameters()
                groups += [waiting + first, *others]
                waiting = []
            else:
                waiting += module.parameters()
        return [*groups, waiting] if waiting else groups


def make_stack(
    shape: Sequence[int], blocks: Sequence[BlockRecipe], settings: EnergySettings, read_out: int = 0
) -> Stack:
    """The stack with initial weights of torch's generator.

    Args:
        shape: of a sample.
        settings: of every block; `curvature` holds for outputs that the loss sees, so for the last block alone and
            where there is no read-out.
        read_out: outputs of a linear layer above the last block, outside of the dynamics; 0: none.

    Raises:
        ConfigError: for layers that do not fit.
        UnsupportedError: for activations and number formats that the algorithm cannot use.
    """
    made: list[nn.Module] = []
    constant = replace(settings, curvature=0.0)
    for number, recipe in enumerate(blocks):
        top = number == len(blocks) - 1 and not read_out
        layers = list(recipe.layers)
        if recipe.feedforward:
            feed, shape = _feed(shape, layers[0])
            made += feed
            layers[0] = replace(layers[0], size=0, by="identity")
        elif number:
            made.append(BatchNorm(shape[0]))
        block = EnergyBlock(shape, layers, settings if top else constant, recipe.skips)
        block.settings.refuse(block.structure, settings.precision or torch.get_default_dtype())
        last = block.structure.layers[-1]
        shape = last.maps or (last.size,)
        made.append(block)
    if read_out:
        made += [nn.Flatten(), nn.Linear(last.size, read_out)]
    return Stack(*made)


def _feed(shape: Sequence[int], layer: EnergyLayer) -> tuple[list[nn.Module], Sequence[int]]:
    """F of a block's first layer, and the shape of what it gives. Its bias is the normalisation's."""
    structure = Structure.of(shape, [layer])
    above, fan_in = structure.layers[0], structure.wires[0].wiring.fan_in
    made: list[nn.Module]
    if isinstance(layer.by, Convolution):
        how, pooling = layer.by, layer.by.pooling
        carrier: nn.Conv2d | nn.Linear = nn.Conv2d(
            shape[0], layer.size, how.kernel, padding=how.padding, bias=False
        )
        made = [carrier]
        if pooling.kind != "none":
            made.append((nn.MaxPool2d if pooling.kind == "max" else nn.AvgPool2d)(pooling.size))
    else:
        carrier = nn.Linear(structure.input.size, layer.size, bias=False)
        made = [nn.Flatten(), carrier]
    bound = layer.gain / math.sqrt(fan_in)
    nn.init.uniform_(carrier.weight, -bound, bound)
    shape = above.maps or (above.size,)
    return [*made, BatchNorm(shape[0])], shape


def _read_layer(section: Section) -> EnergyLayer:
    section.explain(
        size="neurons of a dense layer, or channels of a convolution",
        activation="of the layer's neurons, by its name in `eqspike.nn.activations`",
        gain="weights and biases start uniform in +-gain / sqrt(fan-in)",
    )
    size = section.integer("size", low=1, high=1_000_000)
    by = _read_coupling(section)
    activation = section.choice("activation", tuple(SQUASHES), "hard-sigmoid")
    gain = section.number("gain", 0.5, low=0, high=100)
    section.close()
    return EnergyLayer(size, by or "dense", activation, gain)


def _read_skip(section: Section) -> Skip:
    """A skip; without a kernel, `by: identity` (the default) or `dense`."""
    section.explain(
        lower="number of the layer that the skip starts at, counted from 0",
        upper="number of the layer that it ends at",
        by="how it couples them where it is no convolution",
        gain="weights start uniform in +-gain / sqrt(fan-in)",
    )
    lower, upper = (section.integer(key, low=0, high=1000) for key in ("lower", "upper"))
    by = _read_coupling(section) or section.choice("by", ("identity", "dense"), "identity")
    gain = section.number("gain", 0.5, low=0, high=100)
    section.close()
    return Skip(lower, upper, by, gain)


def _read_coupling(section: Section) -> By | None:
    """A convolution, or None where there is no `kernel`."""
    section.explain(
        kernel="rows and columns of the convolution; 0: there is none",
        pooling="of the convolved maps, in windows of 2 by 2",
        padding="rows and columns of zeros around each map",
    )
    kernel = section.integer("kernel", 0, low=0, high=1000)
    if not kernel:
        return None
    pooling = section.choice("pooling", POOLINGS, "max")
    padding = section.integer("padding", kernel // 2, low=0, high=1000)
    return Convolution(kernel, padding, Pooling(pooling, 1 if pooling == "none" else 2))
