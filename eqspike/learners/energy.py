"""Energy-based networks: `nn.EnergyBlock`, one or several in a stack, under the training loop.

    one block       a deep convolutional Hopfield network (or a dense one), trained by any row of `nn.algorithms`
    several blocks  ff-EBM: batch normalisation between blocks; a block's contrast hands its input's gradient down

Sources: Scellier, Ernoult, Kendall and Kumar, NeurIPS 2023, arXiv:2312.15103; Nest and Ernoult, arXiv:2409.03626,
2024 (blocks in a feedforward stack).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from eqspike.core.config import Section
from eqspike.core.convolution import Convolution, Pooling
from eqspike.core.rates import UPDATES
from eqspike.learners.gradient import GradientLearner
from eqspike.learners.images import ImageReader
from eqspike.learners.losses import LOSSES
from eqspike.learners.optimisers import OptimiserRecipe
from eqspike.learners.registry import Recipe
from eqspike.nn.algorithms import ALGORITHMS
from eqspike.nn.energy_block import EnergyBlock
from eqspike.nn.normalisation import BatchNorm
from eqspike.nn.settings import FORMS, EnergySettings
from eqspike.nn.structure import EnergyLayer

POOLINGS = ("none", "max", "average")
PRECISIONS: dict[str, torch.dtype | None] = {
    "parameters": None, "bfloat16": torch.bfloat16, "float64": torch.float64,
}  # fmt: skip


@dataclass(frozen=True)
class EnergyRecipe(Recipe):
    """Blocks and how they relax and learn.

    Attributes:
        images: what the first block sees.
        blocks: (size, kernel, pooling, activation, gain) of each layer, by block; kernel 0 where it is dense.
        settings: of every block; a loss other than the squared error nudges by a constant force.
        loss: key of `learners.losses.LOSSES`.
        rates: learning rate of each layer of a single block, or empty: the optimiser's for all.
    """

    images: ImageReader
    blocks: tuple[tuple[EnergyLayer, ...], ...]
    settings: EnergySettings
    loss: str
    optimiser: OptimiserRecipe
    rates: tuple[float, ...] = ()
    kind: ClassVar[str] = "energy-block"
    data_parallel: ClassVar[bool] = True

    @staticmethod
    def read(section: Section, training: Section) -> EnergyRecipe:
        """Read a model's `learner` section of kind `energy-block`."""
        images = ImageReader.read(section)
        blocks = tuple(
            tuple(_read_layer(layer) for layer in block.sections("layers"))
            for block in _closed(section.sections("blocks"))
        )
        loss = section.choice("loss", tuple(LOSSES), "squared-error")
        settings = _read_settings(section, 1.0 if loss == "squared-error" else 0.0)
        layers = len(blocks[0]) if len(blocks) == 1 else None
        rates: tuple[float, ...] = ()
        if training.has("learning_rates"):
            rates = training.numbers("learning_rates", length=layers, low=0, high=1e6)
            if layers is None:
                raise training.error(
                    "learning_rates", "given for a single block", "use learning_rate"
                )
        return EnergyRecipe(
            images, blocks, settings, loss, OptimiserRecipe.read(training, rates), rates
        )

    def open(self, seed: int, device: str, stages: int) -> GradientLearner:
        """A learner with its initial weights drawn from `seed`."""
        del stages
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            module = self.module()
        return GradientLearner(
            module, self._optimiser, LOSSES[self.loss], self.images, device=device
        )

    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """See `learners.registry.Recipe`."""
        last = self.blocks[-1][-1].size
        if last != outputs:
            return f"has {last} outputs, but the task has {outputs}; set the last layer's size to {outputs}"
        return self.images.misfit(input_shape)

    def weights(self) -> dict[str, int]:
        """See `learners.registry.Recipe`."""
        return {name: value.numel() for name, value in self.module().named_parameters()}

    def module(self) -> nn.Module:
        """The blocks, with a batch normalisation between each two."""
        shape: Sequence[int] = self.images.shape
        made: list[nn.Module] = []
        for number, layers in enumerate(self.blocks):
            block = EnergyBlock(shape, layers, self.settings)
            top = block.structure.layers[-1]
            shape = top.maps or (top.size,)
            made.append(block)
            if number < len(self.blocks) - 1:
                made.append(BatchNorm(shape[0]))
        return nn.Sequential(*made)

    def _optimiser(self, module: nn.Module) -> Any:
        if not self.rates:
            return self.optimiser.make(module.parameters())
        (block,) = (each for each in module if isinstance(each, EnergyBlock))  # type: ignore[attr-defined]
        groups = zip(block.layer_parameters(), self.rates, strict=True)
        return self.optimiser.make([{"params": those, "lr": rate} for those, rate in groups])


def _closed(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    for section in sections:
        section.has("layers")
        section.close()
    return sections


def _read_layer(section: Section) -> EnergyLayer:
    size = section.integer("size", low=1, high=1_000_000)
    kernel = section.integer("kernel", 0, low=0, high=1000)
    activation = section.text("activation", "hard-sigmoid")
    gain = section.number("gain", 0.5, low=0, high=100)
    pooling = section.choice("pooling", POOLINGS, "max" if kernel else "none")
    padding = section.integer("padding", kernel // 2, low=0, high=1000)
    section.close()
    if not kernel:
        return EnergyLayer(size, "dense", activation, gain)
    pool = Pooling(pooling, 1 if pooling == "none" else 2)
    return EnergyLayer(size, Convolution(kernel, padding, pool), activation, gain)


def _read_settings(section: Section, curvature: float) -> EnergySettings:
    return EnergySettings(
        algorithm=section.choice("algorithm", tuple(ALGORITHMS), "c-ep"),
        beta=section.number("beta", 0.25, above=0, high=100),
        form=section.choice("form", FORMS, "difference"),
        free_steps=section.integer("free_steps", 60, low=1, high=100_000),
        nudged_steps=section.integer("nudged_steps", 15, low=1, high=100_000),
        tolerance=section.number("tolerance", 1e-3, low=0, high=1),
        nudged_tolerance=section.number("nudged_tolerance", 1e-2, low=0, high=1),
        updates=section.choice("updates", UPDATES, "even-odd"),
        curvature=curvature,
        precision=PRECISIONS[section.choice("precision", tuple(PRECISIONS), "parameters")],
        warm_start=section.flag("warm_start", False),
    )
