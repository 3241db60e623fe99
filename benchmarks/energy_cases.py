"""A network in two codes, ours and a published one, with the same weights and images: for `energy_peers.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from eqspike.core.convolution import Convolution, Pooling
from eqspike.experiment import resolve
from eqspike.learners.losses import LOSSES
from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings
from eqspike.tasks import load_task

Batches = Callable[[int], tuple[Tensor, Tensor]]
"""Images and labels of the batch of a number."""


@dataclass
class Pair:
    """A parameter of the published code and ours, and how a tensor of theirs looks in our shape."""

    theirs: Tensor
    ours: Tensor
    seen: Callable[[Tensor], Tensor] = lambda tensor: tensor


@dataclass
class Case:
    """A network on both sides.

    Attributes:
        phases: steps of the published phases, as said and as (free, nudged).
        step: one training step by the published code.
        left: the largest change in the last free step, and in the last nudged ones as a share of the nudge, of
            each block by the published code.
    """

    stack: nn.Sequential
    batches: Batches
    loss: str
    phases: tuple[str, int, int]
    updates: str
    pairs: list[Pair]
    step: Callable[[], None]
    left: Callable[[], list[tuple[float, float]]]

    def blocks(self) -> list[EnergyBlock]:
        """From the lowest."""
        return [module for module in self.stack if isinstance(module, EnergyBlock)]

    def learn(self, number: int = 0) -> Tensor:
        """One step of ours: whether each answer was right before it."""
        images, labels = self.batches(number)
        self.stack.zero_grad()
        outputs = self.stack(images)
        LOSSES[self.loss](outputs, labels).backward()  # type: ignore[no-untyped-call]
        return outputs.detach().argmax(1) == labels

    def set(self, each: Sequence[dict[str, Any]]) -> None:
        """Change the settings of every block, given from the lowest."""
        for block, changes in zip(self.blocks(), each, strict=True):
            block.settings = replace(block.settings, **changes)

    def at_rest(self) -> bool:
        """Whether all phases of our last step came to rest."""
        return all(
            settled is not None and tolerance is not None and bool((settled.residuals <= tolerance).all())
            for block in self.blocks()
            for settled, tolerance in (
                (block.report.free, block.settings.tolerance),
                (block.report.nudged, block.settings.nudged_tolerance),
            )
        )  # fmt: skip

    def steps(self) -> str:
        """Of our last step, block by block."""
        reports = [block.report for block in self.blocks()]
        done = [f"{r.free.steps} + {r.nudged.steps}" for r in reports if r.free and r.nudged]
        asked = all(block.settings.tolerance is not None for block in self.blocks())
        return ", ".join(done) + (" (not at rest)" if asked and not self.at_rest() else "")

    def gradient(self, theirs: bool = False) -> Tensor:
        """Of all parameters that both have."""
        found = [p.seen(p.theirs.grad) if theirs else p.ours.grad for p in self.pairs]  # type: ignore[arg-type]
        return torch.cat([each.flatten().double() for each in found if each is not None])


def pairs_of(theirs: Sequence[Tensor], ours: Sequence[Tensor]) -> list[Pair]:
    """In their order."""
    return [Pair(a, b) for a, b in zip(theirs, ours, strict=True)]


def parameters(block: Any) -> list[Tensor]:
    """Of an energy block: weights, then biases, each from the lowest."""
    return [*block.weights.values(), *block.biases.values()]


def batches_of(task: str, size: int, reader: Callable[[Any], Any]) -> Batches:
    """Of a task's training samples in their order.

    Args:
        reader: makes maps of levels.
    """
    data = load_task(task).load("train")

    @lru_cache(maxsize=1)
    def batch(number: int) -> tuple[Tensor, Tensor]:
        part = slice(number * size, (number + 1) * size)
        images = torch.as_tensor(reader(data.inputs[part])).float()
        return images, torch.tensor(data.targets[part]).long()

    return batch


def from_library(model: str, task: str, **changes: Any) -> tuple[nn.Sequential, Batches, str]:
    """A model of the library, and batches of eight samples."""
    recipe: Any = resolve(model, task).model.subject
    recipe = replace(recipe, settings=replace(recipe.settings, **changes))
    return recipe.module(), batches_of(task, 8, recipe.images), recipe.loss


def small_network() -> tuple[nn.Sequential, Batches, str]:
    """32 and 64 channels, kernels of 5, and batches of a hundred images of MNIST."""
    how = Convolution(5, 0, Pooling("max", 2))
    settings = EnergySettings(algorithm="p-ep", beta=0.4, curvature=1.0)
    layers = [EnergyLayer(32, how), EnergyLayer(64, how), EnergyLayer(10)]
    batches = batches_of("mnist", 100, lambda levels: levels.reshape(-1, 1, 28, 28) / 255.0)
    stack = nn.Sequential(EnergyBlock((1, 28, 28), layers, settings))
    return stack, batches, "squared-error"
